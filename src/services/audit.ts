import type { AuditAction, AuditEntry, AuditListQuery } from '../../schemas/audit.js';
import type { Page } from '../../schemas/pages.js';
import type { Database } from '../db/database.js';
import { toMoment } from '../lib/moments.js';
import * as store from '../stores/audit.js';
import { readPage } from './pages.js';
import type { Origin } from './viewer.js';

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

/** @throws InvalidRequest if the cursor is not one of ours */
export function listAuditEntries(
  db: Database,
  { page, size, cursor, sort, since, until, ...exact }: AuditListQuery,
): Promise<Page<AuditEntry>> {
  const filter = {
    ...exact,
    since: since === undefined ? undefined : toMoment(since),
    until: until === undefined ? undefined : toMoment(until),
  };
  return readPage(
    { page, size, cursor, sort },
    {
      list: (slice) => store.listAuditEntries(db, filter, slice),
      count: () => store.countAuditEntries(db, filter),
      sortKey: ({ id }) => id,
      isSortKey: (key) => typeof key === 'number',
    },
  );
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
