import { type RawBuilder, sql } from 'kysely';
import {
  MAX_UNREAD,
  type Notification,
  type NotificationKind,
  type NotificationListQuery,
} from '#schemas/notifications.js';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';

export type NotificationFilter = Pick<NotificationListQuery, 'unread' | 'kind' | 'project_id'>;

/** The columns of a notification as in a response. Here and below, its row is named `told`. */
export const SHOWN = [
  sql<number>`told.id`.as('id'),
  sql<NotificationKind>`told.kind`.as('kind'),
  authorIn('told.actor_id').as('actor'),
  sql<Notification['project']>`(
    select jsonb_build_object('id', projects.id, 'key', projects.key, 'name', projects.name)
    from projects where projects.id = told.project_id)`.as('project'),
  sql<Notification['task']>`(
    select jsonb_build_object('id', tasks.id, 'number', tasks.number, 'summary', tasks.summary)
    from tasks where tasks.id = told.task_id)`.as('task'),
  sql<number | null>`told.comment_id`.as('comment_id'),
  sql<string>`told.created_at`.as('created_at'),
  sql<string | null>`told.read_at`.as('read_at'),
] as const;

/**
 * Whether the user of a notification may see it now: as a member of the project, or with an open
 * invitation to it; and nothing of it is in the trash.
 *
 * @param now null if an expired invitation counts until it is removed
 */
export function isVisible(now: Date | null): RawBuilder<boolean> {
  const isOpen = now === null ? sql`true` : sql`expires_at > ${now.toISOString()}`;
  // Scalar subqueries, because PostgreSQL would read all of a table for `exists`.
  return sql<boolean>`(
    (select deleted_at is null from projects where projects.id = told.project_id)
    and case when told.kind = 'invited' then (
      select project_invitations.user_id = told.user_id and ${isOpen}
      from project_invitations where project_invitations.id = told.invitation_id)
    else (select deleted_at is null from tasks where tasks.id = told.task_id)
      and (
        select true from project_members
        where project_members.project_id = told.project_id
          and project_members.user_id = told.user_id) end)`;
}

/** Returns a slice of what the user may see. */
export function listNotifications(
  db: Database,
  userId: number,
  filter: NotificationFilter,
  now: Date,
  slice: Slice<'id'>,
): Promise<Notification[]> {
  const found = selectVisible(db, userId, filter, now).select(SHOWN);
  return cut(found, slice, sql.ref('told.id')).execute();
}

/** Counts it, like `countRows`. */
export function countNotifications(
  db: Database,
  userId: number,
  filter: NotificationFilter,
  now: Date,
): Promise<number> {
  return countRows(db, selectVisible(db, userId, filter, now).select('told.id'));
}

/** Counts what is unread among the newest `MAX_UNREAD` unread notifications of the user. */
export async function countUnread(db: Database, userId: number, now: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from (
      select * from notifications
      where user_id = ${userId} and read_at is null
      order by id desc limit ${sql.lit(MAX_UNREAD)}) told
    where ${isVisible(now)}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Returns which of these notifications their users may see. */
export async function findVisible(db: Database, ids: readonly number[]): Promise<Set<number>> {
  const { rows } = await sql<{ id: number }>`
    select told.id from notifications told
    where told.id = any(${ids}::integer[]) and ${isVisible(null)}`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

/** Which notifications are marked: these, or the newest `MAX_UNREAD` unread ones up to an id. */
export type Marked = { ids: readonly number[] } | { upToId: number };

/** A notification that was marked, before and after. */
export interface MarkedRow {
  id: number;
  project_id: number;
  former: string | null;
  read_at: string | null;
}

/** Marks notifications of a user that differ. Returns those that were marked. */
export async function markNotifications(
  trx: Database,
  userId: number,
  marked: Marked,
  readAt: Date | null,
): Promise<MarkedRow[]> {
  const isMeant =
    'ids' in marked
      ? sql`id = any(${marked.ids}::integer[])`
      : sql`id <= ${marked.upToId}::integer`;
  const isOther = readAt === null ? sql`read_at is not null` : sql`read_at is null`;
  const { rows } = await sql<MarkedRow>`
    update notifications set read_at = ${readAt?.toISOString() ?? null}::timestamptz
    from (
      select id, read_at as former from notifications
      where user_id = ${userId} and ${isMeant} and ${isOther}
      order by id desc limit ${sql.lit(MAX_UNREAD)}
      for no key update) found
    where notifications.id = found.id
    returning notifications.id, notifications.project_id, former, notifications.read_at`.execute(
    trx,
  );
  return rows;
}

/** Whether the user may see this notification. */
export async function hasNotification(
  db: Database,
  userId: number,
  id: number,
  now: Date,
): Promise<boolean> {
  const row = await selectVisible(db, userId, {}, now)
    .select('told.id')
    .where('told.id', '=', id)
    .executeTakeFirst();
  return row !== undefined;
}

function selectVisible(
  db: Database,
  userId: number,
  { unread, kind, project_id }: NotificationFilter,
  now: Date,
) {
  const conditions = [sql`told.user_id = ${userId}`];
  if (unread !== undefined) {
    conditions.push(sql`told.read_at is ${sql.raw(unread ? 'null' : 'not null')}`);
  }
  if (kind !== undefined) conditions.push(sql`told.kind = ${kind}`);
  if (project_id !== undefined) conditions.push(sql`told.project_id = ${project_id}`);
  conditions.push(isVisible(now));
  return db
    .selectFrom('notifications as told')
    .where(sql<boolean>`(${sql.join(conditions, sql` and `)})`);
}
