import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** Whether any post (including the trash), category or tag exists. */
export async function hasArticles(db: Database): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from posts) or exists (select from categories)
      or exists (select from tags) as found
  `.execute(db);
  return rows[0]?.found === true;
}
