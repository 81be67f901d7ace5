import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import {
  MAILS_PER_HOUR,
  NotificationSettings,
  NotificationSettingsUpdate,
} from '#schemas/notification-settings.js';
import { tag } from '#schemas/notifications.js';
import { Ref } from '#schemas/types.js';
import * as settings from '#src/work/services/notification-settings.js';

const tags = [tag.name];

const operations = {
  read: {
    operationId: 'notification-settings-read',
    summary: 'Read your notification settings',
    description: 'Returns how each kind of notification is delivered.',
    tags,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(NotificationSettings), 304: NotModified },
  },
  update: {
    operationId: 'notification-settings-update',
    summary: 'Change your notification settings',
    description:
      'Changes the given settings, for what happens from then on. Mails need a confirmed email ' +
      `address. You get at most ${MAILS_PER_HOUR} mails about single notifications in an hour; the others are ` +
      'part of the daily mail, which lists what is still unread.',
    tags,
    headers: IfMatchHeaders,
    body: Ref(NotificationSettingsUpdate),
    response: { 200: Ref(NotificationSettings) },
  },
} as const;

export interface NotificationSettingsRoutesOptions {
  /** The maximum number of requests per minute and IP address that change settings. */
  perMinute: number;
}

/** How the viewer is told of things. */
const routes: FastifyPluginAsyncTypebox<NotificationSettingsRoutesOptions> = async (
  app,
  { perMinute },
) => {
  app.get(
    '/',
    { schema: operations.read, config: { access: 'user', scope: 'notifications:read' } },
    async (request, reply) => {
      const found = await settings.readSettings(request.acting());
      return reply.entity(found, settings.settingsTag(found));
    },
  );

  app.patch(
    '/',
    {
      schema: operations.update,
      config: {
        access: 'user',
        scope: 'notifications:write',
        errors: [412],
        limit: { perMinute, group: 'notifications' },
        revokes: false,
      },
    },
    async (request, reply) => {
      const changed = await settings.changeSettings(request.acting(), request.body);
      return reply.entity(changed, settings.settingsTag(changed));
    },
  );
};

export default routes;
