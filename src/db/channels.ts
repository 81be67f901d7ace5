import { sql } from 'kysely';
import type { Database } from './database.js';

/**
 * Where triggers say, as a transaction commits, that it changed what public lists and posts show.
 * What they say is a name of that state which no other has.
 */
export const ARTICLE_CHANGES = 'article_changes';

/** Says something on a channel to all who listen to it, when the transaction commits. */
export async function notify(db: Database, channel: string, payload: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(db);
}
