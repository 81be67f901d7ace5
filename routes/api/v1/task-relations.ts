import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { ProjectTaskParams, tag } from '#schemas/project-tasks.js';
import {
  MAX_RELATIONS_PER_TASK,
  TaskRelationParams,
  TaskRelations,
} from '#schemas/task-relations.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as relations from '#src/work/services/task-relations.js';
import { type TaskWriteOptions, taskWrite } from './task-writes.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'task-relations-list',
    summary: 'List the relations of a task',
    description:
      'Returns all relations of a task, in both directions, except those to tasks in the trash, ' +
      'which return with the task.',
    tags,
    params: withExamples(ProjectTaskParams, { task_id: 6 }),
    response: { 200: Ref(TaskRelations) },
  },
  add: {
    operationId: 'task-relations-add',
    summary: 'Relate two tasks',
    description:
      'Says that a task blocks, relates to, duplicates, or is a subtask of another one of the same ' +
      'project. Idempotent. Responds with 409 if the other one already blocks, duplicates, or is a ' +
      'subtask of this one, directly or through others, if it is a subtask of a third one, or if ' +
      `one of them has ${MAX_RELATIONS_PER_TASK} relations. For members, not for viewers.`,
    tags,
    params: withExamples(TaskRelationParams, { task_id: 6, other_id: 8 }),
    response: { 204: Type.Null({ description: 'The tasks are related' }) },
  },
  remove: {
    operationId: 'task-relations-remove',
    summary: 'Remove a relation of two tasks',
    description: 'Removes a relation, also to a task in the trash. For members, not for viewers.',
    tags,
    params: withExamples(TaskRelationParams, { task_id: 10, kind: 'relates', other_id: 11 }),
    response: { 204: Type.Null({ description: 'The relation was removed' }) },
  },
} as const;

/** Relations of tasks of projects. */
const routes: FastifyPluginAsyncTypebox<TaskWriteOptions> = async (app, options) => {
  const write = { ...taskWrite(options), errors: [404, 409] } as const;

  app.get(
    '/',
    {
      schema: operations.list,
      config: { access: 'user', scope: 'projects:read', errors: [404] },
    },
    async (request) => relations.listRelations(request.acting(), request.params),
  );

  app.put('/:kind/:other_id', { schema: operations.add, config: write }, async (request, reply) => {
    await relations.addRelation(request.acting(), request.params);
    reply.code(204);
  });

  app.delete(
    '/:kind/:other_id',
    { schema: operations.remove, config: write },
    async (request, reply) => {
      await relations.removeRelation(request.acting(), request.params);
      reply.code(204);
    },
  );
};

export default routes;
