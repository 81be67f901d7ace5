import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import {
  MAX_PROJECTS_PER_USER,
  Project,
  ProjectCreate,
  ProjectKeyParams,
  ProjectListQuery,
  ProjectPage,
  ProjectParams,
  ProjectUpdate,
  tag,
} from '#schemas/projects.js';
import { TRASH_DAYS } from '#schemas/trash.js';
import { Ref, withExamples } from '#schemas/types.js';
import { requireProject } from '#src/work/services/project-access.js';
import * as changes from '#src/work/services/project-changes.js';
import * as projects from '#src/work/services/projects.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'projects-list',
    summary: 'List your projects',
    description: 'Returns the projects that you are a member of, by name.',
    tags,
    querystring: ProjectListQuery,
    response: { 200: Ref(ProjectPage) },
  },
  read: {
    operationId: 'projects-read',
    summary: 'Read a project',
    description: 'Returns a project that you are a member of. Others are not found.',
    tags,
    params: ProjectParams,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(Project), 304: NotModified },
  },
  readByKey: {
    operationId: 'projects-read-by-key',
    summary: 'Read a project by key',
    description:
      'Returns a project that you are a member of. A key that it had before redirects to the ' +
      'current one with 301.',
    tags,
    params: ProjectKeyParams,
    headers: IfNoneMatchHeaders,
    response: {
      200: Ref(Project),
      301: Type.Null({ description: 'The project has another key by now' }),
      304: NotModified,
    },
  },
  create: {
    operationId: 'projects-create',
    summary: 'Create a project',
    description:
      'Creates a project and makes you its owner. Responds with 409 if the key is or was that of ' +
      `a project, or if you are a member of ${MAX_PROJECTS_PER_USER} projects.`,
    tags,
    body: Ref(ProjectCreate),
    response: { 201: Ref(Project, { description: 'The project was created' }) },
  },
  update: {
    operationId: 'projects-update',
    summary: 'Change a project',
    description:
      'Changes the given fields. Omitted fields keep their values. Task numbers with a former key ' +
      'still lead to the task. Only for owners.',
    tags,
    params: ProjectParams,
    headers: IfMatchHeaders,
    body: Ref(ProjectUpdate),
    response: { 200: Ref(Project) },
  },
  archive: {
    operationId: 'projects-archive',
    summary: 'Archive a project',
    description: 'Makes a project read-only. An archived project is not changed. Only for owners.',
    tags,
    params: withExamples(ProjectParams, { id: 2 }),
    headers: IfMatchHeaders,
    response: { 200: Ref(Project) },
  },
  unarchive: {
    operationId: 'projects-unarchive',
    summary: 'Unarchive a project',
    description:
      'Takes a project out of the archive. One outside it is not changed. Only for owners.',
    tags,
    params: withExamples(ProjectParams, { id: 2 }),
    headers: IfMatchHeaders,
    response: { 200: Ref(Project) },
  },
  remove: {
    operationId: 'projects-delete',
    summary: 'Delete a project',
    description:
      'Moves a project with its tasks to the trash, from which an owner can restore it for ' +
      `${TRASH_DAYS} days. Only for owners.`,
    tags,
    params: withExamples(ProjectParams, { id: 3 }),
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The project was moved to the trash' }) },
  },
} as const;

const read = { access: 'user', scope: 'projects:read' } as const;

export interface ProjectRoutesOptions {
  /** The maximum number of requests per minute and IP address that change projects. */
  perMinute: number;
}

/** Projects. */
const routes: FastifyPluginAsyncTypebox<ProjectRoutesOptions> = async (app, { perMinute }) => {
  const write = {
    access: 'user',
    scope: 'projects:write',
    errors: [404, 409, 412],
    limit: { perMinute, group: 'projects' },
    revokes: false,
  } as const;

  app.get('/', { schema: operations.list, config: read }, async (request, reply) => {
    return reply.page(await projects.listProjects(request.acting(), request.query));
  });

  app.get(
    '/key/:key',
    { schema: operations.readByKey, config: { ...read, errors: [404] } },
    async (request, reply) => {
      const { key } = request.params;
      const project = await projects.readProjectByKey(request.acting(), key);
      if (project.key !== key) return reply.redirect(`${app.prefix}/key/${project.key}`, 301);
      return reply.entity(project, projects.projectTag(project));
    },
  );

  app.get(
    '/:id',
    { schema: operations.read, config: { ...read, errors: [404] } },
    async (request, reply) => {
      const project = await requireProject(request.acting(), request.params.id);
      return reply.entity(project, projects.projectTag(project));
    },
  );

  app.post(
    '/',
    {
      schema: operations.create,
      config: { ...write, access: 'create', errors: [409], reply: 'created' },
    },
    async (request, reply) => {
      const project = await changes.createProject(request.acting(), request.body);
      return reply.created(`${app.prefix}/${project.id}`, project, projects.projectTag(project));
    },
  );

  app.patch('/:id', { schema: operations.update, config: write }, async (request, reply) => {
    const project = await changes.changeProject(request.acting(), request.params.id, request.body);
    return reply.entity(project, projects.projectTag(project));
  });

  app.post(
    '/:id/archive',
    { schema: operations.archive, config: write },
    async (request, reply) => {
      const project = await changes.archiveProject(request.acting(), request.params.id, true);
      return reply.entity(project, projects.projectTag(project));
    },
  );

  app.post(
    '/:id/unarchive',
    { schema: operations.unarchive, config: write },
    async (request, reply) => {
      const project = await changes.archiveProject(request.acting(), request.params.id, false);
      return reply.entity(project, projects.projectTag(project));
    },
  );

  app.delete('/:id', { schema: operations.remove, config: write }, async (request, reply) => {
    await changes.deleteProject(request.acting(), request.params.id);
    reply.code(204);
  });
};

export default routes;
