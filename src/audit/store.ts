import {
  type Expression,
  type ExpressionBuilder,
  type Selectable,
  type SqlBool,
  sql,
} from 'kysely';
import type { AuditEntry } from '#schemas/audit.js';
import type { Database } from '#src/db/database.js';
import { insertJsonRows } from '#src/db/json-rows.js';
import { statement } from '#src/db/statement.js';
import { UNAWAITED } from '#src/db/statement-policy.js';
import type { Schema } from '#src/db/tables.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';
import { REPEAT_WINDOW_SECONDS } from './repeats-store.js';

const COLUMNS = [
  'at',
  'actor_id',
  'credential',
  'action',
  'resource',
  'resource_id',
  'address',
  'request_id',
  'before',
  'after',
] as const;

/** An audit entry to insert. */
export type NewAuditEntry = Pick<Selectable<Schema['audit_log']>, (typeof COLUMNS)[number]>;

/**
 * Selects audit entries. A repeated action matches if it was performed last at or after `since`,
 * and first before `until`.
 */
export interface AuditFilter {
  actor_id?: number | undefined;
  action?: AuditEntry['action'] | undefined;
  resource?: string | undefined;
  resource_id?: string | undefined;
  request_id?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
}

type EntryValues = Record<(typeof COLUMNS)[number], string | number | null>;

/** Most changes write one entry. */
const insertOne = statement((_db, entry: EntryValues, { hasId }: { hasId: boolean }) => {
  const values = sql.join(COLUMNS.map((column) => sql`${entry[column]}`));
  return sql<{ id: number }>`
    insert into audit_log (${sql.join(COLUMNS.map((column) => sql.ref(column)))})
    values (${values}) ${hasId ? sql`returning id` : UNAWAITED}`;
});

const insertAll = statement(
  (_db, { rows }: { rows: string }, _shape: Record<string, never>) =>
    sql`${insertJsonRows('audit_log', COLUMNS, rows)} ${UNAWAITED}`,
);

/** Inserts audit entries. In a transaction, they are sent with its next statement. */
export async function insertAuditEntries(
  db: Database,
  entries: readonly NewAuditEntry[],
): Promise<void> {
  const [first, ...others] = entries;
  if (first === undefined) return;
  if (others.length === 0) await insertOne.run(db, valuesOf(first), { hasId: false });
  else await insertAll.run(db, { rows: JSON.stringify(entries) }, {});
}

/** Inserts an audit entry. Returns its id. */
export async function insertAuditEntry(db: Database, entry: NewAuditEntry): Promise<number> {
  const [inserted] = await insertOne.run(db, valuesOf(entry), { hasId: true });
  if (inserted === undefined) throw new Error('The audit log did not take an entry');
  return inserted.id;
}

function valuesOf({ before, after, ...entry }: NewAuditEntry): EntryValues {
  return { ...entry, before: toJson(before), after: toJson(after) };
}

function toJson(value: Record<string, unknown> | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/**
 * Returns a slice of the entries that match the filter, with the current usernames of their actors.
 */
export async function listAuditEntries(
  db: Database,
  filter: AuditFilter,
  slice: Slice<'id'>,
): Promise<AuditEntry[]> {
  const query = db
    .selectFrom('audit_log')
    .leftJoin('users', 'users.id', 'audit_log.actor_id')
    .leftJoin('audit_repeats', 'audit_repeats.entry_id', 'audit_log.id')
    .select([
      'audit_log.id',
      'audit_log.at',
      lastAt.as('last_at'),
      sql<number>`coalesce(audit_repeats.count, 1)`.as('count'),
      'audit_log.actor_id',
      'users.username',
      'audit_log.credential',
      'audit_log.action',
      'audit_log.resource',
      'audit_log.resource_id',
      'audit_log.address',
      'audit_log.request_id',
      'audit_log.before',
      'audit_log.after',
      'audit_log.erased_at',
    ])
    .where(matches(filter));
  const rows = await cut(query, slice, sql.ref('audit_log.id')).execute();
  return rows.map(({ actor_id, username, ...entry }) => ({
    ...entry,
    actor: actor_id === null ? null : { id: actor_id, username },
  }));
}

/** Counts the entries that match the filter, like `countRows`. */
export function countAuditEntries(db: Database, filter: AuditFilter): Promise<number> {
  const found = db.selectFrom('audit_log').select('audit_log.id').where(matches(filter));
  const isPeriod = filter.since !== undefined || filter.until !== undefined;
  return countRows(db, found.orderBy(isPeriod ? 'audit_log.at' : 'audit_log.id'));
}

const EXACT = ['actor_id', 'action', 'resource', 'resource_id', 'request_id'] as const;

/** When the action of an entry was performed last. */
const lastAt = sql<string>`coalesce(audit_repeats.last_at, audit_log.at)`;

function matches({ since, until, ...filter }: AuditFilter) {
  return (eb: ExpressionBuilder<Pick<Schema, 'audit_log'>, 'audit_log'>) => {
    const conditions: Expression<SqlBool>[] = EXACT.flatMap((name) =>
      filter[name] === undefined ? [] : [eb(`audit_log.${name}`, '=', filter[name])],
    );
    if (since !== undefined) {
      const from = sql`${since.toISOString()}::timestamptz`;
      conditions.push(sql<boolean>`(audit_log.at >= ${from} or exists (
        select from audit_repeats
        where audit_repeats.entry_id = audit_log.id and audit_repeats.last_at >= ${from}))`);
      // Implied, but only this condition can use an index.
      const window = sql.lit(REPEAT_WINDOW_SECONDS);
      conditions.push(sql<boolean>`audit_log.at >= ${from} - make_interval(secs => ${window})`);
    }
    if (until !== undefined) conditions.push(eb('audit_log.at', '<', until.toISOString()));
    return eb.and(conditions);
  };
}
