import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  Category,
  CategoryCreate,
  CategoryPage,
  CategoryReplace,
  CategoryUpdate,
} from '../../../schemas/categories.js';
import { IfMatchHeaders, IfNoneMatchHeaders } from '../../../schemas/headers.js';
import { PostPage } from '../../../schemas/posts.js';
import {
  TopicListQuery,
  TopicParams,
  TopicPostsQuery,
  TopicSlugParams,
} from '../../../schemas/topics.js';
import { Ref } from '../../../schemas/types.js';
import { linkHeader } from '../../../src/lib/link-header.js';
import { categories } from '../../../src/services/categories.js';
import * as changes from '../../../src/services/topic-changes.js';
import * as topics from '../../../src/services/topics.js';

const tags = ['categories'];

const notModified = Type.Null({ description: 'The client has it already' });

const operations = {
  list: {
    operationId: 'categories-list',
    summary: 'List categories',
    description:
      'The categories in pages, each with the number of its published posts. The one of a slug is ' +
      'found by `slug`.',
    tags,
    querystring: TopicListQuery,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(CategoryPage), 304: notModified },
  },
  read: {
    operationId: 'categories-read',
    summary: 'Read a category',
    description: 'One category, with the number of its published posts.',
    tags,
    params: TopicParams,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(Category), 304: notModified },
  },
  posts: {
    operationId: 'categories-posts',
    summary: 'List the posts of a category',
    description: 'The published posts of the category with this slug, in pages.',
    tags,
    params: TopicSlugParams,
    querystring: TopicPostsQuery,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(PostPage), 304: notModified },
  },
  create: {
    operationId: 'categories-create',
    summary: 'Create a category',
    description: 'For editors. A name that is taken, in any case, or a slug is refused with 409.',
    tags,
    body: Ref(CategoryCreate),
    response: { 201: Ref(Category, { description: 'The category that was created' }) },
  },
  replace: {
    operationId: 'categories-replace',
    summary: 'Replace a category',
    description:
      'For editors. Writes the whole category; what is left out goes back to its default, except ' +
      'the slug. `If-Match` looks at the version alone: a post more does not get in the way.',
    tags,
    params: TopicParams,
    headers: IfMatchHeaders,
    body: Ref(CategoryReplace),
    response: { 200: Ref(Category) },
  },
  update: {
    operationId: 'categories-update',
    summary: 'Change a category',
    description: 'For editors. Changes the fields that are given; what is left out stays.',
    tags,
    params: TopicParams,
    headers: IfMatchHeaders,
    body: Ref(CategoryUpdate),
    response: { 200: Ref(Category) },
  },
  remove: {
    operationId: 'categories-delete',
    summary: 'Delete a category',
    description: 'For editors. Its posts stay, without a category.',
    tags,
    params: TopicParams,
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The category is gone' }) },
  },
} as const;

const read = { scope: 'posts:read', sends: ['X-Cache'] } as const;
const write = { access: 'delete', scope: 'posts:write', errors: [404, 409, 412] } as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const sourceOf = ({ db }: FastifyRequest) => ({ db, sharedReads: app.sharedReads });

  app.get('/', { schema: operations.list, config: read }, async (request, reply) => {
    const page = reply.read(
      await topics.listTopics(sourceOf(request), request.viewer, categories, request.query),
    );
    reply.header('link', linkHeader(request.url, page));
    return page;
  });

  app.get(
    '/:id',
    { schema: operations.read, config: { ...read, errors: [404] } },
    async (request, reply) => {
      const { id } = request.params;
      return reply.read(await topics.readTopic(sourceOf(request), request.viewer, categories, id));
    },
  );

  app.get(
    '/:slug/posts',
    { schema: operations.posts, config: { ...read, errors: [404] } },
    async (request, reply) => {
      const { params, query } = request;
      const page = reply.read(
        await topics.listPostsOf(app.sharedReads, categories, params.slug, query),
      );
      reply.header('link', linkHeader(request.url, page));
      return page;
    },
  );

  app.post(
    '/',
    {
      schema: operations.create,
      config: { ...write, errors: [409], sends: ['Location', 'ETag'] },
    },
    async (request, reply) => {
      const { db, body } = request;
      const category = await changes.createTopic(db, request.origin(), categories, body);
      reply
        .code(201)
        .header('location', `${app.prefix}/${category.id}`)
        .header('etag', topics.topicTag(category));
      return category;
    },
  );

  type Change = { Params: Static<typeof TopicParams>; Body: CategoryUpdate };
  async function change(request: FastifyRequest<Change>, reply: FastifyReply) {
    const { db, params, body, headers } = request;
    const precondition = { ifMatch: headers['if-match'] };
    const origin = request.origin();
    const category = await changes.changeTopic(
      db,
      origin,
      categories,
      params.id,
      body,
      precondition,
    );
    reply.header('etag', topics.topicTag(category));
    return category;
  }

  // The body of a PUT has every field: what was left out of it is there with its default.
  app.put<Change>('/:id', { schema: operations.replace, config: write }, change);
  app.patch<Change>('/:id', { schema: operations.update, config: write }, change);

  app.delete(
    '/:id',
    { schema: operations.remove, config: { ...write, errors: [404, 412] } },
    async (request, reply) => {
      const precondition = { ifMatch: request.headers['if-match'] };
      const { id } = request.params;
      await changes.deleteTopic(request.db, request.origin(), categories, id, precondition);
      reply.code(204);
    },
  );
};

export default routes;
