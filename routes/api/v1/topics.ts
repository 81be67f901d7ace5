import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { PostPage } from '#schemas/posts.js';
import { TopicListQuery, TopicParams, TopicPostsQuery, TopicSlugParams } from '#schemas/topics.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as changes from '#src/articles/services/topic-changes.js';
import * as topics from '#src/articles/services/topics.js';
import type { TopicRow } from '#src/articles/stores/topic-tables.js';

type Named = TSchema & { $id: string };

/** How the documentation of categories differs from that of tags. */
export interface TopicDocument {
  noun: string;
  /** The plural of the noun: the prefix of the operationIds, and the tag. */
  plural: string;
  schemas: Record<'topic' | 'page' | 'create' | 'replace' | 'update', Named>;
  /** A sentence about their visibility; empty if all of them are public. */
  shown: string;
  /** A clause about the fields that a PUT omits. */
  replaced: string;
  /** What its posts lose when it is deleted. */
  left: string;
  /** The slug of one in the demo data, and the id of another to delete. */
  examples: { slug: string; idToDelete: number };
}

function operationsOf({ noun, plural, schemas, shown, replaced, left, examples }: TopicDocument) {
  const operation = (name: string) => ({ operationId: `${plural}-${name}`, tags: [plural] });
  const one = { 200: Ref(schemas.topic) };
  return {
    list: {
      ...operation('list'),
      summary: `List ${plural}`,
      description:
        `Returns ${plural} with their number of published posts. To find one by its slug, ` +
        `filter by \`slug\`. ${shown}`.trim(),
      querystring: TopicListQuery,
      headers: IfNoneMatchHeaders,
      response: { 200: Ref(schemas.page), 304: NotModified },
    },
    read: {
      ...operation('read'),
      summary: `Read a ${noun}`,
      description: `Returns a ${noun} with its number of published posts.`,
      params: TopicParams,
      headers: IfNoneMatchHeaders,
      response: { ...one, 304: NotModified },
    },
    posts: {
      ...operation('posts'),
      summary: `List the posts of a ${noun}`,
      description: `Returns the published posts of the ${noun} with this slug, without their text.`,
      params: withExamples(TopicSlugParams, { slug: examples.slug }),
      querystring: TopicPostsQuery,
      headers: IfNoneMatchHeaders,
      response: { 200: Ref(PostPage), 304: NotModified },
    },
    create: {
      ...operation('create'),
      summary: `Create a ${noun}`,
      description:
        `Creates a ${noun} (editors only). Responds with 409 if the name, ignoring case, or ` +
        'the slug is taken.',
      body: Ref(schemas.create),
      response: {
        201: Ref(schemas.topic, { description: `The ${noun} was created` }),
      },
    },
    replace: {
      ...operation('replace'),
      summary: `Replace a ${noun}`,
      description:
        `Replaces all fields of a ${noun} (editors only). ${replaced}. \`If-Match\` ` +
        'compares only the version, so a new post does not cause a 412.',
      params: TopicParams,
      headers: IfMatchHeaders,
      body: Ref(schemas.replace),
      response: one,
    },
    update: {
      ...operation('update'),
      summary: `Change a ${noun}`,
      description: 'Changes the given fields (editors only). Omitted fields keep their values.',
      params: TopicParams,
      headers: IfMatchHeaders,
      body: Ref(schemas.update),
      response: one,
    },
    remove: {
      ...operation('delete'),
      summary: `Delete a ${noun}`,
      description: `Deletes a ${noun} (editors only). Its posts are kept, without ${left}.`,
      params: withExamples(TopicParams, { id: examples.idToDelete }),
      headers: IfMatchHeaders,
      response: { 204: Type.Null({ description: `The ${noun} was deleted` }) },
    },
  };
}

const read = { scope: 'posts:read', reply: 'read' } as const;
const edit = { access: 'delete', scope: 'posts:write', errors: [404, 409, 412] } as const;

export interface TopicRoutesOptions {
  /** The maximum number of requests per minute and IP address that change categories and tags. */
  perMinute: number;
}

/** The routes of categories or tags. */
export function topicRoutes<Row extends TopicRow>(
  kind: topics.TopicKind<Row>,
  document: TopicDocument,
): FastifyPluginAsyncTypebox<TopicRoutesOptions> {
  const operations = operationsOf(document);

  return async (app, { perMinute }) => {
    const write = { ...edit, limit: { perMinute, group: 'topics' }, revokes: false } as const;

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
        config: { ...write, errors: [409], reply: 'created' },
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

    // PUT and PATCH share a handler: validation fills in the fields that a PUT omits.
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
