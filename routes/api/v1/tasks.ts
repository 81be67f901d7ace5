import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import {
  MAX_TASKS_PER_OWNER,
  Task,
  TaskCreate,
  TaskListQuery,
  TaskPage,
  TaskParams,
  TaskStatistics,
  TasksPurged,
  TaskUpdate,
  tag,
} from '#schemas/tasks.js';
import { TRASH_DAYS } from '#schemas/trash.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as changes from '#src/work/services/task-changes.js';
import * as tasks from '#src/work/services/tasks.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'tasks-list',
    summary: 'List your tasks',
    description:
      'Returns your personal tasks, newest first. A task must match all given filters. Sorted by ' +
      '`due_on`, tasks without a due date come after all others.',
    tags,
    querystring: TaskListQuery,
    response: { 200: Ref(TaskPage) },
  },
  statistics: {
    operationId: 'tasks-statistics',
    summary: 'Count your tasks',
    description: 'Returns how many personal tasks you have, and how many of them are done.',
    tags,
    response: { 200: Ref(TaskStatistics) },
  },
  read: {
    operationId: 'tasks-read',
    summary: 'Read a task',
    description: 'Returns one of your personal tasks. Those of others are not found.',
    tags,
    params: TaskParams,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(Task), 304: NotModified },
  },
  create: {
    operationId: 'tasks-create',
    summary: 'Create a task',
    description:
      'Creates a personal task. Responds with 409 if you have ' +
      `${MAX_TASKS_PER_OWNER.toLocaleString('en')} tasks, including those in the trash.`,
    tags,
    body: Ref(TaskCreate),
    response: { 201: Ref(Task, { description: 'The task was created' }) },
  },
  update: {
    operationId: 'tasks-update',
    summary: 'Change a task',
    description: 'Changes the given fields. Omitted fields keep their values.',
    tags,
    params: TaskParams,
    headers: IfMatchHeaders,
    body: Ref(TaskUpdate),
    response: { 200: Ref(Task) },
  },
  flip: {
    operationId: 'tasks-flip',
    summary: 'Complete or reopen a task',
    description:
      'Completes a task that is not done, and reopens one that is. With `If-Match`, only in the ' +
      'state that you read; a repeated request would flip it back, so send an `Idempotency-Key` ' +
      'to retry safely.',
    tags,
    params: TaskParams,
    headers: IfMatchHeaders,
    response: { 200: Ref(Task) },
  },
  purgeCompleted: {
    operationId: 'tasks-purge-completed',
    summary: 'Purge completed tasks',
    description:
      'Deletes all of your completed tasks permanently; tasks in the trash stay there. This ' +
      'cannot be undone.',
    tags,
    response: { 200: Ref(TasksPurged) },
  },
  remove: {
    operationId: 'tasks-delete',
    summary: 'Delete a task',
    description: `Moves a task to the trash, from which you can restore it for ${TRASH_DAYS} days.`,
    tags,
    params: withExamples(TaskParams, { id: 2 }),
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The task was moved to the trash' }) },
  },
} as const;

const read = { access: 'user', scope: 'tasks:read' } as const;

export interface TaskRoutesOptions {
  /** The maximum number of requests per minute and IP address that change tasks. */
  perMinute: number;
}

/** Personal tasks. */
const routes: FastifyPluginAsyncTypebox<TaskRoutesOptions> = async (app, { perMinute }) => {
  const write = {
    access: 'user',
    scope: 'tasks:write',
    errors: [404, 409, 412],
    limit: { perMinute, group: 'tasks' },
    revokes: false,
  } as const;

  app.get('/', { schema: operations.list, config: read }, async (request, reply) => {
    return reply.page(await tasks.listTasks(request.acting(), request.query));
  });

  app.get('/stats', { schema: operations.statistics, config: read }, async (request) => {
    return tasks.readTaskStatistics(request.acting());
  });

  app.get(
    '/:id',
    { schema: operations.read, config: { ...read, errors: [404] } },
    async (request, reply) => {
      const task = await tasks.readTask(request.acting(), request.params.id);
      return reply.entity(task, tasks.taskTag(task));
    },
  );

  app.post(
    '/',
    { schema: operations.create, config: { ...write, errors: [409], reply: 'created' } },
    async (request, reply) => {
      const task = await changes.createTask(request.acting(), request.body);
      return reply.created(`${app.prefix}/${task.id}`, task, tasks.taskTag(task));
    },
  );

  app.patch('/:id', { schema: operations.update, config: write }, async (request, reply) => {
    const task = await changes.changeTask(request.acting(), request.params.id, request.body);
    return reply.entity(task, tasks.taskTag(task));
  });

  app.post('/:id/flip', { schema: operations.flip, config: write }, async (request, reply) => {
    const task = await changes.flipTask(request.acting(), request.params.id);
    return reply.entity(task, tasks.taskTag(task));
  });

  app.post(
    '/purge-completed',
    { schema: operations.purgeCompleted, config: { ...write, errors: [] } },
    async (request) => changes.purgeCompletedTasks(request.acting()),
  );

  app.delete('/:id', { schema: operations.remove, config: write }, async (request, reply) => {
    await changes.deleteTask(request.acting(), request.params.id);
    reply.code(204);
  });
};

export default routes;
