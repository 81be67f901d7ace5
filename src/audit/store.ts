import { type ExpressionBuilder, type Insertable, sql } from 'kysely';
import type { AuditEntry } from '#schemas/audit.js';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { cut, type Slice } from '#src/lists/slices.js';

/** An audit entry to insert. */
export type NewAuditEntry = Required<Insertable<Schema['audit_log']>>;

/** Selects audit entries; `since` is inclusive, `until` exclusive. */
export interface AuditFilter {
  actor_id?: number | undefined;
  action?: AuditEntry['action'] | undefined;
  resource?: string | undefined;
  resource_id?: string | undefined;
  request_id?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
}

/** Inserts audit entries, of which there must be at least one. */
export async function insertAuditEntries(
  db: Database,
  entries: readonly NewAuditEntry[],
): Promise<void> {
  const rows = entries.map((entry) => ({
    ...entry,
    before: toJson(entry.before),
    after: toJson(entry.after),
  }));
  await db.insertInto('audit_log').values(rows).execute();
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
    .select([
      'audit_log.id',
      'audit_log.at',
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
    ])
    .where(matches(filter));
  const rows = await cut(query, slice, sql.ref('audit_log.id')).execute();
  return rows.map(({ actor_id, username, ...entry }) => ({
    ...entry,
    actor: actor_id === null ? null : { id: actor_id, username },
  }));
}

/** Counts the entries that match the filter. */
export async function countAuditEntries(db: Database, filter: AuditFilter): Promise<number> {
  const { count } = await db
    .selectFrom('audit_log')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(matches(filter))
    .executeTakeFirstOrThrow();
  return count;
}

const EXACT = ['actor_id', 'action', 'resource', 'resource_id', 'request_id'] as const;

function matches({ since, until, ...filter }: AuditFilter) {
  return (eb: ExpressionBuilder<Pick<Schema, 'audit_log'>, 'audit_log'>) => {
    const conditions = EXACT.flatMap((name) =>
      filter[name] === undefined ? [] : [eb(`audit_log.${name}`, '=', filter[name])],
    );
    if (since !== undefined) conditions.push(eb('audit_log.at', '>=', since.toISOString()));
    if (until !== undefined) conditions.push(eb('audit_log.at', '<', until.toISOString()));
    return eb.and(conditions);
  };
}

function toJson(value: Record<string, unknown> | null | undefined) {
  return value == null ? null : sql<Record<string, unknown>>`${JSON.stringify(value)}::jsonb`;
}
