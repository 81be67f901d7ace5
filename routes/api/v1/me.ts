import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { dropCookie, sessionOf } from '#plugins/sessions.js';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { AccountDeletion, tag } from '#schemas/me.js';
import { Ref } from '#schemas/types.js';
import { ProfileUpdate, User } from '#schemas/users.js';
import * as me from '#src/people/services/me.js';
import { userTag } from '#src/people/services/users.js';

const tags = [tag.name];

const operations = {
  read: {
    operationId: 'me-read',
    summary: 'Read your account',
    description: 'Returns your account with all fields.',
    tags,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(User), 304: NotModified },
  },
  update: {
    operationId: 'me-update',
    summary: 'Change your profile',
    description: 'Changes the given fields of your profile. Omitted fields keep their values.',
    tags,
    headers: IfMatchHeaders,
    body: Ref(ProfileUpdate),
    response: { 200: Ref(User) },
  },
  remove: {
    operationId: 'me-delete',
    summary: 'Delete your account',
    description:
      'Deletes your account permanently, with all your sessions, tokens and API keys. Your ' +
      'password confirms the deletion. The last administrator cannot be deleted.',
    tags,
    headers: IfMatchHeaders,
    body: Ref(AccountDeletion),
    response: { 204: Type.Null({ description: 'The account was deleted' }) },
  },
} as const;

export interface MeRoutesOptions {
  /** The maximum number of requests per minute and IP address that delete an account. */
  perMinute: number;
  /** The maximum number of requests per minute and IP address that change profiles. */
  changesPerMinute: number;
}

const routes: FastifyPluginAsyncTypebox<MeRoutesOptions> = async (app, options) => {
  const { perMinute, changesPerMinute } = options;

  app.get(
    '/',
    { schema: operations.read, config: { access: 'user', scope: 'me:read' } },
    async (request, reply) => {
      const user = await me.readMe(request.acting());
      return reply.entity(user, userTag(user, request.viewer));
    },
  );

  app.patch(
    '/',
    {
      schema: operations.update,
      config: {
        access: 'user',
        scope: 'me:write',
        errors: [412],
        limit: { perMinute: changesPerMinute, group: 'profiles' },
      },
    },
    async (request, reply) => {
      const user = await me.changeMe(request.acting(), request.body);
      return reply.entity(user, userTag(user, request.viewer));
    },
  );

  app.delete(
    '/',
    {
      schema: operations.remove,
      config: { access: 'user', scope: null, errors: [409, 412], limit: { perMinute } },
    },
    async (request, reply) => {
      const context = request.acting();
      await me.deleteMe(context, request.body.password);
      if (sessionOf(request)?.viewer?.id === context.viewer.id) await dropCookie(request, reply);
      reply.code(204);
    },
  );
};

export default routes;
