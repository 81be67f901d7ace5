import type {
  Notification,
  NotificationListQuery,
  NotificationSelection,
  NotificationsMarked,
  UnreadCount,
} from '#schemas/notifications.js';
import type { Page } from '#schemas/paging.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { hasScope } from '#src/access/viewer.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import type { EventPolicy } from '#src/events/event-policy.js';
import { emit } from '#src/events/events.js';
import { readPage } from '#src/lists/paging.js';
import { MAX_JOBS } from '#src/queue/jobs.js';
import { enqueueAll, hasJobs } from '#src/queue/store.js';
import {
  type InsertedRow,
  insertNotifications,
  type NewNotification,
} from '#src/work/stores/new-notifications.js';
import { leaveToDigest } from '#src/work/stores/notification-mails.js';
import * as store from '#src/work/stores/notifications.js';

/**
 * Tells users of a change: with one statement, one for the events, and two for the mails. Must be
 * called in the transaction of the change itself. Of several notices that concern the same user and
 * task, the first counts.
 *
 * @returns the number of notifications
 */
export async function notify(trx: Context, ...notices: NewNotification[]): Promise<number> {
  const isTold = ({ user_ids = [], watchers, assignees }: NewNotification) =>
    watchers === true || assignees === true || user_ids.some((id) => id !== trx.viewer?.id);
  const told = notices.filter(isTold);
  if (told.length === 0) return 0;
  const { db, viewer, now, canMail } = trx;
  const actorId = viewer?.id ?? null;
  const rows = await insertNotifications(db, told, { actorId, now, canMail });
  const events = rows.map(({ user_id, delivery: _, ...after }) => ({
    ...eventOf(user_id, after.id, after.project.id),
    type: 'notification.created' as const,
    after,
  }));
  await emit(trx, ...events);
  await mail(
    trx,
    rows.filter(({ delivery }) => delivery === 'mail'),
  );
  return rows.length;
}

/** Has mails sent about notifications, by the next digest if very many jobs are unfinished. */
async function mail({ db }: Context, rows: readonly InsertedRow[]): Promise<void> {
  if (rows.length === 0) return;
  if (await hasJobs(db, MAX_JOBS)) {
    await leaveToDigest(
      db,
      rows.map(({ id }) => id),
    );
    return;
  }
  const jobs = rows.map(({ id, user_id: userId }) => ({
    payload: { notificationId: id, userId },
    // By a key of this form, the jobs of a deleted user are found.
    key: `user:${userId}:mail_notification:${id}`,
  }));
  await enqueueAll(db, 'mail_notification', jobs);
}

/**
 * Returns a page of the viewer's notifications that match the query, newest first.
 *
 * @throws InvalidRequest if the cursor is invalid
 */
export function listNotifications(
  { db, viewer, now }: ActingContext,
  { page, size, cursor, ...filter }: NotificationListQuery,
): Promise<Page<Notification>> {
  return readPage(
    { page, size, cursor, sort: '-id' },
    {
      list: (slice) => store.listNotifications(db, viewer.id, filter, now, slice),
      count: () => store.countNotifications(db, viewer.id, filter, now),
      sortKey: ({ id }) => id,
    },
  );
}

/** Counts what the viewer has not read, at most `MAX_UNREAD`. */
export async function countUnread({ db, viewer, now }: ActingContext): Promise<UnreadCount> {
  return { unread: await store.countUnread(db, viewer.id, now) };
}

/** Marks a notification of the viewer as read or unread. Idempotent. @throws ApiError not_found */
export function markNotification(
  context: ActingContext,
  id: number,
  isRead: boolean,
): Promise<void> {
  return inTransaction(context, async (trx) => {
    if (!(await store.hasNotification(trx.db, trx.viewer.id, id, trx.now))) {
      throw new ApiError('not_found');
    }
    await mark(trx, { ids: [id] }, isRead);
  });
}

/**
 * Marks notifications of the viewer as read. Idempotent.
 *
 * @throws InvalidRequest unless exactly one of `ids` and `up_to_id` is given
 */
export function markNotifications(
  context: ActingContext,
  { ids, up_to_id: upToId }: NotificationSelection,
): Promise<NotificationsMarked> {
  const marked = ids !== undefined ? { ids } : upToId !== undefined ? { upToId } : null;
  if (marked === null || (ids !== undefined && upToId !== undefined)) {
    const input = { ids, up_to_id: upToId };
    throw new InvalidRequest([valueError('ids_or_up_to_id', ['body'], input)]);
  }
  return inTransaction(context, async (trx) => ({ marked: await mark(trx, marked, true) }));
}

/** Returns how many were marked. */
async function mark(trx: ActingContext, marked: store.Marked, isRead: boolean): Promise<number> {
  const { db, viewer, now } = trx;
  const rows = await store.markNotifications(db, viewer.id, marked, isRead ? now : null);
  const type = isRead ? ('notification.read' as const) : ('notification.unread' as const);
  const events = rows.map(({ id, project_id, former, read_at }) => ({
    ...eventOf(viewer.id, id, project_id),
    type,
    before: { read_at: former },
    after: { read_at },
  }));
  await emit(trx, ...events);
  return rows.length;
}

/** Returns what all events of a notification have in common. */
function eventOf(userId: number, id: number, projectId: number) {
  return {
    resourceId: id,
    version: null,
    topics: [`user:${userId}`] as const,
    isPublic: false,
    userId,
    projectId,
  };
}

/** Who may see the events of notifications: their users, as long as they may see what it is about. */
export const notificationEvents: EventPolicy<ReadonlySet<number>> = {
  load: (db, events) =>
    store.findVisible(
      db,
      events.map(({ resourceId }) => resourceId),
    ),
  visiblePart(viewer, { userId, resourceId }, visible) {
    if (viewer === null || viewer.id !== userId) return null;
    return hasScope(viewer, 'notifications:read') && visible.has(resourceId) ? 'all' : null;
  },
};
