import { sql } from 'kysely';
import type { Database } from '../db/database.js';

/** Where a slug is one of its kind. */
export type SlugTable = 'post_slugs' | 'categories' | 'tags';

/** How many digits a number behind a slug may have. */
const MAX_DIGITS = 6;

/** What a number behind a slug may need of its length. */
export const SLUG_SUFFIX_LENGTH = MAX_DIGITS + 1;

/**
 * The slug itself if it is free, else the slug with the next number behind it. Somebody else may take
 * it in the meantime: then the unique index says so.
 */
export async function nextSlug(db: Database, table: SlugTable, slug: string): Promise<string> {
  // The full stop is what follows the hyphen in ASCII, so that the index is enough.
  const { rows } = await sql<{ is_taken: boolean; last: number }>`
    select coalesce(bool_or(slug collate "C" = ${slug}), false) as is_taken,
           coalesce(max(substring(slug from ${`^.{${slug.length}}-([0-9]{1,${MAX_DIGITS}})$`})::integer), 1) as last
    from ${sql.table(table)}
    where slug collate "C" = ${slug}
       or (slug collate "C" > ${`${slug}-`} and slug collate "C" < ${`${slug}.`})
  `.execute(db);
  const [found] = rows;
  return found?.is_taken ? `${slug}-${found.last + 1}` : slug;
}
