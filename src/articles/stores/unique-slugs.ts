import { type RawBuilder, sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** SQL subquery that returns the taken slugs in a column `slug`, which has an index. */
export type TakenSlugs = RawBuilder<unknown>;

/** Maximum number of digits of a slug's suffix. */
const MAX_DIGITS = 6;

/** Maximum length of a slug's suffix. */
export const SLUG_SUFFIX_LENGTH = MAX_DIGITS + 1;

/** Number of attempts before giving up. */
const MAX_ATTEMPTS = 50;

/**
 * Retries while concurrent transactions take the slug first.
 *
 * @param attempt returns null if the slug was taken
 * @throws Error after 50 failed attempts
 */
export async function claimUniqueSlug<T>(attempt: () => Promise<T | null>): Promise<T> {
  for (let count = 0; count < MAX_ATTEMPTS; count += 1) {
    const result = await attempt();
    if (result !== null) return result;
  }
  throw new Error('No unique slug found: concurrent requests took every candidate');
}

/** Whether the slug is among the taken ones. */
export async function isSlugTaken(db: Database, taken: TakenSlugs, slug: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from (${taken}) as taken where taken.slug collate "C" = ${slug} limit 1
  `.execute(db);
  return rows.length > 0;
}

/**
 * Returns the slug if it is free, otherwise with the smallest free number appended, so the numbers
 * cannot be exhausted. A concurrent transaction may still take it.
 */
export async function nextSlug(db: Database, taken: TakenSlugs, slug: string): Promise<string> {
  const number = sql`substring(slug from ${`^.{${slug.length}}-([1-9][0-9]{0,${MAX_DIGITS - 1}})$`})`;
  // In ASCII, the full stop follows the hyphen, so an index range is sufficient.
  const { rows } = await sql<{ is_taken: boolean; next: number }>`
    with numbered as (
      select ${number}::integer as n from (${taken}) as taken
      where slug collate "C" > ${`${slug}-`} and slug collate "C" < ${`${slug}.`}
    )
    select
      exists (select from (${taken}) as taken where slug collate "C" = ${slug}) as is_taken,
      (select min(before.n) + 1 from (select 1 as n union all select n from numbered) before
       where not exists (select from numbered where numbered.n = before.n + 1)) as next
  `.execute(db);
  const [found] = rows;
  return found?.is_taken ? `${slug}-${found.next}` : slug;
}
