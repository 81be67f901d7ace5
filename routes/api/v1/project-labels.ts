import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import {
  MAX_LABELS_PER_PROJECT,
  ProjectLabel,
  ProjectLabelCreate,
  ProjectLabelListQuery,
  ProjectLabelPage,
  ProjectLabelParams,
  ProjectLabelUpdate,
} from '#schemas/project-labels.js';
import { ProjectParams, tag } from '#schemas/projects.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as labels from '#src/work/services/project-labels.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'projects-list-labels',
    summary: 'List the labels of a project',
    description: 'Returns the labels of a project, by name.',
    tags,
    params: ProjectParams,
    querystring: ProjectLabelListQuery,
    response: { 200: Ref(ProjectLabelPage) },
  },
  read: {
    operationId: 'projects-read-label',
    summary: 'Read a label',
    description: 'Returns a label of a project.',
    tags,
    params: ProjectLabelParams,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(ProjectLabel), 304: NotModified },
  },
  create: {
    operationId: 'projects-create-label',
    summary: 'Create a label',
    description: `Creates a label for the tasks of a project, at most ${MAX_LABELS_PER_PROJECT}.`,
    tags,
    params: ProjectParams,
    body: Ref(ProjectLabelCreate),
    response: { 201: Ref(ProjectLabel, { description: 'The label was created' }) },
  },
  update: {
    operationId: 'projects-update-label',
    summary: 'Change a label',
    description: 'Changes the given fields. Omitted fields keep their values.',
    tags,
    params: ProjectLabelParams,
    headers: IfMatchHeaders,
    body: Ref(ProjectLabelUpdate),
    response: { 200: Ref(ProjectLabel) },
  },
  remove: {
    operationId: 'projects-delete-label',
    summary: 'Delete a label',
    description: 'Deletes a label permanently, and takes it off all tasks.',
    tags,
    params: withExamples(ProjectLabelParams, { label_id: 2 }),
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The label was deleted' }) },
  },
} as const;

export interface ProjectLabelRoutesOptions {
  /** The maximum number of requests per minute and IP address that change projects. */
  perMinute: number;
}

/** Labels for the tasks of projects. */
const routes: FastifyPluginAsyncTypebox<ProjectLabelRoutesOptions> = async (app, { perMinute }) => {
  const write = {
    access: 'user',
    scope: 'projects:write',
    errors: [404, 409, 412],
    limit: { perMinute, group: 'projects' },
    revokes: false,
  } as const;

  app.get(
    '/',
    {
      schema: operations.list,
      config: { access: 'user', scope: 'projects:read', errors: [404] },
    },
    async (request, reply) => {
      const { id } = request.params;
      return reply.page(await labels.listLabels(request.acting(), id, request.query));
    },
  );

  app.get(
    '/:label_id',
    {
      schema: operations.read,
      config: { access: 'user', scope: 'projects:read', errors: [404] },
    },
    async (request, reply) => {
      const { id, label_id } = request.params;
      const label = await labels.readLabel(request.acting(), id, label_id);
      return reply.entity(label, labels.labelTag(label));
    },
  );

  app.post(
    '/',
    { schema: operations.create, config: { ...write, errors: [404, 409], reply: 'created' } },
    async (request, reply) => {
      const { id } = request.params;
      const label = await labels.createLabel(request.acting(), id, request.body);
      const path = `/api/v1/projects/${id}/labels/${label.id}`;
      return reply.created(path, label, labels.labelTag(label));
    },
  );

  app.patch('/:label_id', { schema: operations.update, config: write }, async (request, reply) => {
    const { id, label_id } = request.params;
    const label = await labels.changeLabel(request.acting(), id, label_id, request.body);
    return reply.entity(label, labels.labelTag(label));
  });

  app.delete('/:label_id', { schema: operations.remove, config: write }, async (request, reply) => {
    const { id, label_id } = request.params;
    await labels.deleteLabel(request.acting(), id, label_id);
    reply.code(204);
  });
};

export default routes;
