import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/**
 * Removes the oldest entries before this timestamp, at most `limit`. Must be called in a
 * transaction, which asks the database to allow it.
 *
 * @returns the number of removed entries
 */
export async function removeEntries(trx: Database, before: Date, limit: number): Promise<number> {
  const until = before.toISOString();
  await sql`select set_config('althing.audit_remove_before', ${until}, true)`.execute(trx);
  const { rows } = await sql<{ removed: number }>`
    with old as (
      select id from audit_log where at < ${until} order by at, id limit ${limit}
    ),
    repeats as (delete from audit_repeats where entry_id in (select id from old)),
    gone as (delete from audit_log where id in (select id from old) returning id)
    select count(*) as removed from gone
  `.execute(trx);
  await sql`select set_config('althing.audit_remove_before', '', true)`.execute(trx);
  return rows[0]?.removed ?? 0;
}
