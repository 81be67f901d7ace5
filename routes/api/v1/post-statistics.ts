import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import {
  PopularPosts,
  PostArchives,
  PostsByAuthor,
  PostsByTag,
  StatisticsQuery,
} from '#schemas/post-statistics.js';
import { tag } from '#schemas/posts.js';
import { Ref } from '#schemas/types.js';
import * as statistics from '#src/articles/services/post-statistics.js';

const tags = [tag.name];

const operations = {
  popular: {
    operationId: 'posts-popular',
    summary: 'List popular posts',
    description: 'Returns the most viewed published posts.',
    tags,
    querystring: StatisticsQuery,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(PopularPosts), 304: NotModified },
  },
  archives: {
    operationId: 'posts-archives',
    summary: 'Count posts by month',
    description:
      'Returns the number of published posts per month (UTC), newest month first. `GET ' +
      '/api/v1/posts?month=` lists the posts of a month.',
    tags,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(PostArchives), 304: NotModified },
  },
  byAuthor: {
    operationId: 'posts-by-author',
    summary: 'Count posts by author',
    description:
      'Returns the authors with the most published posts, with their total views and ' +
      'comments. Posts whose author was deleted are not counted.',
    tags,
    querystring: StatisticsQuery,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(PostsByAuthor), 304: NotModified },
  },
  byTag: {
    operationId: 'posts-by-tag',
    summary: 'Count posts by tag',
    description: 'Returns the tags with the most published posts, with their total views.',
    tags,
    querystring: StatisticsQuery,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(PostsByTag), 304: NotModified },
  },
} as const;

const config = { scope: 'posts:read', reply: 'read' } as const;

/** Statistics of published posts, the same for every viewer. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/popular', { schema: operations.popular, config }, async (request, reply) =>
    reply.read(await statistics.listPopularPosts(request.context(), request.query.limit)),
  );

  app.get('/archives', { schema: operations.archives, config }, async (request, reply) =>
    reply.read(await statistics.countPostsByMonth(request.context())),
  );

  app.get('/by-author', { schema: operations.byAuthor, config }, async (request, reply) =>
    reply.read(await statistics.countPostsByAuthor(request.context(), request.query.limit)),
  );

  app.get('/by-tag', { schema: operations.byTag, config }, async (request, reply) =>
    reply.read(await statistics.countPostsByTag(request.context(), request.query.limit)),
  );
};

export default routes;
