import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  Comment,
  CommentListQuery,
  CommentModeration,
  CommentNodePage,
  CommentPage,
  CommentParams,
  CommentsModerated,
  CommentTreeQuery,
  CommentUpdate,
  EDIT_WINDOW_MINUTES,
  type Moderation,
  tag,
} from '#schemas/comments.js';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { Ref, withExamples } from '#schemas/types.js';
import { deleteComment, editComment } from '#src/articles/services/comment-changes.js';
import { decide, moderateComments } from '#src/articles/services/comment-moderation.js';
import * as comments from '#src/articles/services/comments.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'comments-list',
    summary: 'List all comments',
    description:
      'Returns the comments on all posts as a flat list, newest first (editors only). ' +
      '`is_approved=false&is_rejected=false` finds the pending comments.',
    tags,
    querystring: CommentListQuery,
    response: { 200: Ref(CommentPage) },
  },
  read: {
    operationId: 'comments-read',
    summary: 'Read a comment',
    description:
      'Returns a comment. Comments that are not approved are visible only to their author ' +
      'and to editors; deleted comments are not found.',
    tags,
    params: CommentParams,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(Comment), 304: NotModified },
  },
  replies: {
    operationId: 'comments-list-replies',
    summary: 'List replies to a comment',
    description:
      'Returns the replies to a comment, each with all its replies, in the same form as the ' +
      'comments on a post. Use it to continue where `has_more_replies` is true.',
    tags,
    params: CommentParams,
    querystring: CommentTreeQuery,
    response: { 200: Ref(CommentNodePage) },
  },
  update: {
    operationId: 'comments-update',
    summary: 'Edit a comment',
    description:
      `Changes the text of your own comment, within ${EDIT_WINDOW_MINUTES} minutes after ` +
      'its creation. Unless you are an editor, the comment must then be approved again; until ' +
      'then, an empty placeholder takes its place for others if it has replies.',
    tags,
    // The author's own: that of `post-comments-create`.
    params: withExamples(CommentParams, { id: 6 }),
    headers: IfMatchHeaders,
    body: Ref(CommentUpdate),
    response: { 200: Ref(Comment) },
  },
  remove: {
    operationId: 'comments-delete',
    summary: 'Delete a comment',
    description:
      'Moves a comment to the trash. Authors can delete their own comments; editors can ' +
      'delete any comment. If the comment has replies, an empty placeholder takes its place.',
    tags,
    params: withExamples(CommentParams, { id: 3 }),
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The comment was moved to the trash' }) },
  },
  approve: {
    operationId: 'comments-approve',
    summary: 'Approve a comment',
    description:
      'Makes a comment visible to everyone. With `If-Match`, only the version that you read ' +
      'is approved.',
    tags,
    params: withExamples(CommentParams, { id: 4 }),
    headers: IfMatchHeaders,
    response: { 200: Ref(Comment) },
  },
  reject: {
    operationId: 'comments-reject',
    summary: 'Reject a comment',
    description:
      'Hides a comment from everyone except its author and editors. Approved replies to it ' +
      'stay visible, below an empty placeholder.',
    tags,
    params: withExamples(CommentParams, { id: 4 }),
    headers: IfMatchHeaders,
    response: { 200: Ref(Comment) },
  },
  moderate: {
    operationId: 'comments-moderate',
    summary: 'Moderate comments in bulk',
    description:
      'Approves, rejects or deletes several comments at once, each in the version that you ' +
      'have read. If any of them has changed since, none is changed, and the response is 412 ' +
      'with the versions that are out of date. Comments that do not exist are reported in the ' +
      'response and do not affect the others.',
    tags,
    body: Ref(CommentModeration),
    response: { 200: Ref(CommentsModerated) },
  },
} as const;

const read = { scope: 'posts:read', errors: [404] } as const;

export interface CommentRoutesOptions {
  /** The maximum number of requests per minute and IP address that change comments. */
  perMinute: number;
}

/** Single comments, replies and moderation. */
const routes: FastifyPluginAsyncTypebox<CommentRoutesOptions> = async (app, { perMinute }) => {
  const write = {
    access: 'update',
    scope: 'comments:write',
    errors: [404, 409, 412],
    limit: { perMinute, group: 'comments' },
    revokes: false,
  } as const;
  const moderate = { ...write, access: 'delete' } as const;

  app.get(
    '/',
    { schema: operations.list, config: { access: 'delete', scope: 'comments:write' } },
    async (request, reply) => {
      const page = await comments.listComments(request.acting(), request.query);
      return reply.page(page);
    },
  );

  app.get('/:id', { schema: operations.read, config: read }, async (request, reply) => {
    const comment = await comments.readComment(request.context(), request.params.id);
    return reply.entity(comment, comments.commentTag(comment));
  });

  app.get('/:id/replies', { schema: operations.replies, config: read }, async (request, reply) => {
    const { params, query } = request;
    const page = await comments.listReplies(request.context(), params.id, query);
    return reply.page(page);
  });

  app.patch('/:id', { schema: operations.update, config: write }, async (request, reply) => {
    const comment = await editComment(request.acting(), request.params.id, request.body.content);
    return reply.entity(comment, comments.commentTag(comment));
  });

  app.delete('/:id', { schema: operations.remove, config: write }, async (request, reply) => {
    await deleteComment(request.acting(), request.params.id);
    reply.code(204);
  });

  type Verdict = { Params: Static<typeof CommentParams> };
  const deciding =
    (verdict: Exclude<Moderation, 'delete'>) =>
    async (request: FastifyRequest<Verdict>, reply: FastifyReply) => {
      const comment = await decide(request.acting(), request.params.id, verdict);
      return reply.entity(comment, comments.commentTag(comment));
    };
  app.post<Verdict>(
    '/:id/approve',
    { schema: operations.approve, config: moderate },
    deciding('approve'),
  );
  app.post<Verdict>(
    '/:id/reject',
    { schema: operations.reject, config: moderate },
    deciding('reject'),
  );

  app.post(
    '/moderate',
    { schema: operations.moderate, config: { ...moderate, errors: [409, 412] } },
    async (request) => {
      return moderateComments(request.acting(), request.body);
    },
  );
};

export default routes;
