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
    description: 'Your keys in pages, those that have expired too; never the keys themselves.',
    tags,
    querystring: ApiKeyListQuery,
    response: { 200: Ref(ApiKeyPage) },
  },
  create: {
    operationId: 'api-keys-create',
    summary: 'Create an API key',
    description:
      'The key is shown in this answer and never again; only its hash is kept. It is good for its ' +
      'scopes, within what you may do yourself. Send it as `Authorization: Bearer …` or as ' +
      `\`X-API-Key\`. You may have up to ${MAX_API_KEYS} keys. An \`Idempotency-Key\` is ignored here: ` +
      'an answer that holds a secret must not be kept.',
    tags,
    body: Ref(ApiKeyCreate),
    response: { 201: Ref(ApiKeyCreated, { description: 'The key was created' }) },
  },
  remove: {
    operationId: 'api-keys-delete',
    summary: 'Delete an API key',
    description: 'The next request with the key is refused.',
    tags,
    params: ApiKeyParams,
    response: { 204: Type.Null({ description: 'The key is gone' }) },
  },
} as const;

// A key that has leaked must not be able to make others.
const signedIn = { access: 'user', scope: null } as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/', { schema: operations.list, config: signedIn }, async (request, reply) => {
    const page = await apiKeys.listApiKeys(request.acting(), request.query);
    return reply.page(page);
  });

  app.post(
    '/',
    { schema: operations.create, config: { ...signedIn, idempotent: false, errors: [409] } },
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
