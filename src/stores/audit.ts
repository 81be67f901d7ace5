import { sql } from 'kysely';
import type { Database } from '../db/database.js';

/** One entry of the audit log, as it is written. */
export interface NewAuditEntry {
  at: string;
  actor_id: number | null;
  credential: 'session' | 'token' | 'key' | null;
  action: string;
  resource: string;
  resource_id: string | null;
  address: string | null;
  request_id: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

export async function insertAuditEntry(db: Database, entry: NewAuditEntry): Promise<void> {
  await db
    .insertInto('audit_log')
    .values({ ...entry, before: toJson(entry.before), after: toJson(entry.after) })
    .execute();
}

function toJson(value: Record<string, unknown> | null) {
  return value === null ? null : sql<Record<string, unknown>>`${JSON.stringify(value)}::jsonb`;
}
