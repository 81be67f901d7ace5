import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** Whether the user is the author of at least `count` posts or comments, including deleted ones. */
export async function hasWritten(
  db: Database,
  table: 'posts' | 'comments',
  authorId: number,
  count: number,
): Promise<boolean> {
  const { rows } = await sql`
    select from ${sql.table(table)} where author_id = ${authorId} offset ${count - 1} limit 1
  `.execute(db);
  return rows.length > 0;
}
