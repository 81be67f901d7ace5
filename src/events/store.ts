import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { EventResource } from '#schemas/events.js';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import { insertJsonRows } from '#src/db/json-rows.js';
import { lookup, statement } from '#src/db/statement.js';
import { UNAWAITED } from '#src/db/statement-policy.js';
import type { Schema } from '#src/db/tables.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';
import { ALL_AUTHOR_FIELDS, type People } from './fields.js';

const COLUMNS = [
  'at',
  'type',
  'topics',
  'resource_id',
  'version',
  'is_public',
  'user_id',
  'actor_id',
  'client_id',
  'changes',
  'omitted',
  'project_id',
  'former',
] as const;

type EventValues = Record<(typeof COLUMNS)[number], unknown>;

const insertAll = statement(
  (_db, { rows }: { rows: string }, _shape: Record<string, never>) =>
    sql`${insertJsonRows('events', COLUMNS, rows)} ${UNAWAITED}`,
);

/** Inserts events, in their order. In a transaction, they are sent with its next statement. */
export async function insertEvents(db: Database, events: readonly EventValues[]): Promise<void> {
  if (events.length > 0) await insertAll.run(db, { rows: JSON.stringify(events) }, {});
}

/**
 * Deletes the events that concern only this user, such as notifications. Other events of projects
 * concern their members.
 */
export async function deleteEventsOf(trx: Database, userId: number): Promise<void> {
  await trx
    .deleteFrom('events')
    .where('user_id', '=', userId)
    .where('is_public', '=', false)
    .where(sql<boolean>`(project_id is null or split_part(type, '.', 1) = 'notification')`)
    .execute();
}

/** Deletes events of a project, at most `most`. Returns their number. */
export async function deleteEventsOfProject(
  trx: Database,
  projectId: number,
  most: number,
): Promise<number> {
  const some = trx
    .selectFrom('events')
    .select('id')
    .where('project_id', '=', projectId)
    .limit(sql.lit(most));
  const { numDeletedRows } = await trx
    .deleteFrom('events')
    .where('id', 'in', some)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/**
 * SQL for the users that an event names, by their ids: its actor, and those in these columns. The
 * event is a row named `found`.
 */
export function peopleIn(...columns: ('changes' | 'former')[]): RawBuilder<People> {
  const values = columns.flatMap((column) =>
    ALL_AUTHOR_FIELDS.map((name) => {
      const value = sql`${sql.ref(`found.${column}`)} -> ${sql.lit(name)}`;
      // A field of this name may be something else in another resource.
      return sql`case when jsonb_typeof(${value}) = 'number' then (${value})::integer end`;
    }),
  );
  const ids = sql.join([sql.ref('found.actor_id'), ...values].map((id) => sql`(${id})`));
  return sql`(
    select coalesce(jsonb_object_agg(id, author) filter (where author is not null), '{}')
    from (select id, ${authorIn('named.id')} as author from (values ${ids}) named (id)) people)`;
}

/** An event of the history of a resource. */
export type HistoryRow = Pick<
  Selectable<Schema['events']>,
  'id' | 'at' | 'type' | 'version' | 'actor_id' | 'changes' | 'former' | 'omitted'
> & { people: People };

/** A resource of a project. */
export interface ProjectResource {
  projectId: number;
  resource: EventResource;
  resourceId: number;
}

/** Returns a slice of the events of a resource in its project. */
export function listHistory(
  db: Database,
  of: ProjectResource,
  slice: Slice<'id'>,
): Promise<HistoryRow[]> {
  const query = db
    .selectFrom('events as found')
    .select(['id', 'at', 'type', 'version', 'actor_id', 'changes', 'former', 'omitted'])
    .select(peopleIn('changes', 'former').as('people'))
    .where(isOf(of));
  return cut(query, slice, sql.ref('found.id')).execute();
}

/** Counts the events of a resource in its project, like `countRows`. */
export function countHistory(db: Database, of: ProjectResource): Promise<number> {
  const query = db.selectFrom('events as found').select('id').where(isOf(of)).orderBy('id');
  return countRows(db, query);
}

/** Removes the values from all events of a resource of a project. */
export async function eraseEventsOf(trx: Database, of: ProjectResource): Promise<void> {
  await sql`
    update events found set changes = '{}', former = null,
      omitted = array(select jsonb_object_keys(changes)) || omitted
    where ${isOf(of)}`.execute(trx);
}

/** As in the index. */
function isOf({ projectId, resource, resourceId }: ProjectResource) {
  return sql<boolean>`found.project_id = ${projectId} and found.resource_id = ${resourceId}
    and split_part(found.type, '.', 1) = ${resource}`;
}

const settled = lookup((_db, _none: Record<string, never>) => {
  return sql<{ id: number }>`select settled_event() as id`;
});

/** Returns the id up to which no further event can appear. */
export async function findSettledEvent(db: Database): Promise<number> {
  const [row] = await settled(db, {});
  return row?.id ?? 0;
}
