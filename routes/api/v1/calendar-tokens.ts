import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { CalendarToken, CalendarTokenCreated, tag } from '#schemas/calendars.js';
import { Ref } from '#schemas/types.js';
import * as tokens from '#src/people/services/calendar-tokens.js';

const tags = [tag.name];

const operations = {
  read: {
    operationId: 'calendar-tokens-read',
    summary: 'Read your calendar token',
    description:
      'Tells whether you have a calendar token, and when it was created and last used. The secret ' +
      'is not shown.',
    tags,
    response: { 200: Ref(CalendarToken) },
  },
  create: {
    operationId: 'calendar-tokens-create',
    summary: 'Create or renew your calendar token',
    description:
      'Creates a secret for calendar programs, which reads your calendar and those of your ' +
      'projects, and nothing else. A former one ends. The secret is shown only in this response, ' +
      'with the URLs to subscribe to; only its hash is stored. Whoever has a URL can read your ' +
      'tasks: a reset of your password by mail ends the token, and so does a change of the ' +
      'password with `delete_api_keys`. `Idempotency-Key` is ignored, because a response with a ' +
      'secret must not be stored.',
    tags,
    response: {
      201: Ref(CalendarTokenCreated, { description: 'The calendar token was created' }),
    },
  },
  remove: {
    operationId: 'calendar-tokens-delete',
    summary: 'Revoke your calendar token',
    description: 'Ends your calendar token, if you have one. Subscribed calendars get 401.',
    tags,
    response: { 204: Type.Null({ description: 'You have no calendar token any more' }) },
  },
} as const;

// A leaked key must not be able to create another credential.
const signedIn = { access: 'user', scope: null } as const;

const routes: FastifyPluginAsyncTypebox<{ perMinute: number }> = async (app, { perMinute }) => {
  const limit = { perMinute };

  app.get('/', { schema: operations.read, config: signedIn }, async (request) => {
    return tokens.readCalendarToken(request.acting());
  });

  app.post(
    '/',
    { schema: operations.create, config: { ...signedIn, idempotent: false, limit } },
    async (request, reply) => {
      const created = await tokens.createCalendarToken(request.acting());
      const base = `${request.protocol}://${request.host}/api/v1`;
      const query = `token=${created.token}`;
      reply.code(201);
      return {
        ...created,
        my_calendar_url: `${base}/me/calendar.ics?${query}`,
        project_calendar_url: `${base}/projects/{id}/calendar.ics?${query}`,
      };
    },
  );

  app.delete(
    '/',
    { schema: operations.remove, config: { ...signedIn, limit } },
    async (request, reply) => {
      await tokens.deleteCalendarToken(request.acting());
      reply.code(204);
    },
  );
};

export default routes;
