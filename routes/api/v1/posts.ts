import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { PostListQuery } from '#schemas/post-queries.js';
import {
  MAX_POSTS_PER_AUTHOR,
  Post,
  PostCreate,
  PostPage,
  PostParams,
  PostReplace,
  PostSlugParams,
  type PostStatus,
  PostUpdate,
  tag,
} from '#schemas/posts.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as changes from '#src/articles/services/post-changes.js';
import type { PostViews } from '#src/articles/services/post-views.js';
import * as posts from '#src/articles/services/posts.js';

const tags = [tag.name];

const ETAG_NOTE =
  'The `ETag` covers the whole response, but `If-Match` compares only the version in it, so ' +
  'a new view or a renamed author does not cause a 412';

const operations = {
  list: {
    operationId: 'posts-list',
    summary: 'List posts',
    description:
      'Returns posts without their text, newest first by default. Drafts are visible only ' +
      'to their author and to editors: list them with `status=draft`.',
    tags,
    querystring: PostListQuery,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(PostPage), 304: NotModified },
  },
  read: {
    operationId: 'posts-read',
    summary: 'Read a post',
    description:
      'Returns a post with its text. Drafts of other authors are visible only to editors; ' +
      `to everyone else they are not found. ${ETAG_NOTE}.`,
    tags,
    params: PostParams,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(Post), 304: NotModified },
  },
  readBySlug: {
    operationId: 'posts-read-by-slug',
    summary: 'Read a post by slug',
    description:
      'Returns the published post with this slug, as reading it by id does. If there is none, ' +
      'returns the draft with this slug that is visible to you, your own first. A former slug ' +
      'under which a post was published redirects to the current one with 301.',
    tags,
    params: PostSlugParams,
    headers: IfNoneMatchHeaders,
    response: {
      200: Ref(Post),
      301: Type.Null({ description: 'The post has a new slug' }),
      304: NotModified,
    },
  },
  create: {
    operationId: 'posts-create',
    summary: 'Create a post',
    description:
      'Creates a post with you as its author. It is a draft unless `status` is `published`. ' +
      `An author can have ${MAX_POSTS_PER_AUTHOR.toLocaleString('en')} posts, including those in ` +
      'the trash; beyond that, the response is 409.',
    tags,
    body: Ref(PostCreate),
    response: { 201: Ref(Post, { description: 'The post was created' }) },
  },
  replace: {
    operationId: 'posts-replace',
    summary: 'Replace a post',
    description:
      'Replaces all fields of a post. Omitted fields are reset to their defaults, except ' +
      'slug and status. A new status has the effect of `publish` or `unpublish`. Authors can change their own posts; editors can change ' +
      'any post.',
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
      'Changes the given fields. Omitted fields keep their values. A new status has the effect ' +
      'of `publish` or `unpublish`. Authors can change their own posts; editors can change ' +
      'any post.',
    tags,
    params: PostParams,
    headers: IfMatchHeaders,
    body: Ref(PostUpdate),
    response: { 200: Ref(Post) },
  },
  publish: {
    operationId: 'posts-publish',
    summary: 'Publish a post',
    description:
      'Makes a post visible to everyone. If another published post has its slug by now, a slug ' +
      'derived from the title gets a number; one that was given is refused with 409. A ' +
      'published post is not changed.',
    tags,
    params: withExamples(PostParams, { id: 5 }),
    headers: IfMatchHeaders,
    response: { 200: Ref(Post) },
  },
  unpublish: {
    operationId: 'posts-unpublish',
    summary: 'Unpublish a post',
    description:
      'Turns a post into a draft again, which also hides its comments. The publication time ' +
      'is lost. A draft is not changed.',
    tags,
    params: withExamples(PostParams, { id: 5 }),
    headers: IfMatchHeaders,
    response: { 200: Ref(Post) },
  },
  remove: {
    operationId: 'posts-delete',
    summary: 'Delete a post',
    description:
      'Moves a post to the trash, where it can be restored for 30 days. Authors can delete ' +
      'their own posts; editors can delete any post.',
    tags,
    params: withExamples(PostParams, { id: 4 }),
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The post was moved to the trash' }) },
  },
} as const;

const read = { scope: 'posts:read', reply: 'read' } as const;

export interface PostReadsOptions {
  /** Counts the views of posts. */
  views: PostViews;
}

/** The list of posts and single posts, which every version of the API has. */
export const postReads: FastifyPluginAsyncTypebox<PostReadsOptions> = async (app, { views }) => {
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
};

export interface PostRoutesOptions extends PostReadsOptions {
  /** The maximum number of requests per minute and IP address that create or change posts. */
  perMinute: number;
}

const routes: FastifyPluginAsyncTypebox<PostRoutesOptions> = async (app, options) => {
  const { views, perMinute } = options;
  const change = {
    scope: 'posts:write',
    limit: { perMinute, group: 'posts' },
    revokes: false,
  } as const;
  const write = { ...change, access: 'update', errors: [404, 409, 412] } as const;
  await app.register(postReads, { views });

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
      config: { ...change, access: 'create', errors: [409], reply: 'created' },
    },
    async (request, reply) => {
      const post = await changes.createPost(request.context(), request.body);
      return reply.created(`${app.prefix}/${post.id}`, post, posts.postTag(post));
    },
  );

  type Change = { Params: Static<typeof PostParams>; Body: PostUpdate };
  async function changePost(request: FastifyRequest<Change>, reply: FastifyReply) {
    const post = await changes.changePost(request.acting(), request.params.id, request.body);
    return reply.entity(post, posts.postTag(post));
  }

  // PUT and PATCH share a handler: validation fills in the fields that a PUT omits.
  app.put<Change>('/:id', { schema: operations.replace, config: write }, changePost);
  app.patch<Change>('/:id', { schema: operations.update, config: write }, changePost);

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

/** Counts a view, except of drafts, by HEAD requests and by prefetching browsers. */
function countView(
  views: PostViews,
  request: FastifyRequest,
  { id, status }: { id: number; status: string },
): void {
  if (status !== 'published' || request.method !== 'GET' || isPrefetch(request)) return;
  views.count(id, { address: request.address });
}

/** @see https://fetch.spec.whatwg.org/#sec-purpose-header */
function isPrefetch({ headers }: FastifyRequest): boolean {
  return /\bprefetch\b/.test(`${headers['sec-purpose'] ?? headers['purpose'] ?? ''}`);
}
