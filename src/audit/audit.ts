import { createHash } from 'node:crypto';
import {
  type AuditAction,
  type AuditEntry,
  type AuditListQuery,
  MAX_VALUE_BYTES,
} from '#schemas/audit.js';
import type { Page } from '#schemas/paging.js';
import type { Context } from '#src/access/context.js';
import { toTimestamp } from '#src/lib/timestamps.js';
import { withinPageBytes } from '#src/lists/page-bytes.js';
import { readPage } from '#src/lists/paging.js';
import * as store from './store.js';

export interface AuditRecord {
  action: AuditAction;
  /** Id of the affected resource; null if several are affected. */
  id: number | null;
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  /** Id of the actor if the request has no viewer, as during login. */
  actorId?: number;
}

/** Resource types of actions whose prefix is not the resource type. */
const RESOURCES: Record<string, string> = { account: 'user', token: 'session' };

/** Fields that are never logged: secrets, and those that every change changes. */
const OMITTED_FIELDS = new Set([
  'password',
  'password_hash',
  'token',
  'key_hash',
  'version',
  'updated_at',
]);

/** Fields that are never replaced by a hash: each name in them is at most once there. */
const WHOLE_FIELDS = new Set(['scopes']);

/**
 * Writes audit entries with a single statement. Must be called in the transaction of the change
 * itself, so that neither exists without the other. Secrets are removed from `before` and `after`,
 * and values of more than `MAX_VALUE_BYTES`, other than scopes, are replaced by `<field>_sha256`: the
 * log is kept for a year, so one request must not add more than a few kilobytes to it.
 */
export async function record(context: Recorder, ...entries: AuditRecord[]): Promise<void> {
  await store.insertAuditEntries(
    context.db,
    entries.map((entry) => entryOf(context, entry)),
  );
}

/** Same as `record` for one entry, whose id it returns. */
export function recordOne(context: Recorder, entry: AuditRecord): Promise<number> {
  return store.insertAuditEntry(context.db, entryOf(context, entry));
}

type Recorder = Pick<Context, 'db' | 'viewer' | 'address' | 'requestId' | 'now'>;

function entryOf(
  { viewer, address, requestId, now }: Recorder,
  { action, id, before, after, actorId }: AuditRecord,
): store.NewAuditEntry {
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
    before: recordable(before),
    after: recordable(after),
  };
}

/** Records the fields in which two states of a resource differ; nothing if they are equal. */
export async function recordDifference<T extends object>(
  context: Context,
  entry: Pick<AuditRecord, 'action' | 'id'>,
  states: { before: T; after: T },
): Promise<void> {
  const { before, after } = states;
  const changed = (Object.keys(after) as (keyof T & string)[]).filter(
    (field) =>
      !OMITTED_FIELDS.has(field) && JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  if (changed.length === 0) return;
  const pick = (state: T) => Object.fromEntries(changed.map((field) => [field, state[field]]));
  await record(context, { ...entry, before: pick(before), after: pick(after) });
}

/** @throws InvalidRequest if the cursor is invalid */
export async function listAuditEntries(
  context: Context,
  { page, size, cursor, sort, since, until, ...exact }: AuditListQuery,
): Promise<Page<AuditEntry>> {
  const filter = {
    ...exact,
    since: since === undefined ? undefined : toTimestamp(since),
    until: until === undefined ? undefined : toTimestamp(until),
  };
  const entries = await readPage(
    { page, size, cursor, sort },
    {
      list: (slice) => store.listAuditEntries(context.db, filter, slice),
      count: () => store.countAuditEntries(context.db, filter),
      sortKey: ({ id }) => id,
    },
  );
  return withinPageBytes(entries, { before: null, after: null });
}

/** Returns the SHA-256 of a text in hexadecimal, which the log keeps instead of long texts. */
export function hashOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function recordable(fields: Record<string, unknown> | undefined): Record<string, unknown> | null {
  if (fields === undefined) return null;
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => !OMITTED_FIELDS.has(name))
      .map(([name, value]) => {
        const json = JSON.stringify(value) ?? '';
        const isKept = WHOLE_FIELDS.has(name) || Buffer.byteLength(json) <= MAX_VALUE_BYTES;
        if (isKept) return [name, value];
        return [`${name}_sha256`, hashOfText(typeof value === 'string' ? value : json)];
      }),
  );
}
