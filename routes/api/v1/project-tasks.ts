import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { HistoryPage, HistoryQuery } from '#schemas/history.js';
import {
  MAX_BULK_TASKS,
  MAX_TASKS_PER_PROJECT,
  ProjectTask,
  ProjectTaskCreate,
  ProjectTaskListQuery,
  ProjectTaskPage,
  ProjectTaskParams,
  ProjectTasksBulk,
  ProjectTasksChanged,
  ProjectTaskUpdate,
  TaskMove,
  TaskTransition,
  tag,
} from '#schemas/project-tasks.js';
import { ProjectParams } from '#schemas/projects.js';
import { TRASH_DAYS } from '#schemas/trash.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as changes from '#src/work/services/project-task-changes.js';
import * as tasks from '#src/work/services/project-tasks.js';
import { changeProjectTasks } from '#src/work/services/task-bulk-changes.js';
import { listTaskHistory } from '#src/work/services/task-history.js';
import { transitionTask } from '#src/work/services/task-transitions.js';
import { type TaskWriteOptions, taskWrite } from './task-writes.js';

const tags = [tag.name];

/** The demo tasks: each example changes one of its own. */
const withTask = (task_id: number) => withExamples(ProjectTaskParams, { task_id });

const operations = {
  list: {
    operationId: 'project-tasks-list',
    summary: 'List the tasks of a project',
    description:
      'Returns the tasks of a project, newest first. A task must match all given filters. With ' +
      '`status` and `sort=position` it is a column of the board.',
    tags,
    params: ProjectParams,
    querystring: ProjectTaskListQuery,
    response: { 200: Ref(ProjectTaskPage) },
  },
  read: {
    operationId: 'project-tasks-read',
    summary: 'Read a task of a project',
    description: 'Returns a task of a project that you are a member of.',
    tags,
    params: withTask(6),
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(ProjectTask), 304: NotModified },
  },
  create: {
    operationId: 'project-tasks-create',
    summary: 'Create a task in a project',
    description:
      'Creates a task, last in the column `todo`, with the next number of the project. A project ' +
      `has at most ${MAX_TASKS_PER_PROJECT.toLocaleString('en')} tasks, including those in the ` +
      'trash. For members, not for viewers.',
    tags,
    params: ProjectParams,
    body: Ref(ProjectTaskCreate),
    response: { 201: Ref(ProjectTask, { description: 'The task was created' }) },
  },
  update: {
    operationId: 'project-tasks-update',
    summary: 'Change a task of a project',
    description: 'Changes the given fields. Omitted fields keep their values.',
    tags,
    params: withTask(6),
    headers: IfMatchHeaders,
    body: Ref(ProjectTaskUpdate),
    response: { 200: Ref(ProjectTask) },
  },
  transition: {
    operationId: 'project-tasks-transition',
    summary: 'Move a task to another status',
    description:
      'Moves a task along the flow `todo`, `in_progress`, `review`, `done`, or one step back; ' +
      '`cancelled` is reached from all but `done`, and leads back to `todo`. Responds with 409 ' +
      'and the allowed statuses if the flow has no such move, and with 409 if the column has ' +
      'reached its limit, which owners can exceed with `force`. A repeating task that is done is ' +
      'followed by the next one.',
    tags,
    params: withTask(7),
    headers: IfMatchHeaders,
    body: Ref(TaskTransition),
    response: { 200: Ref(ProjectTask) },
  },
  move: {
    operationId: 'project-tasks-move',
    summary: 'Move a task within its column',
    description:
      'Puts a task after another one of its column, or first. However many people move tasks at ' +
      'the same time, all of them see one order.',
    tags,
    params: withTask(8),
    headers: IfMatchHeaders,
    body: Ref(TaskMove),
    response: { 200: Ref(ProjectTask) },
  },
  bulk: {
    operationId: 'project-tasks-bulk',
    summary: 'Change several tasks of a project',
    description:
      `Makes the same change in up to ${MAX_BULK_TASKS} tasks: all of them are changed, or none. ` +
      'An error names the index of each task that is refused.',
    tags,
    params: ProjectParams,
    body: Ref(ProjectTasksBulk),
    response: { 200: Ref(ProjectTasksChanged) },
  },
  history: {
    operationId: 'project-tasks-history',
    summary: 'Read the history of a task',
    description:
      'Returns who changed what of a task, newest first, as far back as events are kept.',
    tags,
    params: withTask(6),
    querystring: HistoryQuery,
    response: { 200: Ref(HistoryPage) },
  },
  remove: {
    operationId: 'project-tasks-delete',
    summary: 'Delete a task of a project',
    description: `Moves a task to the trash, from which members can restore it for ${TRASH_DAYS} days.`,
    tags,
    params: withTask(9),
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The task was moved to the trash' }) },
  },
} as const;

const read = { access: 'user', scope: 'projects:read', errors: [404] } as const;

/** Tasks of projects. */
const routes: FastifyPluginAsyncTypebox<TaskWriteOptions> = async (app, options) => {
  const write = taskWrite(options);

  app.get('/', { schema: operations.list, config: read }, async (request, reply) => {
    const { id } = request.params;
    return reply.page(await tasks.listProjectTasks(request.acting(), id, request.query));
  });

  app.get('/:task_id', { schema: operations.read, config: read }, async (request, reply) => {
    const { id, task_id } = request.params;
    const task = await tasks.readProjectTask(request.acting(), id, task_id);
    return reply.entity(task, tasks.projectTaskTag(task));
  });

  app.get(
    '/:task_id/history',
    { schema: operations.history, config: read },
    async (request, reply) => {
      const { id, task_id } = request.params;
      return reply.page(await listTaskHistory(request.acting(), id, task_id, request.query));
    },
  );

  app.post(
    '/',
    { schema: operations.create, config: { ...write, errors: [404, 409], reply: 'created' } },
    async (request, reply) => {
      const { id } = request.params;
      const task = await changes.createProjectTask(request.acting(), id, request.body);
      const path = `/api/v1/projects/${id}/tasks/${task.id}`;
      return reply.created(path, task, tasks.projectTaskTag(task));
    },
  );

  app.patch('/:task_id', { schema: operations.update, config: write }, async (request, reply) => {
    const { id, task_id } = request.params;
    const task = await changes.changeProjectTask(request.acting(), id, task_id, request.body);
    return reply.entity(task, tasks.projectTaskTag(task));
  });

  app.post(
    '/:task_id/transition',
    { schema: operations.transition, config: write },
    async (request, reply) => {
      const { id, task_id } = request.params;
      const task = await transitionTask(request.acting(), id, task_id, request.body);
      return reply.entity(task, tasks.projectTaskTag(task));
    },
  );

  app.post('/:task_id/move', { schema: operations.move, config: write }, async (request, reply) => {
    const { id, task_id } = request.params;
    const task = await changes.moveTask(request.acting(), id, task_id, request.body);
    return reply.entity(task, tasks.projectTaskTag(task));
  });

  app.post(
    '/bulk',
    { schema: operations.bulk, config: { ...write, errors: [404, 409] } },
    async (request) => {
      const { id } = request.params;
      return { tasks: await changeProjectTasks(request.acting(), id, request.body) };
    },
  );

  app.delete('/:task_id', { schema: operations.remove, config: write }, async (request, reply) => {
    const { id, task_id } = request.params;
    await changes.deleteProjectTask(request.acting(), id, task_id);
    reply.code(204);
  });
};

export default routes;
