import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import {
  ProjectMember,
  ProjectMemberChange,
  ProjectMemberListQuery,
  ProjectMemberPage,
  ProjectMemberParams,
} from '#schemas/project-members.js';
import { ProjectParams, tag } from '#schemas/projects.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as members from '#src/work/services/project-members.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'projects-list-members',
    summary: 'List the members of a project',
    description: 'Returns the members of a project, those of longest standing first.',
    tags,
    params: ProjectParams,
    querystring: ProjectMemberListQuery,
    response: { 200: Ref(ProjectMemberPage) },
  },
  update: {
    operationId: 'projects-change-member',
    summary: 'Change the role of a member',
    description:
      'Gives a member another role. To hand on a project, make another member its owner. Responds ' +
      'with 409 if the project would have no owner. Only for owners.',
    tags,
    params: withExamples(ProjectMemberParams, { user_id: 2 }),
    body: Ref(ProjectMemberChange),
    response: { 200: Ref(ProjectMember) },
  },
  remove: {
    operationId: 'projects-remove-member',
    summary: 'Remove a member from a project',
    description:
      'Removes a member; with your own id, you leave the project. A former member sees nothing ' +
      'more of the project from then on, and is no longer assigned to its tasks. Responds with ' +
      '409 if the project would have no owner. Only owners remove others.',
    tags,
    params: withExamples(ProjectMemberParams, { user_id: 3 }),
    response: { 204: Type.Null({ description: 'The user is no longer a member' }) },
  },
} as const;

export interface ProjectMemberRoutesOptions {
  /** The maximum number of requests per minute and IP address that change projects. */
  perMinute: number;
}

/** Members of projects. */
const routes: FastifyPluginAsyncTypebox<ProjectMemberRoutesOptions> = async (
  app,
  { perMinute },
) => {
  const write = {
    access: 'user',
    scope: 'projects:write',
    errors: [404, 409],
    limit: { perMinute, group: 'projects' },
  } as const;

  app.get(
    '/',
    {
      schema: operations.list,
      config: { access: 'user', scope: 'projects:read', errors: [404] },
    },
    async (request, reply) => {
      const page = await members.listMembers(request.acting(), request.params.id, request.query);
      return reply.page(page);
    },
  );

  app.patch('/:user_id', { schema: operations.update, config: write }, async (request) => {
    const { id, user_id } = request.params;
    return members.changeMember(request.acting(), id, user_id, request.body.role);
  });

  app.delete('/:user_id', { schema: operations.remove, config: write }, async (request, reply) => {
    const { id, user_id } = request.params;
    await members.removeMember(request.acting(), id, user_id);
    reply.code(204);
  });
};

export default routes;
