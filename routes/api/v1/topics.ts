import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { PostPage } from '#schemas/posts.js';
import { TopicListQuery, TopicParams, TopicPostsQuery, TopicSlugParams } from '#schemas/topics.js';
import { Ref } from '#schemas/types.js';
import * as changes from '#src/articles/services/topic-changes.js';
import * as topics from '#src/articles/services/topics.js';
import type { TopicRow } from '#src/articles/stores/topic-tables.js';

type Named = TSchema & { $id: string };

/** What the documents of categories and of tags say differently. */
export interface TopicDocument {
  noun: string;
  /** Several of them: the first part of their operations' names, and their tag. */
  plural: string;
  schemas: Record<'topic' | 'page' | 'create' | 'replace' | 'update', Named>;
  /** Which of them everyone is shown, if not all. */
  shown: string;
  /** What becomes of a field that a PUT leaves out. */
  replaced: string;
  /** What becomes of the posts when it is deleted. */
  left: string;
}

function operationsOf({ noun, plural, schemas, shown, replaced, left }: TopicDocument) {
  const operation = (name: string) => ({ operationId: `${plural}-${name}`, tags: [plural] });
  const one = { 200: Ref(schemas.topic) };
  return {
    list: {
      ...operation('list'),
      summary: `List ${plural}`,
      description:
        `The ${plural} in pages, each with the number of its published posts. The one of a slug is ` +
        `found by \`slug\`. ${shown}`.trim(),
      querystring: TopicListQuery,
      headers: IfNoneMatchHeaders,
      response: { 200: Ref(schemas.page), 304: NotModified },
    },
    read: {
      ...operation('read'),
      summary: `Read a ${noun}`,
      description: `One ${noun}, with the number of its published posts.`,
      params: TopicParams,
      headers: IfNoneMatchHeaders,
      response: { ...one, 304: NotModified },
    },
    posts: {
      ...operation('posts'),
      summary: `List the posts of a ${noun}`,
      description: `The published posts of the ${noun} with this slug, in pages.`,
      params: TopicSlugParams,
      querystring: TopicPostsQuery,
      headers: IfNoneMatchHeaders,
      response: { 200: Ref(PostPage), 304: NotModified },
    },
    create: {
      ...operation('create'),
      summary: `Create a ${noun}`,
      description: 'For editors. A name that is taken, in any case, or a slug is refused with 409.',
      body: Ref(schemas.create),
      response: {
        201: Ref(schemas.topic, { description: `The ${noun} that was created` }),
      },
    },
    replace: {
      ...operation('replace'),
      summary: `Replace a ${noun}`,
      description:
        `For editors. Writes the whole ${noun}; ${replaced}. \`If-Match\` looks at the version ` +
        'alone: a post more does not get in the way.',
      params: TopicParams,
      headers: IfMatchHeaders,
      body: Ref(schemas.replace),
      response: one,
    },
    update: {
      ...operation('update'),
      summary: `Change a ${noun}`,
      description: 'For editors. Changes the fields that are given; what is left out stays.',
      params: TopicParams,
      headers: IfMatchHeaders,
      body: Ref(schemas.update),
      response: one,
    },
    remove: {
      ...operation('delete'),
      summary: `Delete a ${noun}`,
      description: `For editors. Its posts stay, without ${left}.`,
      params: TopicParams,
      headers: IfMatchHeaders,
      response: { 204: Type.Null({ description: `The ${noun} is gone` }) },
    },
  };
}

const read = { scope: 'posts:read', answers: 'read' } as const;
const write = { access: 'delete', scope: 'posts:write', errors: [404, 409, 412] } as const;

/** The routes of categories or of tags. */
export function topicRoutes<Row extends TopicRow>(
  kind: topics.TopicKind<Row>,
  document: TopicDocument,
): FastifyPluginAsyncTypebox {
  const operations = operationsOf(document);

  return async (app) => {
    app.get('/', { schema: operations.list, config: read }, async (request, reply) => {
      const page = await topics.listTopics(request.context(), kind, request.query);
      return reply.page(reply.read(page));
    });

    app.get(
      '/:id',
      { schema: operations.read, config: { ...read, errors: [404] } },
      async (request, reply) => {
        return reply.read(await topics.readTopic(request.context(), kind, request.params.id));
      },
    );

    app.get(
      '/:slug/posts',
      { schema: operations.posts, config: { ...read, errors: [404] } },
      async (request, reply) => {
        const { slug } = request.params;
        const page = await topics.listPostsOf(request.context(), kind, slug, request.query);
        return reply.page(reply.read(page));
      },
    );

    app.post<{ Body: changes.WrittenTopic }>(
      '/',
      {
        schema: operations.create,
        config: { ...write, errors: [409], answers: 'created' },
      },
      async (request, reply) => {
        const topic = await changes.createTopic(request.context(), kind, request.body);
        return reply.created(`${app.prefix}/${topic.id}`, topic, topics.topicTag(topic));
      },
    );

    type Change = { Params: Static<typeof TopicParams>; Body: Partial<changes.WrittenTopic> };
    async function change(request: FastifyRequest<Change>, reply: FastifyReply) {
      const { params, body } = request;
      const topic = await changes.changeTopic(request.context(), kind, params.id, body);
      return reply.entity(topic, topics.topicTag(topic));
    }

    // The body of a PUT has every field: what was left out of it is there with its default.
    app.put<Change>('/:id', { schema: operations.replace, config: write }, change);
    app.patch<Change>('/:id', { schema: operations.update, config: write }, change);

    app.delete(
      '/:id',
      { schema: operations.remove, config: { ...write, errors: [404, 412] } },
      async (request, reply) => {
        const { id } = request.params;
        await changes.deleteTopic(request.context(), kind, id);
        reply.code(204);
      },
    );
  };
}
