import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import {
  ApiKeyCreate,
  ApiKeyCreated,
  ApiKeyListQuery,
  ApiKeyPage,
  ApiKeyParams,
  MAX_API_KEYS,
} from '#schemas/api-keys.js';
import { tag } from '#schemas/me.js';
import { Ref } from '#schemas/types.js';
import * as apiKeys from '#src/people/services/api-keys.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'api-keys-list',
    summary: 'List your API keys',
    description: 'Returns your API keys, expired ones included, without their secrets.',
    tags,
    querystring: ApiKeyListQuery,
    response: { 200: Ref(ApiKeyPage) },
  },
  create: {
    operationId: 'api-keys-create',
    summary: 'Create an API key',
    description:
      'Creates an API key, given your password, and notifies you by mail. The secret is shown ' +
      'only in this response; only its hash is stored. The key is limited to its scopes and to your own permissions. Send it as ' +
      `\`Authorization: Bearer …\` or as \`X-API-Key\`. You can have up to ${MAX_API_KEYS} ` +
      'keys. A reset of your password by mail deletes all of them. `Idempotency-Key` is ignored, because a response with a secret must not be ' +
      'stored.',
    tags,
    body: Ref(ApiKeyCreate),
    response: { 201: Ref(ApiKeyCreated, { description: 'The API key was created' }) },
  },
  remove: {
    operationId: 'api-keys-delete',
    summary: 'Delete an API key',
    description: 'Deletes an API key. Further requests with the key are refused.',
    tags,
    params: ApiKeyParams,
    response: { 204: Type.Null({ description: 'The API key was deleted' }) },
  },
} as const;

// A leaked key must not be able to create others.
const signedIn = { access: 'user', scope: null } as const;

const routes: FastifyPluginAsyncTypebox<{ perMinute: number }> = async (app, { perMinute }) => {
  app.get('/', { schema: operations.list, config: signedIn }, async (request, reply) => {
    const page = await apiKeys.listApiKeys(request.acting(), request.query);
    return reply.page(page);
  });

  app.post(
    '/',
    {
      schema: operations.create,
      config: {
        ...signedIn,
        idempotent: false,
        errors: [409],
        limit: { perMinute },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return apiKeys.createApiKey(request.acting(), request.body);
    },
  );

  app.delete(
    '/:id',
    { schema: operations.remove, config: { ...signedIn, errors: [404] } },
    async (request, reply) => {
      const { id } = request.params;
      await apiKeys.deleteApiKey(request.acting(), id);
      reply.code(204);
    },
  );
};

export default routes;
