import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  Comment,
  CommentCreate,
  CommentNodePage,
  CommentTreeQuery,
  MAX_COMMENTS,
  MAX_COMMENTS_PER_AUTHOR,
  MAX_LEVELS,
  PostCommentParams,
  tag,
} from '#schemas/comments.js';
import { IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { MAX_PAGE_BYTES } from '#schemas/paging.js';
import { PostParams } from '#schemas/posts.js';
import { Ref } from '#schemas/types.js';
import { createComment } from '#src/articles/services/comment-changes.js';
import { commentTag, listThreads, readComment } from '#src/articles/services/comments.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'post-comments-list',
    summary: 'List comments on a post',
    description:
      'Returns the comment threads of a post, each with all its replies, as a tree or a ' +
      `flat list. A response contains at most ${MAX_COMMENTS} comments, at most ` +
      `${MAX_PAGE_BYTES.toLocaleString('en')} bytes of them, and a tree at most ${MAX_LEVELS} ` +
      'levels of replies. The deepest replies are cut off; `has_more_replies` marks comments ' +
      'with replies that are missing. A comment that was deleted, or that you cannot see, stays ' +
      'as an empty placeholder while you see replies to it.',
    tags,
    params: PostParams,
    querystring: CommentTreeQuery,
    response: { 200: Ref(CommentNodePage) },
  },
  read: {
    operationId: 'post-comments-read',
    summary: 'Read a comment on a post',
    description:
      'Returns a comment, as reading it by its id alone does, if it is a comment on this post.',
    tags,
    params: PostCommentParams,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(Comment), 304: NotModified },
  },
  create: {
    operationId: 'post-comments-create',
    summary: 'Comment on a post',
    description:
      'Creates a comment on a post, or a reply if `parent_id` is set. Comments by editors ' +
      'are approved immediately. Until approved, all others are visible only to their ' +
      'author and to editors. An author can have ' +
      `${MAX_COMMENTS_PER_AUTHOR.toLocaleString('en')} comments, including those in the trash; ` +
      'beyond that, the response is 409.',
    tags,
    params: PostParams,
    body: Ref(CommentCreate),
    response: { 201: Ref(Comment, { description: 'The comment was created' }) },
  },
} as const;

export interface PostCommentsOptions {
  /** The maximum number of new comments per minute and IP address. */
  perMinute: number;
  /** The path prefix of a single comment. */
  commentsPrefix: string;
}

/** The comments on a post. */
const routes: FastifyPluginAsyncTypebox<PostCommentsOptions> = async (app, options) => {
  const { perMinute, commentsPrefix } = options;

  app.get(
    '/:id/comments',
    { schema: operations.list, config: { scope: 'posts:read', errors: [404] } },
    async (request, reply) => {
      const { params, query } = request;
      const page = await listThreads(request.context(), params.id, query);
      return reply.page(page);
    },
  );

  app.get(
    '/:id/comments/:comment_id',
    { schema: operations.read, config: { scope: 'posts:read', errors: [404] } },
    async (request, reply) => {
      const { id, comment_id } = request.params;
      const comment = await readComment(request.context(), comment_id, { post: id });
      return reply.entity(comment, commentTag(comment));
    },
  );

  app.post(
    '/:id/comments',
    {
      schema: operations.create,
      config: {
        revokes: false,
        access: 'create',
        scope: 'comments:write',
        errors: [404, 409],
        reply: 'created',
        limit: { perMinute },
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      const comment = await createComment(request.acting(), params.id, body);
      return reply.created(`${commentsPrefix}/${comment.id}`, comment, commentTag(comment));
    },
  );
};

export default routes;
