import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { ProjectTaskParams, tag } from '#schemas/project-tasks.js';
import { TaskWatcherListQuery, TaskWatcherPage } from '#schemas/task-watchers.js';
import { Ref, withExamples } from '#schemas/types.js';
import { listWatchers, setWatching } from '#src/work/services/task-watchers.js';
import { type TaskWriteOptions, taskWrite } from './task-writes.js';

const tags = [tag.name];
const params = withExamples(ProjectTaskParams, { task_id: 6 });

const operations = {
  list: {
    operationId: 'task-watchers-list',
    summary: 'List the watchers of a task',
    description: 'Returns the members who watch a task, those who have watched it longest first.',
    tags,
    params,
    querystring: TaskWatcherListQuery,
    response: { 200: Ref(TaskWatcherPage) },
  },
  watch: {
    operationId: 'task-watchers-watch',
    summary: 'Watch a task',
    description:
      'Lets you watch a task. Members watch a task that they create, are assigned to, comment on ' +
      'or are mentioned in, unless they have stopped watching it. Idempotent. Also for viewers, ' +
      'and in an archived project.',
    tags,
    params,
    response: { 204: Type.Null({ description: 'You watch the task' }) },
  },
  unwatch: {
    operationId: 'task-watchers-unwatch',
    summary: 'Stop watching a task',
    description:
      'Lets you stop watching a task, until you watch it again yourself. Idempotent. Also for ' +
      'viewers, and in an archived project.',
    tags,
    params,
    response: { 204: Type.Null({ description: 'You do not watch the task' }) },
  },
} as const;

/** Who watches a task of a project. */
const routes: FastifyPluginAsyncTypebox<TaskWriteOptions> = async (app, options) => {
  const write = { ...taskWrite(options), errors: [404] } as const;

  app.get(
    '/watchers',
    {
      schema: operations.list,
      config: { access: 'user', scope: 'projects:read', errors: [404] },
    },
    async (request, reply) => {
      return reply.page(await listWatchers(request.acting(), request.params, request.query));
    },
  );

  app.put('/watch', { schema: operations.watch, config: write }, async (request, reply) => {
    await setWatching(request.acting(), request.params, true);
    reply.code(204);
  });

  app.delete('/watch', { schema: operations.unwatch, config: write }, async (request, reply) => {
    await setWatching(request.acting(), request.params, false);
    reply.code(204);
  });
};

export default routes;
