import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { agentOf } from '#plugins/sessions.js';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import {
  Post,
  PostCreate,
  PostListQuery,
  PostPage,
  PostParams,
  PostReplace,
  PostSlugParams,
  type PostStatus,
  PostUpdate,
  tag,
} from '#schemas/posts.js';
import { Ref } from '#schemas/types.js';
import * as changes from '#src/articles/services/post-changes.js';
import { PostViews } from '#src/articles/services/post-views.js';
import * as posts from '#src/articles/services/posts.js';

const tags = [tag.name];

const ETAG_NOTE =
  'The `ETag` names what is shown: its first number is the version, and `If-Match` looks at that ' +
  'alone, so that neither a view nor a new name of the author gets in the way of a change';

const operations = {
  list: {
    operationId: 'posts-list',
    summary: 'List posts',
    description:
      'Posts in pages, without their texts. Drafts are for their authors and for editors: ask for ' +
      'them with `status=draft`.',
    tags,
    querystring: PostListQuery,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(PostPage), 304: NotModified },
  },
  read: {
    operationId: 'posts-read',
    summary: 'Read a post',
    description: `A post with its text. Somebody else's draft is not found. ${ETAG_NOTE}.`,
    tags,
    params: PostParams,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(Post), 304: NotModified },
  },
  readBySlug: {
    operationId: 'posts-read-by-slug',
    summary: 'Read a post by its slug',
    description:
      'As by its number. A slug that the post had once leads, by 301, to the one that it has now.',
    tags,
    params: PostSlugParams,
    headers: IfNoneMatchHeaders,
    response: {
      200: Ref(Post),
      301: Type.Null({ description: 'The post has another slug now' }),
      304: NotModified,
    },
  },
  create: {
    operationId: 'posts-create',
    summary: 'Write a post',
    description: 'A post of your own, a draft unless `status` says otherwise.',
    tags,
    body: Ref(PostCreate),
    response: { 201: Ref(Post, { description: 'The post that was written' }) },
  },
  replace: {
    operationId: 'posts-replace',
    summary: 'Replace a post',
    description:
      'Writes the whole post; what is left out goes back to its default, except the slug. Authors ' +
      'change their own posts, editors all. Whether it is published stays as it is.',
    tags,
    params: PostParams,
    headers: IfMatchHeaders,
    body: Ref(PostReplace),
    response: { 200: Ref(Post) },
  },
  update: {
    operationId: 'posts-update',
    summary: 'Change a post',
    description:
      'Changes the fields that are given; what is left out stays, and so does the status, for which ' +
      'there are `publish` and `unpublish`. Authors change their own posts, editors all.',
    tags,
    params: PostParams,
    headers: IfMatchHeaders,
    body: Ref(PostUpdate),
    response: { 200: Ref(Post) },
  },
  publish: {
    operationId: 'posts-publish',
    summary: 'Publish a post',
    description: 'Shows the post to everyone from now on. One that is published stays as it is.',
    tags,
    params: PostParams,
    headers: IfMatchHeaders,
    response: { 200: Ref(Post) },
  },
  unpublish: {
    operationId: 'posts-unpublish',
    summary: 'Take a post back',
    description:
      'Makes a draft of the post again, with its comments; it loses the time of its publication. A ' +
      'draft stays as it is.',
    tags,
    params: PostParams,
    headers: IfMatchHeaders,
    response: { 200: Ref(Post) },
  },
  remove: {
    operationId: 'posts-delete',
    summary: 'Delete a post',
    description:
      'Puts the post into the trash, from where it can be restored for 30 days. Authors delete their ' +
      'own posts, editors all.',
    tags,
    params: PostParams,
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The post is in the trash' }) },
  },
} as const;

const read = { scope: 'posts:read', answers: 'read' } as const;
const write = { access: 'update', scope: 'posts:write', errors: [404, 409, 412] } as const;

export interface PostRoutesOptions {
  /** Names visitors without telling who they are. At least 32 characters. */
  visitorSecret: string;
}

const routes: FastifyPluginAsyncTypebox<PostRoutesOptions> = async (app, { visitorSecret }) => {
  const { db, clock, log } = app;
  const views = new PostViews({ db, clock, log, secret: visitorSecret });
  app.writeBehind(views);

  app.get('/', { schema: operations.list, config: read }, async (request, reply) => {
    const page = reply.read(await posts.listPosts(request.context(), request.query));
    return reply.page(page);
  });

  app.get(
    '/:id',
    { schema: operations.read, config: { ...read, errors: [404] } },
    async (request, reply) => {
      const { id } = request.params;
      const post = await posts.readPost(request.context(), id);
      countView(views, request, post.value);
      return reply.read(post);
    },
  );

  app.get(
    '/slug/:slug',
    { schema: operations.readBySlug, config: { ...read, errors: [404] } },
    async (request, reply) => {
      const { slug } = request.params;
      const post = await posts.readPostBySlug(request.context(), slug);
      const { value } = post;
      if (value.slug !== slug) return reply.redirect(`${app.prefix}/slug/${value.slug}`, 301);
      countView(views, request, value);
      return reply.read(post);
    },
  );

  app.post(
    '/',
    {
      schema: operations.create,
      config: {
        access: 'create',
        scope: 'posts:write',
        errors: [409],
        answers: 'created',
      },
    },
    async (request, reply) => {
      const post = await changes.createPost(request.context(), request.body);
      return reply.created(`${app.prefix}/${post.id}`, post, posts.postTag(post));
    },
  );

  type Change = { Params: Static<typeof PostParams>; Body: PostUpdate };
  async function change(request: FastifyRequest<Change>, reply: FastifyReply) {
    const post = await changes.changePost(request.acting(), request.params.id, request.body);
    return reply.entity(post, posts.postTag(post));
  }

  // The body of a PUT has every field: what was left out of it is there with its default.
  app.put<Change>('/:id', { schema: operations.replace, config: write }, change);
  app.patch<Change>('/:id', { schema: operations.update, config: write }, change);

  type StateChange = { Params: Static<typeof PostParams> };
  const setStatus =
    (status: PostStatus) => async (request: FastifyRequest<StateChange>, reply: FastifyReply) => {
      const post = await changes.setPostStatus(request.acting(), request.params.id, status);
      return reply.entity(post, posts.postTag(post));
    };

  app.post<StateChange>(
    '/:id/publish',
    { schema: operations.publish, config: write },
    setStatus('published'),
  );
  app.post<StateChange>(
    '/:id/unpublish',
    { schema: operations.unpublish, config: write },
    setStatus('draft'),
  );

  app.delete('/:id', { schema: operations.remove, config: write }, async (request, reply) => {
    const { id } = request.params;
    await changes.deletePost(request.acting(), id);
    reply.code(204);
  });
};

export default routes;

/** Counts a visit, unless nobody reads: a draft, a HEAD, what a browser fetches ahead. */
function countView(
  views: PostViews,
  request: FastifyRequest,
  { id, status }: { id: number; status: string },
): void {
  if (status !== 'published' || request.method !== 'GET' || isPrefetch(request)) return;
  views.count(id, { address: request.ip, userAgent: agentOf(request) });
}

/** @see https://fetch.spec.whatwg.org/#sec-purpose-header */
function isPrefetch({ headers }: FastifyRequest): boolean {
  return /\bprefetch\b/.test(`${headers['sec-purpose'] ?? headers['purpose'] ?? ''}`);
}
