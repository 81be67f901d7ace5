import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IfMatchHeaders, IfNoneMatchHeaders } from '../../../schemas/headers.js';
import { PostPage } from '../../../schemas/posts.js';
import { Tag, TagCreate, TagPage, TagReplace, TagUpdate } from '../../../schemas/tags.js';
import {
  TopicListQuery,
  TopicParams,
  TopicPostsQuery,
  TopicSlugParams,
} from '../../../schemas/topics.js';
import { Ref } from '../../../schemas/types.js';
import { linkHeader } from '../../../src/lib/link-header.js';
import { tags } from '../../../src/services/tags.js';
import * as changes from '../../../src/services/topic-changes.js';
import * as topics from '../../../src/services/topics.js';

const documentTags = ['tags'];

const notModified = Type.Null({ description: 'The client has it already' });

const operations = {
  list: {
    operationId: 'tags-list',
    summary: 'List tags',
    description:
      'The tags in pages, each with the number of its published posts. The one of a slug is ' +
      'found by `slug`.',
    tags: documentTags,
    querystring: TopicListQuery,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(TagPage), 304: notModified },
  },
  read: {
    operationId: 'tags-read',
    summary: 'Read a tag',
    description: 'One tag, with the number of its published posts.',
    tags: documentTags,
    params: TopicParams,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(Tag), 304: notModified },
  },
  posts: {
    operationId: 'tags-posts',
    summary: 'List the posts of a tag',
    description: 'The published posts of the tag with this slug, in pages.',
    tags: documentTags,
    params: TopicSlugParams,
    querystring: TopicPostsQuery,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(PostPage), 304: notModified },
  },
  create: {
    operationId: 'tags-create',
    summary: 'Create a tag',
    description: 'For editors. A name that is taken, in any case, or a slug is refused with 409.',
    tags: documentTags,
    body: Ref(TagCreate),
    response: { 201: Ref(Tag, { description: 'The tag that was created' }) },
  },
  replace: {
    operationId: 'tags-replace',
    summary: 'Replace a tag',
    description:
      'For editors. Writes the whole tag; the slug stays if it is left out. ' +
      '`If-Match` looks at the version alone: a post more does not get in the way.',
    tags: documentTags,
    params: TopicParams,
    headers: IfMatchHeaders,
    body: Ref(TagReplace),
    response: { 200: Ref(Tag) },
  },
  update: {
    operationId: 'tags-update',
    summary: 'Change a tag',
    description: 'For editors. Changes the fields that are given; what is left out stays.',
    tags: documentTags,
    params: TopicParams,
    headers: IfMatchHeaders,
    body: Ref(TagUpdate),
    response: { 200: Ref(Tag) },
  },
  remove: {
    operationId: 'tags-delete',
    summary: 'Delete a tag',
    description: 'For editors. Its posts stay, without it.',
    tags: documentTags,
    params: TopicParams,
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The tag is gone' }) },
  },
} as const;

const read = { scope: 'posts:read', sends: ['X-Cache'] } as const;
const write = { access: 'delete', scope: 'posts:write', errors: [404, 409, 412] } as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const sourceOf = ({ db }: FastifyRequest) => ({ db, sharedReads: app.sharedReads });

  app.get('/', { schema: operations.list, config: read }, async (request, reply) => {
    const page = reply.read(
      await topics.listTopics(sourceOf(request), request.viewer, tags, request.query),
    );
    reply.header('link', linkHeader(request.url, page));
    return page;
  });

  app.get(
    '/:id',
    { schema: operations.read, config: { ...read, errors: [404] } },
    async (request, reply) => {
      const { id } = request.params;
      return reply.read(await topics.readTopic(sourceOf(request), request.viewer, tags, id));
    },
  );

  app.get(
    '/:slug/posts',
    { schema: operations.posts, config: { ...read, errors: [404] } },
    async (request, reply) => {
      const { params, query } = request;
      const page = reply.read(await topics.listPostsOf(app.sharedReads, tags, params.slug, query));
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
      const tag = await changes.createTopic(db, request.origin(), tags, body);
      reply
        .code(201)
        .header('location', `${app.prefix}/${tag.id}`)
        .header('etag', topics.topicTag(tag));
      return tag;
    },
  );

  type Change = { Params: Static<typeof TopicParams>; Body: TagUpdate };
  async function change(request: FastifyRequest<Change>, reply: FastifyReply) {
    const { db, params, body, headers } = request;
    const precondition = { ifMatch: headers['if-match'] };
    const origin = request.origin();
    const tag = await changes.changeTopic(db, origin, tags, params.id, body, precondition);
    reply.header('etag', topics.topicTag(tag));
    return tag;
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
      await changes.deleteTopic(request.db, request.origin(), tags, id, precondition);
      reply.code(204);
    },
  );
};

export default routes;
