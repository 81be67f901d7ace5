import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { MAX_MUTED_TASKS, Mute } from '#schemas/mutes.js';
import { tag } from '#schemas/notifications.js';
import { ProjectTaskParams } from '#schemas/project-tasks.js';
import { ProjectParams } from '#schemas/projects.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as mutes from '#src/work/services/mutes.js';

const tags = [tag.name];
const taskParams = withExamples(ProjectTaskParams, { task_id: 6 });

const NOTE = 'Idempotent. Also for viewers, and in an archived project.';

const operations = {
  readProject: {
    operationId: 'projects-read-mute',
    summary: 'Read whether a project is muted',
    description: 'Returns whether you have muted the project.',
    tags,
    params: ProjectParams,
    response: { 200: Ref(Mute) },
  },
  muteProject: {
    operationId: 'projects-mute',
    summary: 'Mute a project',
    description: `You get no more notifications about the project and its tasks. ${NOTE}`,
    tags,
    params: ProjectParams,
    response: { 204: Type.Null({ description: 'The project is muted' }) },
  },
  unmuteProject: {
    operationId: 'projects-unmute',
    summary: 'Unmute a project',
    description: `You get notifications about the project again. ${NOTE}`,
    tags,
    params: ProjectParams,
    response: { 204: Type.Null({ description: 'The project is not muted' }) },
  },
  readTask: {
    operationId: 'task-mutes-read',
    summary: 'Read whether a task is muted',
    description: 'Returns whether you have muted the task itself.',
    tags,
    params: taskParams,
    response: { 200: Ref(Mute) },
  },
  muteTask: {
    operationId: 'task-mutes-mute',
    summary: 'Mute a task',
    description:
      'You get no more notifications about the task, not even if you are mentioned. You can mute ' +
      `${MAX_MUTED_TASKS.toLocaleString('en')} tasks. ${NOTE}`,
    tags,
    params: taskParams,
    response: { 204: Type.Null({ description: 'The task is muted' }) },
  },
  unmuteTask: {
    operationId: 'task-mutes-unmute',
    summary: 'Unmute a task',
    description: `You get notifications about the task again. ${NOTE}`,
    tags,
    params: taskParams,
    response: { 204: Type.Null({ description: 'The task is not muted' }) },
  },
} as const;

export interface MuteRoutesOptions {
  /** The maximum number of requests per minute and IP address that mute projects or tasks. */
  perMinute: number;
}

/** What the viewer is told nothing of. */
const routes: FastifyPluginAsyncTypebox<MuteRoutesOptions> = async (app, { perMinute }) => {
  const read = { access: 'user', scope: 'notifications:read', errors: [404] } as const;
  const write = {
    access: 'user',
    scope: 'notifications:write',
    errors: [404],
    limit: { perMinute, group: 'notifications' },
    revokes: false,
  } as const;

  app.get('/:id/mute', { schema: operations.readProject, config: read }, async (request) => {
    return mutes.readProjectMute(request.acting(), request.params.id);
  });

  app.put(
    '/:id/mute',
    { schema: operations.muteProject, config: write },
    async (request, reply) => {
      await mutes.setProjectMuted(request.acting(), request.params.id, true);
      reply.code(204);
    },
  );

  app.delete(
    '/:id/mute',
    { schema: operations.unmuteProject, config: write },
    async (request, reply) => {
      await mutes.setProjectMuted(request.acting(), request.params.id, false);
      reply.code(204);
    },
  );

  const task = '/:id/tasks/:task_id/mute';

  app.get(task, { schema: operations.readTask, config: read }, async (request) => {
    return mutes.readTaskMute(request.acting(), request.params);
  });

  app.put(
    task,
    { schema: operations.muteTask, config: { ...write, errors: [404, 409] } },
    async (request, reply) => {
      await mutes.setTaskMuted(request.acting(), request.params, true);
      reply.code(204);
    },
  );

  app.delete(task, { schema: operations.unmuteTask, config: write }, async (request, reply) => {
    await mutes.setTaskMuted(request.acting(), request.params, false);
    reply.code(204);
  });
};

export default routes;
