import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { TRASH_DAYS, TrashListQuery, TrashPage, TrashParams, tag } from '#schemas/trash.js';
import { Ref } from '#schemas/types.js';
import * as trash from '#src/articles/services/trash.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'trash-list',
    summary: 'List what was deleted',
    description:
      'What you deleted of your own, for editors what anyone did, in pages and one kind at a time. ' +
      `After ${TRASH_DAYS} days it is gone for good.`,
    tags,
    querystring: TrashListQuery,
    response: { 200: Ref(TrashPage) },
  },
  restore: {
    operationId: 'trash-restore',
    summary: 'Restore what was deleted',
    description:
      'Brings it back as it was. What an editor deleted, only editors bring back; for others it is ' +
      'not found.',
    tags,
    params: TrashParams,
    response: { 204: Type.Null({ description: 'It is back' }) },
  },
  purge: {
    operationId: 'trash-purge',
    summary: 'Remove for good',
    description: 'Removes it from the trash, without a way back.',
    tags,
    params: TrashParams,
    response: { 204: Type.Null({ description: 'It is gone' }) },
  },
} as const;

const write = { access: 'update', scope: 'trash:write', errors: [404] } as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/',
    { schema: operations.list, config: { access: 'user', scope: 'trash:read' } },
    async (request, reply) => {
      const page = await trash.listTrash(request.acting(), request.query);
      return reply.page(page);
    },
  );

  app.post(
    '/:kind/:id/restore',
    { schema: operations.restore, config: write },
    async (request, reply) => {
      const { kind, id } = request.params;
      await trash.restore(request.acting(), kind, id);
      reply.code(204);
      return null;
    },
  );

  app.delete('/:kind/:id', { schema: operations.purge, config: write }, async (request, reply) => {
    const { kind, id } = request.params;
    await trash.purge(request.acting(), kind, id);
    reply.code(204);
  });
};

export default routes;
