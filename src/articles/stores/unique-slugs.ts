import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** Where a slug is one of its kind. */
type SlugTable = 'post_slugs' | 'categories' | 'tags';

/** How many digits a number behind a slug may have. */
const MAX_DIGITS = 6;

/** What a number behind a slug may need of its length. */
export const SLUG_SUFFIX_LENGTH = MAX_DIGITS + 1;

/** How often somebody else may be faster before it is called a fault. */
const MAX_ATTEMPTS = 50;

/**
 * Tries again for as long as somebody else is faster to take the slug that was free.
 *
 * @param attempt gives null if the slug was taken
 */
export async function claimUniqueSlug<T>(attempt: () => Promise<T | null>): Promise<T> {
  for (let count = 0; count < MAX_ATTEMPTS; count += 1) {
    const result = await attempt();
    if (result !== null) return result;
  }
  throw new Error('No slug was to be had: others were always faster');
}

/**
 * The slug itself if it is free, else the slug with the smallest number behind it that is, so that
 * nobody can use up the numbers. Somebody else may take it in the meantime: then the unique index
 * says so.
 */
export async function nextSlug(db: Database, table: SlugTable, slug: string): Promise<string> {
  const number = sql`substring(slug from ${`^.{${slug.length}}-([1-9][0-9]{0,${MAX_DIGITS - 1}})$`})`;
  // The full stop is what follows the hyphen in ASCII, so that the index is enough.
  const { rows } = await sql<{ is_taken: boolean; next: number }>`
    with numbered as (
      select ${number}::integer as n from ${sql.table(table)}
      where slug collate "C" > ${`${slug}-`} and slug collate "C" < ${`${slug}.`}
    )
    select
      exists (select from ${sql.table(table)} where slug collate "C" = ${slug}) as is_taken,
      (select min(before.n) + 1 from (select 1 as n union all select n from numbered) before
       where not exists (select from numbered where numbered.n = before.n + 1)) as next
  `.execute(db);
  const [found] = rows;
  return found?.is_taken ? `${slug}-${found.next}` : slug;
}
