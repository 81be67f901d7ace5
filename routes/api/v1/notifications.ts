import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import {
  MAX_NOTIFICATIONS,
  MAX_UNREAD,
  NOTIFICATION_DAYS,
  NotificationListQuery,
  NotificationPage,
  NotificationParams,
  NotificationSelection,
  NotificationsMarked,
  READ_NOTIFICATION_DAYS,
  tag,
  UnreadCount,
} from '#schemas/notifications.js';
import { Ref } from '#schemas/types.js';
import * as notifications from '#src/work/services/notifications.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'notifications-list',
    summary: 'List your notifications',
    description:
      'Returns your notifications, newest first, except those about projects that you have left ' +
      'and about things in the trash. Read notifications are deleted after ' +
      `${READ_NOTIFICATION_DAYS} days, all after ${NOTIFICATION_DAYS} days, and those beyond your ` +
      `newest ${MAX_NOTIFICATIONS.toLocaleString('en')}.`,
    tags,
    querystring: NotificationListQuery,
    response: { 200: Ref(NotificationPage) },
  },
  countUnread: {
    operationId: 'notifications-count-unread',
    summary: 'Count your unread notifications',
    description: `Counts at most ${MAX_UNREAD.toLocaleString('en')} of them.`,
    tags,
    response: { 200: Ref(UnreadCount) },
  },
  markRead: {
    operationId: 'notifications-mark-read',
    summary: 'Mark a notification as read',
    description: 'Marks the notification as read. Idempotent.',
    tags,
    params: NotificationParams,
    response: { 204: Type.Null({ description: 'The notification is read' }) },
  },
  markUnread: {
    operationId: 'notifications-mark-unread',
    summary: 'Mark a notification as unread',
    description: 'Marks the notification as unread. Idempotent.',
    tags,
    params: NotificationParams,
    response: { 204: Type.Null({ description: 'The notification is unread' }) },
  },
  markSeveral: {
    operationId: 'notifications-mark-several-read',
    summary: 'Mark several notifications as read',
    description:
      'Marks the notifications with these `ids`, or all up to `up_to_id`, as read. Idempotent. ' +
      'Ids that are not yours are ignored.',
    tags,
    body: Ref(NotificationSelection),
    response: { 200: Ref(NotificationsMarked) },
  },
} as const;

export interface NotificationRoutesOptions {
  /** The maximum number of requests per minute and IP address that mark notifications. */
  perMinute: number;
}

/** What the viewer was told of. */
const routes: FastifyPluginAsyncTypebox<NotificationRoutesOptions> = async (app, { perMinute }) => {
  const read = { access: 'user', scope: 'notifications:read' } as const;
  const write = {
    access: 'user',
    scope: 'notifications:write',
    errors: [404],
    limit: { perMinute, group: 'notifications' },
    revokes: false,
  } as const;

  app.get('/', { schema: operations.list, config: read }, async (request, reply) => {
    return reply.page(await notifications.listNotifications(request.acting(), request.query));
  });

  app.get('/unread-count', { schema: operations.countUnread, config: read }, async (request) => {
    return notifications.countUnread(request.acting());
  });

  app.post(
    '/read',
    { schema: operations.markSeveral, config: { ...write, errors: [] } },
    async (request) => {
      return notifications.markNotifications(request.acting(), request.body);
    },
  );

  app.put('/:id/read', { schema: operations.markRead, config: write }, async (request, reply) => {
    await notifications.markNotification(request.acting(), request.params.id, true);
    reply.code(204);
  });

  app.delete(
    '/:id/read',
    { schema: operations.markUnread, config: write },
    async (request, reply) => {
      await notifications.markNotification(request.acting(), request.params.id, false);
      reply.code(204);
    },
  );
};

export default routes;
