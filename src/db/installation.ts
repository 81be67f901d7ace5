import { sql } from 'kysely';
import type { Database } from './database.js';

/**
 * Returns the timestamp at which the database was created, which tells it from any other one. It
 * stays the same when the database is restored from a dump or moves to another host.
 */
export async function installationTime(db: Database): Promise<string> {
  const { rows } = await sql<{ at: string }>`
    select min(applied_at) as at from migrations
  `.execute(db);
  return (rows as [{ at: string }])[0].at;
}
