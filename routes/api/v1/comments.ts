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
import { Ref } from '#schemas/types.js';
import { deleteComment, editComment } from '#src/articles/services/comment-changes.js';
import { decide, moderateComments } from '#src/articles/services/comment-moderation.js';
import * as comments from '#src/articles/services/comments.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'comments-list',
    summary: 'List all comments',
    description:
      'The comments on all posts, for editors: the newest first, one after the other. Those that ' +
      'wait for a decision are found by `is_approved=false&is_rejected=false`.',
    tags,
    querystring: CommentListQuery,
    response: { 200: Ref(CommentPage) },
  },
  read: {
    operationId: 'comments-read',
    summary: 'Read a comment',
    description:
      'One comment. What waits for a decision is seen by who wrote it and by editors; what was ' +
      'deleted is not found.',
    tags,
    params: CommentParams,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(Comment), 304: NotModified },
  },
  replies: {
    operationId: 'comments-list-replies',
    summary: 'List the replies to a comment',
    description:
      'The replies to a comment in pages, each with all that stands beneath it, as the comments on a ' +
      'post are listed: the way on from a comment that has more replies.',
    tags,
    params: CommentParams,
    querystring: CommentTreeQuery,
    response: { 200: Ref(CommentNodePage) },
  },
  update: {
    operationId: 'comments-update',
    summary: 'Edit a comment',
    description:
      `Gives your own comment another text, within ${EDIT_WINDOW_MINUTES} minutes after it was ` +
      'written. Unless you are an editor, it then waits to be approved, again too.',
    tags,
    params: CommentParams,
    headers: IfMatchHeaders,
    body: Ref(CommentUpdate),
    response: { 200: Ref(Comment) },
  },
  remove: {
    operationId: 'comments-delete',
    summary: 'Delete a comment',
    description:
      'Puts the comment into the trash: authors their own, editors all. If there are replies to it, ' +
      'an empty comment keeps its place.',
    tags,
    params: CommentParams,
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The comment is in the trash' }) },
  },
  approve: {
    operationId: 'comments-approve',
    summary: 'Approve a comment',
    description:
      'Shows the comment to everyone. With `If-Match` only if it is still as you have read it.',
    tags,
    params: CommentParams,
    headers: IfMatchHeaders,
    response: { 200: Ref(Comment) },
  },
  reject: {
    operationId: 'comments-reject',
    summary: 'Reject a comment',
    description:
      'Hides the comment, and all that stands beneath it, from everyone but its author and editors.',
    tags,
    params: CommentParams,
    headers: IfMatchHeaders,
    response: { 200: Ref(Comment) },
  },
  moderate: {
    operationId: 'comments-moderate',
    summary: 'Moderate many comments',
    description:
      'Approves, rejects or deletes many comments at once. Those that do not exist are named in the ' +
      'answer, and are in the way of none of the others.',
    tags,
    body: Ref(CommentModeration),
    response: { 200: Ref(CommentsModerated) },
  },
} as const;

const read = { scope: 'posts:read', errors: [404] } as const;
const write = { access: 'update', scope: 'comments:write', errors: [404, 409, 412] } as const;
const moderate = { ...write, access: 'delete' } as const;

/** Comments, on whatever post. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
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
    { schema: operations.moderate, config: { ...moderate, errors: [409] } },
    async (request) => {
      return moderateComments(request.acting(), request.body);
    },
  );
};

export default routes;
