import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  PopularPosts,
  PostArchives,
  PostsByAuthor,
  PostsByTag,
  StatisticsQuery,
} from '../../../schemas/post-statistics.js';
import { Ref } from '../../../schemas/types.js';
import { listPopularPosts } from '../../../src/services/post-statistics.js';
import * as store from '../../../src/stores/post-statistics.js';

const tags = ['posts'];

const operations = {
  popular: {
    operationId: 'posts-popular',
    summary: 'List the most popular posts',
    description: 'The published posts that were read most often.',
    tags,
    querystring: StatisticsQuery,
    response: { 200: Ref(PopularPosts) },
  },
  archives: {
    operationId: 'posts-archives',
    summary: 'Count posts by month',
    description:
      'Every month (UTC) in which posts were published, the newest first. `GET /api/v1/posts?month=` ' +
      'lists those of one.',
    tags,
    response: { 200: Ref(PostArchives) },
  },
  byAuthor: {
    operationId: 'posts-by-author',
    summary: 'Count posts by author',
    description:
      'Those who have published most, with how often that was read and commented on. Posts whose ' +
      'author is gone are left out.',
    tags,
    querystring: StatisticsQuery,
    response: { 200: Ref(PostsByAuthor) },
  },
  byTag: {
    operationId: 'posts-by-tag',
    summary: 'Count posts by tag',
    description: 'The tags with the most published posts, with how often those were read.',
    tags,
    querystring: StatisticsQuery,
    response: { 200: Ref(PostsByTag) },
  },
} as const;

const config = { scope: 'posts:read' } as const;

/** What is counted of posts: published ones only, whoever asks. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/popular', { schema: operations.popular, config }, async ({ db, query }) => ({
    items: await listPopularPosts(db, query.limit),
  }));

  app.get('/archives', { schema: operations.archives, config }, async ({ db }) => ({
    items: await store.countPostsByMonth(db),
  }));

  app.get('/by-author', { schema: operations.byAuthor, config }, async ({ db, query }) => ({
    items: await store.countPostsByAuthor(db, query.limit),
  }));

  app.get('/by-tag', { schema: operations.byTag, config }, async ({ db, query }) => ({
    items: await store.countPostsByTag(db, query.limit),
  }));
};

export default routes;
