import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ChecklistItemCreate,
  ChecklistItemParams,
  ChecklistItemUpdate,
} from '#schemas/checklists.js';
import { IfMatchHeaders } from '#schemas/headers.js';
import { ProjectTask, ProjectTaskParams, tag } from '#schemas/project-tasks.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as checklists from '#src/work/services/checklists.js';
import { projectTaskTag } from '#src/work/services/project-tasks.js';
import { type TaskWriteOptions, taskWrite } from './task-writes.js';

const tags = [tag.name];

const operations = {
  addItem: {
    operationId: 'project-tasks-add-item',
    summary: 'Add a checklist item',
    description: 'Adds an item at the end of the checklist of a task, and returns the task.',
    tags,
    params: withExamples(ProjectTaskParams, { task_id: 6 }),
    headers: IfMatchHeaders,
    body: Ref(ChecklistItemCreate),
    response: { 200: Ref(ProjectTask) },
  },
  changeItem: {
    operationId: 'project-tasks-change-item',
    summary: 'Change a checklist item',
    description: 'Changes the given fields of an item, and returns the task.',
    tags,
    params: withExamples(ChecklistItemParams, { task_id: 6 }),
    headers: IfMatchHeaders,
    body: Ref(ChecklistItemUpdate),
    response: { 200: Ref(ProjectTask) },
  },
  removeItem: {
    operationId: 'project-tasks-remove-item',
    summary: 'Remove a checklist item',
    description: 'Removes an item, and returns the task.',
    tags,
    params: withExamples(ChecklistItemParams, { task_id: 6, item_id: 2 }),
    headers: IfMatchHeaders,
    response: { 200: Ref(ProjectTask) },
  },
} as const;

/** Checklists of tasks of projects. */
const routes: FastifyPluginAsyncTypebox<TaskWriteOptions> = async (app, options) => {
  const config = taskWrite(options);

  app.post('/', { schema: operations.addItem, config }, async (request, reply) => {
    const task = await checklists.addItem(request.acting(), request.params, request.body);
    return reply.entity(task, projectTaskTag(task));
  });

  app.patch('/:item_id', { schema: operations.changeItem, config }, async (request, reply) => {
    const { params, body } = request;
    const task = await checklists.changeItem(request.acting(), params, params.item_id, body);
    return reply.entity(task, projectTaskTag(task));
  });

  app.delete('/:item_id', { schema: operations.removeItem, config }, async (request) => {
    const { params } = request;
    return checklists.removeItem(request.acting(), params, params.item_id);
  });
};

export default routes;
