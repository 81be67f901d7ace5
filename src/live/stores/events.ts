import { type Selectable, sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import { statement } from '#src/db/statement.js';
import { UNNAMED } from '#src/db/statement-policy.js';
import type { Schema } from '#src/db/tables.js';
import type { People } from '#src/events/fields.js';
import { peopleIn } from '#src/events/store.js';

/** A stored event, with the users that it names. */
export type EventRow = Omit<Selectable<Schema['events']>, 'former'> & { people: People };

const SHOWN = sql.join([
  ...[
    'id',
    'at',
    'type',
    'topics',
    'resource_id',
    'project_id',
    'version',
    'is_public',
    'user_id',
    'actor_id',
    'client_id',
    'changes',
    'omitted',
  ].map((column) => sql.ref(`found.${column}`)),
  peopleIn('changes').as('people'),
]);

const settledEvents = statement(
  (
    _db,
    { after, most }: { after: number; most: number },
    _shape: Record<string, never>,
  ) => sql<EventRow>`
    select ${SHOWN}
    from events_after(${after}::bigint, ${most}::integer) found order by found.id`,
);

/**
 * Returns events after `after`, oldest first, at most `most`. No event below the last of them can
 * still appear. Must not be called in a transaction, whose snapshot may be older.
 */
export function listSettledEvents(db: Database, after: number, most: number): Promise<EventRow[]> {
  return settledEvents.run(db, { after, most }, {});
}

/**
 * Returns events of these topics after `after` up to `upTo`, which must be settled; oldest first, at
 * most `most`.
 */
export async function listEventsBetween(
  db: Database,
  topics: readonly string[],
  { after, upTo, most }: { after: number; upTo: number; most: number },
): Promise<EventRow[]> {
  const { rows } = await sql<EventRow>`
    select ${SHOWN}
    from (
      select * from events
      where id > ${after}::bigint and id <= ${upTo}::bigint and topics && ${topics}::text[]
      order by id limit ${most}::integer) found
    order by found.id ${UNNAMED}`.execute(db);
  return rows;
}

/** Counts the events of these topics after `after` up to `upTo`, at most `most` of them. */
export async function countEventsBetween(
  db: Database,
  topics: readonly string[],
  { after, upTo, most }: { after: number; upTo: number; most: number },
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from (
      select from events
      where id > ${after}::bigint and id <= ${upTo}::bigint and topics && ${topics}::text[]
      limit ${most}::integer) found ${UNNAMED}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Returns the id up to which events were removed because of their age. */
export async function findRemovedThrough(db: Database): Promise<number> {
  const { removed_through } = await db
    .selectFrom('event_removals')
    .select('removed_through')
    .executeTakeFirstOrThrow();
  return removed_through;
}

/**
 * Removes those of the `most` oldest events that are from before `before`. Returns their number.
 *
 * @param trx a transaction, so that nobody misses events without being told
 */
export async function removeOldEvents(trx: Database, before: Date, most: number): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    delete from events where id in (
      select id from (select id, at from events order by id limit ${most}) oldest
      where at < ${before.toISOString()})
    returning id`.execute(trx);
  if (rows.length > 0) {
    const last = Math.max(...rows.map(({ id }) => id));
    await sql`update event_removals set removed_through = greatest(removed_through, ${last}::bigint)`.execute(
      trx,
    );
  }
  return rows.length;
}
