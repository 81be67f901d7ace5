import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { ProjectTaskParams, tag } from '#schemas/project-tasks.js';
import {
  MAX_COMMENTS_PER_TASK,
  TaskComment,
  TaskCommentCreate,
  TaskCommentListQuery,
  TaskCommentPage,
  TaskCommentParams,
  TaskCommentUpdate,
} from '#schemas/task-comments.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as comments from '#src/work/services/task-comments.js';
import { type TaskWriteOptions, taskWrite } from './task-writes.js';

const tags = [tag.name];

/** The demo comments: each example changes one of its own. */
const withComment = (comment_id: number) =>
  withExamples(TaskCommentParams, { task_id: 6, comment_id });

const operations = {
  list: {
    operationId: 'task-comments-list',
    summary: 'List the comments on a task',
    description: 'Returns the comments on a task of a project, oldest first.',
    tags,
    params: withExamples(ProjectTaskParams, { task_id: 6 }),
    querystring: TaskCommentListQuery,
    response: { 200: Ref(TaskCommentPage) },
  },
  read: {
    operationId: 'task-comments-read',
    summary: 'Read a comment on a task',
    description: 'Returns a comment on a task of a project that you are a member of.',
    tags,
    params: withComment(1),
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(TaskComment), 304: NotModified },
  },
  create: {
    operationId: 'task-comments-create',
    summary: 'Comment on a task',
    description:
      'Creates a comment. You watch the task from then on, and so do the members whom you mention ' +
      'as `@username`, unless they have stopped watching it. A task has at most ' +
      `${MAX_COMMENTS_PER_TASK.toLocaleString('en')} comments. For members, not for viewers.`,
    tags,
    params: withExamples(ProjectTaskParams, { task_id: 6 }),
    body: Ref(TaskCommentCreate),
    response: { 201: Ref(TaskComment, { description: 'The comment was created' }) },
  },
  update: {
    operationId: 'task-comments-update',
    summary: 'Edit a comment on a task',
    description: 'Changes the text of your own comment.',
    tags,
    params: withComment(1),
    headers: IfMatchHeaders,
    body: Ref(TaskCommentUpdate),
    response: { 200: Ref(TaskComment) },
  },
  remove: {
    operationId: 'task-comments-delete',
    summary: 'Delete a comment on a task',
    description:
      'Deletes a comment permanently. Authors delete their own, owners of the project any.',
    tags,
    params: withComment(2),
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The comment was deleted' }) },
  },
} as const;

const read = { access: 'user', scope: 'projects:read', errors: [404] } as const;

/** Comments on tasks of projects. */
const routes: FastifyPluginAsyncTypebox<TaskWriteOptions> = async (app, options) => {
  const write = taskWrite(options);

  app.get('/', { schema: operations.list, config: read }, async (request, reply) => {
    const { params, query } = request;
    return reply.page(await comments.listTaskComments(request.acting(), params, query));
  });

  app.get('/:comment_id', { schema: operations.read, config: read }, async (request, reply) => {
    const comment = await comments.readTaskComment(request.acting(), request.params);
    return reply.entity(comment, comments.taskCommentTag(comment));
  });

  app.post(
    '/',
    { schema: operations.create, config: { ...write, errors: [404, 409], reply: 'created' } },
    async (request, reply) => {
      const { params, body } = request;
      const comment = await comments.createTaskComment(request.acting(), params, body.content);
      const path = `/api/v1/projects/${params.id}/tasks/${params.task_id}/comments/${comment.id}`;
      return reply.created(path, comment, comments.taskCommentTag(comment));
    },
  );

  app.patch(
    '/:comment_id',
    { schema: operations.update, config: write },
    async (request, reply) => {
      const { params, body } = request;
      const comment = await comments.changeTaskComment(request.acting(), params, body.content);
      return reply.entity(comment, comments.taskCommentTag(comment));
    },
  );

  app.delete(
    '/:comment_id',
    { schema: operations.remove, config: write },
    async (request, reply) => {
      await comments.deleteTaskComment(request.acting(), request.params);
      reply.code(204);
    },
  );
};

export default routes;
