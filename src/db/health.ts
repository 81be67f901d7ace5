import { sql } from 'kysely';
import type { Database } from './database.js';

/** Resolves if the database responds; rejects with the driver's error otherwise. */
export async function pingDatabase(db: Database): Promise<void> {
  await sql`select 1`.execute(db);
}
