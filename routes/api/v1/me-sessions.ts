import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { dropCookie } from '#plugins/sessions.js';
import { tag } from '#schemas/me.js';
import { SessionListQuery, SessionPage, SessionParams, SessionsEnded } from '#schemas/sessions.js';
import { Ref } from '#schemas/types.js';
import { ApiError } from '#src/errors.js';
import * as sessions from '#src/people/services/sessions.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'sessions-list',
    summary: 'List your sign-ins',
    description:
      'Every browser and client in which you are signed in at present, the one that was used last ' +
      'first. `current` marks the one that this request was made with.',
    tags,
    querystring: SessionListQuery,
    response: { 200: Ref(SessionPage) },
  },
  end: {
    operationId: 'sessions-end',
    summary: 'End a sign-in',
    description:
      'Ends one of your sign-ins, at once: its cookie or its tokens are worth nothing any more. ' +
      'Ending the current one is signing out.',
    tags,
    params: SessionParams,
    response: { 204: Type.Null({ description: 'The sign-in has ended' }) },
  },
  endOthers: {
    operationId: 'sessions-end-others',
    summary: 'End all other sign-ins',
    description: 'Ends every sign-in of yours but the one that this request is made with.',
    tags,
    response: { 200: Ref(SessionsEnded) },
  },
} as const;

const config = { access: 'user', scope: null } as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
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
      if (request.session.viewer?.credential.id === id) await dropCookie(request, reply);
      reply.code(204);
    },
  );

  app.delete('/', { schema: operations.endOthers, config }, async (request) => ({
    ended: await sessions.endOtherSessions(request.acting()),
  }));
};

export default routes;
