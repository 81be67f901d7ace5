import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { TRASH_DAYS, TrashListQuery, TrashPage, TrashParams, tag } from '#schemas/trash.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as trash from '#src/trash/trash.js';
import type { TrashBins } from '#src/trash/trash-bin.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'trash-list',
    summary: 'List the trash',
    description:
      'Returns the posts, the comments, the tasks or the projects in the trash: your own that you ' +
      'deleted yourself, the projects that you own, or all posts and comments if you are an ' +
      'editor. They are purged after ' +
      `${TRASH_DAYS} days.`,
    tags,
    querystring: TrashListQuery,
    response: { 200: Ref(TrashPage) },
  },
  restore: {
    operationId: 'trash-restore',
    summary: 'Restore from trash',
    description:
      'Restores a post, comment, task or project as it was. If a published post has the slug of ' +
      'a restored one by now, a number is appended to it. Only editors can restore what an editor ' +
      'deleted; to others it is not found.',
    tags,
    params: withExamples(TrashParams, { kind: 'post', id: 4 }),
    response: {
      204: Type.Null({ description: 'The post, comment, task or project was restored' }),
    },
  },
  purge: {
    operationId: 'trash-purge',
    summary: 'Purge from trash',
    description:
      'Deletes a post, comment, task or project permanently; whoever can restore it can purge ' +
      'it. This cannot be undone.',
    tags,
    params: withExamples(TrashParams, { kind: 'comment', id: 3 }),
    response: { 204: Type.Null({ description: 'The post, comment, task or project was purged' }) },
  },
} as const;

export interface TrashRoutesOptions {
  bins: TrashBins;
  /** The maximum number of items restored or purged per minute and IP address. */
  perMinute: number;
}

const routes: FastifyPluginAsyncTypebox<TrashRoutesOptions> = async (app, { bins, perMinute }) => {
  const write = {
    access: 'user',
    scope: 'trash:write',
    errors: [404],
    limit: { perMinute, group: 'trash' },
    revokes: false,
  } as const;

  app.get(
    '/',
    { schema: operations.list, config: { access: 'user', scope: 'trash:read' } },
    async (request, reply) => {
      const page = await trash.listTrash(request.acting(), bins, request.query);
      return reply.page(page);
    },
  );

  app.post(
    '/:kind/:id/restore',
    { schema: operations.restore, config: write },
    async (request, reply) => {
      const { kind, id } = request.params;
      await trash.restore(request.acting(), bins, kind, id);
      reply.code(204);
      return null;
    },
  );

  app.delete('/:kind/:id', { schema: operations.purge, config: write }, async (request, reply) => {
    const { kind, id } = request.params;
    await trash.purge(request.acting(), bins, kind, id);
    reply.code(204);
  });
};

export default routes;
