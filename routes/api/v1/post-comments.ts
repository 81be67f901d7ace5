import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  Comment,
  CommentCreate,
  CommentNodePage,
  CommentTreeQuery,
  MAX_COMMENTS,
  MAX_LEVELS,
  tag,
} from '#schemas/comments.js';
import { PostParams } from '#schemas/posts.js';
import { Ref } from '#schemas/types.js';
import { createComment } from '#src/articles/services/comment-changes.js';
import { commentTag, listThreads } from '#src/articles/services/comments.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'post-comments-list',
    summary: 'List the comments on a post',
    description:
      'The threads of a post in pages, each with all that stands beneath it, as a tree or flat. An ' +
      `answer has at most ${MAX_COMMENTS} comments, and a tree ${MAX_LEVELS} levels of replies; what ` +
      'is cut is the deepest, and a comment that lacks replies says so by `has_more_replies`. One ' +
      'that was deleted keeps its place, empty, while there are replies to it.',
    tags,
    params: PostParams,
    querystring: CommentTreeQuery,
    response: { 200: Ref(CommentNodePage) },
  },
  create: {
    operationId: 'post-comments-create',
    summary: 'Comment on a post',
    description:
      'Writes a comment on the post, or with `parent_id` a reply to one. What an editor writes is ' +
      'approved at once; everything else waits, and is seen only by who wrote it and by editors.',
    tags,
    params: PostParams,
    body: Ref(CommentCreate),
    response: { 201: Ref(Comment, { description: 'The comment that was written' }) },
  },
} as const;

export interface PostCommentsOptions {
  /** How many comments may be written a minute from one address. */
  perMinute: number;
  /** Where a single comment is found. */
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

  app.post(
    '/:id/comments',
    {
      schema: operations.create,
      config: {
        access: 'create',
        scope: 'comments:write',
        errors: [404, 409],
        answers: 'created',
        rateLimit: { max: perMinute, timeWindow: '1 minute' },
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
