import { sql } from 'kysely';
import {
  DEFAULT_DELIVERIES,
  type Delivery,
  MAILS_PER_HOUR,
} from '#schemas/notification-settings.js';
import {
  NOTIFICATION_KINDS,
  type Notification,
  type NotificationKind,
} from '#schemas/notifications.js';
import type { Database } from '#src/db/database.js';
import { SHOWN } from './notifications.js';

/**
 * The maximum number of notifications that a change makes; each user gets a first one before any user
 * gets a second.
 */
export const MAX_PER_CHANGE = 1000;

/** The number of notifications within an hour beyond which a user is not told of moves. */
const MANY_PER_HOUR = 200;

const HOUR_MS = 60 * 60 * 1000;

/** What users are to be told of. */
export interface NewNotification {
  kind: NotificationKind;
  project_id: number;
  task_id?: number;
  comment_id?: number;
  invitation_id?: number;
  due_at?: string;
  /** Users by their ids. */
  user_ids?: readonly number[];
  /** Whether those who watch the task are told, too. */
  watchers?: boolean;
  /** Whether those who are assigned to the task are told, too. */
  assignees?: boolean;
}

export interface NewNotificationOptions {
  /** Who makes the change, and is told nothing of it. */
  actorId: number | null;
  now: Date;
  canMail: boolean;
}

/** A notification that was inserted, with its user. */
export interface InsertedRow extends Notification {
  user_id: number;
  delivery: Exclude<Delivery, 'none'>;
}

const DEFAULTS = NOTIFICATION_KINDS.map(
  (kind) => sql`when ${sql.lit(kind)} then ${sql.lit(DEFAULT_DELIVERIES[kind])}`,
);

/**
 * Inserts notifications with one statement, for any number of tasks and users. Of several notices
 * that concern the same user and task, the first counts. Left out are the actor, inactive users,
 * those who are not members of the project unless they are invited to it, those who have muted the
 * project or the task, and those who do not want this kind; moves, of those who got very many
 * notifications within the last hour. Mails beyond `MAILS_PER_HOUR` of a user go to the digest.
 */
export async function insertNotifications(
  trx: Database,
  notices: readonly NewNotification[],
  { actorId, now, canMail }: NewNotificationOptions,
): Promise<InsertedRow[]> {
  const hourAgo = new Date(now.getTime() - HOUR_MS).toISOString();
  const { rows } = await sql<InsertedRow>`
    with notices as (
      select * from rows from (jsonb_to_recordset(${JSON.stringify(notices)}::jsonb) as (
        kind text, project_id integer, task_id integer, comment_id integer,
        invitation_id integer, due_at timestamptz, user_ids jsonb, watchers boolean,
        assignees boolean))
      with ordinality as t (kind, project_id, task_id, comment_id, invitation_id, due_at, user_ids,
        watchers, assignees, n)
    ), meant as (
      select n, task_id, value::integer as user_id
      from notices, jsonb_array_elements_text(coalesce(user_ids, '[]'))
      union all
      select n, notices.task_id, task_watchers.user_id
      from notices join task_watchers on task_watchers.task_id = notices.task_id
      where watchers and is_watching
      union all
      select n, notices.task_id, unnest(assignee_ids)
      from notices join tasks on tasks.id = notices.task_id
      where assignees
    ), chosen as (
      select distinct on (user_id, task_id) user_id, n from meant
      where user_id is distinct from ${actorId}::integer
      order by user_id, task_id, n
    ), busy as materialized (
      select user_id from (select distinct user_id from chosen join notices using (n)
        where kind = 'moved') moved
      where (
        select created_at from notifications where notifications.user_id = moved.user_id
        order by id desc offset ${sql.lit(MANY_PER_HOUR - 1)} limit 1) > ${hourAgo}::timestamptz
    ), wanted as (
      select notices.*, chosen.user_id,
        case when kind <> 'invited' then chosen.user_id end as member_id,
        email_verified_at is not null as can_mail,
        coalesce(deliveries ->> kind, case kind ${sql.join(DEFAULTS, sql` `)} end) as delivery
      from chosen
      join notices using (n)
      join users on users.id = chosen.user_id and is_active
      left join project_members
        on project_members.project_id = notices.project_id
          and project_members.user_id = chosen.user_id
      left join notification_settings on notification_settings.user_id = chosen.user_id
      where (kind = 'invited' or (
          project_members.user_id is not null and muted_at is null and not exists (
            select from task_mutes
            where task_mutes.task_id = notices.task_id and task_mutes.user_id = chosen.user_id)))
        and (kind <> 'moved' or chosen.user_id not in (select user_id from busy))
        and (kind <> 'due_soon' or not exists (
          select from notifications
          where notifications.user_id = chosen.user_id and notifications.kind = 'due_soon'
            and notifications.task_id = notices.task_id
            and notifications.due_at = notices.due_at))
    ), numbered as (
      select *,
        row_number() over (partition by user_id order by n) as nth,
        row_number() over (partition by user_id, delivery order by n) as nth_of_delivery
      from wanted where delivery <> 'none'
    ), inserted as (
      insert into notifications (user_id, kind, project_id, task_id, comment_id, invitation_id,
        due_at, member_id, actor_id, created_at, delivery)
      select user_id, kind, project_id, task_id, comment_id, invitation_id, due_at, member_id,
        ${actorId}::integer, ${now.toISOString()}::timestamptz,
        case
          when delivery = 'app' or not can_mail or not ${canMail}::boolean then 'app'
          -- So that a flood adds no jobs that only leave their mails to the digest; the job counts
          -- exactly.
          when delivery = 'mail' and nth_of_delivery <= ${sql.lit(MAILS_PER_HOUR)} - (
            select count(*) from (
              select from notifications mailed
              where mailed.user_id = numbered.user_id and mailed.delivery = 'mail'
                and mailed.created_at > ${hourAgo}::timestamptz
              limit ${sql.lit(MAILS_PER_HOUR)}) of_last_hour) then 'mail'
          else 'digest' end
      from numbered
      order by nth, n, user_id limit ${sql.lit(MAX_PER_CHANGE)}
      on conflict do nothing
      returning *)
    select told.user_id, told.delivery, ${sql.join(SHOWN)}
    from inserted told order by told.id`.execute(trx);
  return rows;
}
