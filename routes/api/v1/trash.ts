import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { TRASH_DAYS, TrashListQuery, TrashPage, TrashParams, tag } from '#schemas/trash.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as trash from '#src/articles/services/trash.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'trash-list',
    summary: 'List the trash',
    description:
      'Returns the posts or the comments in the trash: your own that you deleted yourself, ' +
      `or all of them if you are an editor. They are purged after ${TRASH_DAYS} days.`,
    tags,
    querystring: TrashListQuery,
    response: { 200: Ref(TrashPage) },
  },
  restore: {
    operationId: 'trash-restore',
    summary: 'Restore from trash',
    description:
      'Restores a post or comment as it was. If a published post has the slug of a restored ' +
      'one by now, a number is appended to it. Only editors can restore what an editor ' +
      'deleted; to others it is not found.',
    tags,
    params: withExamples(TrashParams, { kind: 'post', id: 4 }),
    response: { 204: Type.Null({ description: 'The post or comment was restored' }) },
  },
  purge: {
    operationId: 'trash-purge',
    summary: 'Purge from trash',
    description:
      'Deletes a post or comment permanently; whoever can restore it can purge it. This ' +
      'cannot be undone.',
    tags,
    params: withExamples(TrashParams, { kind: 'comment', id: 3 }),
    response: { 204: Type.Null({ description: 'The post or comment was purged' }) },
  },
} as const;

export interface TrashRoutesOptions {
  /** The maximum number of items restored or purged per minute and IP address. */
  perMinute: number;
}

const routes: FastifyPluginAsyncTypebox<TrashRoutesOptions> = async (app, { perMinute }) => {
  const write = {
    access: 'update',
    scope: 'trash:write',
    errors: [404],
    limit: { perMinute, group: 'trash' },
    revokes: false,
  } as const;

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
