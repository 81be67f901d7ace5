import type { Database } from '../db/database.js';
import * as store from '../stores/audit.js';
import type { Origin } from './viewer.js';

/** Everything that the audit log speaks of. */
export const AUDIT_ACTIONS = [
  'user.create',
  'user.change',
  'user.delete',
  'user.role',
  'account.register',
  'account.verify',
  'account.change',
  'account.email',
  'account.password',
  'account.reset_password',
  'account.delete',
  'account.sign_in_refused',
  'session.begin',
  'session.end',
  'session.end_others',
  'token.reuse',
  'api_key.create',
  'api_key.delete',
  'job.retry',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export interface AuditRecord {
  action: AuditAction;
  /** The number of what it was done to; of many at once there is none. */
  id: number | null;
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  /** Who did it, where that is not yet the viewer of the request: whoever is just signing in. */
  actorId?: number;
}

/** What the part of an action before the dot was done to, where that is called otherwise. */
const RESOURCES: Record<string, string> = { account: 'user', token: 'session' };

/** Fields that never enter the log, and those that the log knows by itself. */
const LEFT_OUT = new Set(['password', 'password_hash', 'token', 'key', 'version', 'updated_at']);

/**
 * Writes down who did what. To be called in the transaction of the change itself, so that there is
 * never one without the other. Secrets are left out, whoever hands them in.
 */
export async function record(db: Database, origin: Origin, entry: AuditRecord): Promise<void> {
  const { viewer, address, requestId, now } = origin;
  const [subject = ''] = entry.action.split('.', 1);
  await store.insertAuditEntry(db, {
    at: now.toISOString(),
    actor_id: viewer?.id ?? entry.actorId ?? null,
    credential: viewer?.credential.kind ?? null,
    action: entry.action,
    resource: RESOURCES[subject] ?? subject,
    resource_id: entry.id === null ? null : String(entry.id),
    address,
    request_id: requestId,
    before: withoutSecrets(entry.before),
    after: withoutSecrets(entry.after),
  });
}

/** The fields in which two states of a thing differ, as they were and as they are. */
export function difference<T extends object>(
  before: T,
  after: T,
): { before: Record<string, unknown>; after: Record<string, unknown> } {
  const changed = (Object.keys(after) as (keyof T & string)[]).filter(
    (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  const pick = (state: T) => Object.fromEntries(changed.map((field) => [field, state[field]]));
  return { before: pick(before), after: pick(after) };
}

function withoutSecrets(
  fields: Record<string, unknown> | undefined,
): Record<string, unknown> | null {
  if (fields === undefined) return null;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !LEFT_OUT.has(name)));
}
