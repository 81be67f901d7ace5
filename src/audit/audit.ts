import { createHash } from 'node:crypto';
import type { AuditAction, AuditEntry, AuditListQuery } from '#schemas/audit.js';
import type { Page } from '#schemas/paging.js';
import type { Context } from '#src/access/context.js';
import { toTimestamp } from '#src/lib/timestamps.js';
import { readPage } from '#src/lists/paging.js';
import * as store from './store.js';

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
 * Writes down who did what, in one statement. To be called in the transaction of the change itself,
 * so that there is never one without the other. Secrets are left out, whoever hands them in.
 */
export async function record(
  context: Pick<Context, 'db' | 'viewer' | 'address' | 'requestId' | 'now'>,
  ...entries: AuditRecord[]
): Promise<void> {
  const { viewer, address, requestId, now } = context;
  const rows = entries.map(({ action, id, before, after, actorId }) => {
    const [subject = ''] = action.split('.', 1);
    return {
      at: now.toISOString(),
      actor_id: viewer?.id ?? actorId ?? null,
      credential: viewer?.credential.kind ?? null,
      action,
      resource: RESOURCES[subject] ?? subject,
      resource_id: id === null ? null : String(id),
      address,
      request_id: requestId,
      before: withoutSecrets(before),
      after: withoutSecrets(after),
    };
  });
  await store.insertAuditEntries(context.db, rows);
}

/** Writes down in what two states of a thing differ, as it was and as it is; nothing if they do not. */
export async function recordDifference<T extends object>(
  context: Context,
  entry: Pick<AuditRecord, 'action' | 'id'>,
  states: { before: T; after: T },
): Promise<void> {
  const { before, after } = states;
  const changed = (Object.keys(after) as (keyof T & string)[]).filter(
    (field) =>
      !LEFT_OUT.has(field) && JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  if (changed.length === 0) return;
  const pick = (state: T) => Object.fromEntries(changed.map((field) => [field, state[field]]));
  await record(context, { ...entry, before: pick(before), after: pick(after) });
}

/** @throws InvalidRequest if the cursor is not one of ours */
export function listAuditEntries(
  context: Context,
  { page, size, cursor, sort, since, until, ...exact }: AuditListQuery,
): Promise<Page<AuditEntry>> {
  const filter = {
    ...exact,
    since: since === undefined ? undefined : toTimestamp(since),
    until: until === undefined ? undefined : toTimestamp(until),
  };
  return readPage(
    { page, size, cursor, sort },
    {
      list: (slice) => store.listAuditEntries(context.db, filter, slice),
      count: () => store.countAuditEntries(context.db, filter),
      sortKey: ({ id }) => id,
    },
  );
}

/** What the log keeps of a long text: that by which it can be recognised. SHA-256, in hexadecimal. */
export function hashOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function withoutSecrets(
  fields: Record<string, unknown> | undefined,
): Record<string, unknown> | null {
  if (fields === undefined) return null;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !LEFT_OUT.has(name)));
}
