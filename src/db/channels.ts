import { sql } from 'kysely';
import type { Database } from './database.js';

/**
 * Channel on which triggers announce, on commit, that a transaction changed what public lists and
 * posts show. The payload is a unique name of the new state.
 */
export const ARTICLE_CHANGES = 'article_changes';

/**
 * Channel on which triggers announce, on commit, that a transaction ended sessions, tokens or API
 * keys, or changed what their users may do. The payload is a unique name of the new state.
 */
export const CREDENTIAL_CHANGES = 'credential_changes';

/** Channel on which processes say that there are new events. The payload is empty. */
export const NEW_EVENTS = 'new_events';

/**
 * Channel on which processes say that others look at topics now, or no longer. The payload is a name
 * of the process, a space, and the topics, separated by commas.
 */
export const PRESENCE_CHANGES = 'presence_changes';

/** Sends a notification on a channel when the transaction commits. */
export async function notify(db: Database, channel: string, payload: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(db);
}
