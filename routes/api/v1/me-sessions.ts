import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { dropCookie, sessionOf } from '#plugins/sessions.js';
import { tag } from '#schemas/me.js';
import { SessionListQuery, SessionPage, SessionParams, SessionsEnded } from '#schemas/sessions.js';
import { Ref } from '#schemas/types.js';
import { ApiError } from '#src/errors.js';
import * as sessions from '#src/people/services/sessions.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'sessions-list',
    summary: 'List your sessions',
    description:
      'Returns your active sessions, most recently used first: one for each browser or ' +
      'client in which you are signed in. `current` marks the session of this request.',
    tags,
    querystring: SessionListQuery,
    response: { 200: Ref(SessionPage) },
  },
  end: {
    operationId: 'sessions-end',
    summary: 'End a session',
    description:
      'Ends one of your sessions immediately: its cookie or tokens are no longer accepted. ' +
      'Ending the current session signs you out.',
    tags,
    params: SessionParams,
    response: { 204: Type.Null({ description: 'The session was ended' }) },
  },
  endOthers: {
    operationId: 'sessions-end-others',
    summary: 'End all other sessions',
    description: 'Ends all your sessions except the session of this request.',
    tags,
    response: { 200: Ref(SessionsEnded) },
  },
} as const;

const config = { access: 'user', scope: null } as const;

const routes: FastifyPluginAsyncTypebox<{ perMinute: number }> = async (app, { perMinute }) => {
  app.get('/', { schema: operations.list, config }, async (request, reply) => {
    const page = await sessions.listSessions(request.acting(), request.query);
    return reply.page(page);
  });

  app.delete(
    '/:id',
    { schema: operations.end, config: { ...config, errors: [404] } },
    async (request, reply) => {
      const { id } = request.params;
      const hasEnded = await sessions.endSession(request.acting(), id);
      if (!hasEnded) throw new ApiError('not_found');
      if (sessionOf(request)?.viewer?.credential.id === id) await dropCookie(request, reply);
      reply.code(204);
    },
  );

  app.delete(
    '/',
    { schema: operations.endOthers, config: { ...config, limit: { perMinute } } },
    async (request) => ({ ended: await sessions.endOtherSessions(request.acting()) }),
  );
};

export default routes;
