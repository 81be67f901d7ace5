import { type RawBuilder, sql } from 'kysely';
import type { NotificationSettings } from '#schemas/notification-settings.js';
import type { Notification } from '#schemas/notifications.js';
import type { Database } from '#src/db/database.js';
import { isVisible, SHOWN } from './notifications.js';

/** Who a mail goes to. */
export interface Recipient {
  to: string;
  language: NotificationSettings['language'];
}

/** Returns the confirmed email address of a user; null if there is none, or the user is inactive. */
export async function findRecipient(db: Database, userId: number): Promise<Recipient | null> {
  const row = await db
    .selectFrom('users')
    .leftJoin('notification_settings', 'user_id', 'users.id')
    .select('email as to')
    .select(sql<Recipient['language']>`coalesce(language, 'en')`.as('language'))
    .where('users.id', '=', userId)
    .where('is_active', '=', true)
    .where('email', 'is not', null)
    .where('email_verified_at', 'is not', null)
    .$narrowType<{ to: string }>()
    .executeTakeFirst();
  return row ?? null;
}

/** Returns a notification that is to be mailed, if it is unread and its user may see it. */
export async function findMailable(
  trx: Database,
  id: number,
  now: Date,
): Promise<Notification | null> {
  const { rows } = await sql<Notification>`
    select ${sql.join(SHOWN)} from notifications told
    where told.id = ${id} and told.delivery = 'mail' and told.read_at is null
      and told.mailed_at is null and ${isVisible(now)}`.execute(trx);
  return rows[0] ?? null;
}

/**
 * Counts a mail about a single notification, unless the user was sent `most` of them after `after`.
 * Returns whether it was counted. The user must be locked.
 */
export async function countMail(
  trx: Database,
  userId: number,
  { now, after, most }: { now: Date; after: Date; most: number },
): Promise<boolean> {
  const { rows } = await sql`
    insert into notification_mailings as known (user_id, times)
    values (${userId}, array[${now.toISOString()}::timestamptz])
    on conflict (user_id) do update
    set times = excluded.times || array(
      select at from unnest(known.times) at where at > ${after.toISOString()}::timestamptz)
    where ${most} > (
      select count(*) from unnest(known.times) at where at > ${after.toISOString()}::timestamptz)
    returning user_id`.execute(trx);
  return rows.length > 0;
}

/** Takes back a mail that was counted at this time, because it was not sent. */
export async function takeBackMail(trx: Database, userId: number, at: Date): Promise<void> {
  await sql`
    update notification_mailings set times = array_remove(times, ${at.toISOString()}::timestamptz(3))
    where user_id = ${userId}`.execute(trx);
}

/** Leaves notifications to the next digest. */
export async function leaveToDigest(trx: Database, ids: readonly number[]): Promise<void> {
  await sql`
    update notifications set delivery = 'digest' where id = any(${ids}::integer[])`.execute(trx);
}

/** Sets when notifications were mailed. @param mailed_at null if they were not */
export async function setMailed(
  trx: Database,
  ids: readonly number[],
  mailed_at: string | null,
): Promise<void> {
  await sql`
    update notifications set mailed_at = ${mailed_at}::timestamptz
    where id = any(${ids}::integer[])`.execute(trx);
}

/** Returns what the next digest of a user contains, newest first, at most `most`. */
export async function listForDigest(
  trx: Database,
  userId: number,
  now: Date,
  most: number,
): Promise<Notification[]> {
  const { rows } = await sql<Notification>`
    select ${sql.join(SHOWN)} from notifications told
    where told.user_id = ${userId} and ${waits(now)} and ${isVisible(now)}
    order by told.id desc limit ${most}`.execute(trx);
  return rows;
}

/** Returns the users beyond `after` who may get a digest, in the order of their ids. */
export async function findUsersWithDigest(
  db: Database,
  now: Date,
  after: number,
  most: number,
): Promise<number[]> {
  // From one user to the next, past all the rows of each.
  const { rows } = await sql<{ user_id: number }>`
    with recursive found as (
      (select user_id from notifications
        where ${waits(now)} and user_id > ${after}::integer
        order by user_id limit 1)
      union all
      select (
        select user_id from notifications
        where ${waits(now)} and user_id > found.user_id
        order by user_id limit 1)
      from found where user_id is not null)
    select user_id from found where user_id is not null limit ${most}`.execute(db);
  return rows.map(({ user_id }) => user_id);
}

/** Hours after which no job tries to mail a single notification any more: the next digest has it. */
const TRIED_HOURS = 4;

/** SQL for whether a notification waits for the next digest. */
function waits(now: Date): RawBuilder<boolean> {
  const before = new Date(now.getTime() - TRIED_HOURS * 60 * 60 * 1000).toISOString();
  // As in the index.
  return sql<boolean>`(delivery in ('mail', 'digest') and read_at is null and mailed_at is null
    and (delivery = 'digest' or created_at < ${before}::timestamptz))`;
}
