import type { FastifyPluginAsync } from 'fastify';
import { type PostReadsOptions, postReads } from '#routes/api/v1/posts.js';
import { type UserReadsOptions, userReads } from '#routes/api/v1/users.js';
import { versionRoutes } from '#routes/system.js';

/**
 * The second version of the API: the reads of the first, where posts are called articles. It has the
 * same routes, so both versions answer alike until one of them changes.
 */
const routes: FastifyPluginAsync<PostReadsOptions & UserReadsOptions> = async (app, options) => {
  app.addHook('onRoute', (route) => {
    const { operationId } = route.schema ?? {};
    if (operationId !== undefined) {
      route.schema = {
        ...route.schema,
        operationId: `v2-${operationId.replace('posts', 'articles')}`,
      };
    }
  });
  await app.register(versionRoutes);
  await app.register(userReads, { ...options, prefix: '/users' });
  await app.register(postReads, { ...options, prefix: '/articles' });
};

export default routes;
