import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import {
  PROJECT_INVITATION_DAYS,
  ProjectInvitation,
  ProjectInvitationCreate,
  ProjectInvitationListQuery,
  ProjectInvitationPage,
  ProjectInvitationParams,
} from '#schemas/project-invitations.js';
import { ProjectParams, tag } from '#schemas/projects.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as invitations from '#src/work/services/project-invitations.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'projects-list-invitations',
    summary: 'List the invitations to a project',
    description: 'Returns the open invitations to a project, newest first. Only for owners.',
    tags,
    params: ProjectParams,
    querystring: ProjectInvitationListQuery,
    response: { 200: Ref(ProjectInvitationPage) },
  },
  create: {
    operationId: 'projects-invite',
    summary: 'Invite to a project',
    description:
      'Invites a user by username, or anyone by a mail to an address. The invited user becomes a ' +
      `member by accepting within ${PROJECT_INVITATION_DAYS} days. An earlier invitation of the ` +
      'same invitee is replaced. Only for owners.',
    tags,
    params: ProjectParams,
    body: Ref(ProjectInvitationCreate),
    response: { 201: Ref(ProjectInvitation, { description: 'The invitation was created' }) },
  },
  withdraw: {
    operationId: 'projects-withdraw-invitation',
    summary: 'Withdraw an invitation to a project',
    description: 'Deletes an open invitation. Only for owners.',
    tags,
    params: withExamples(ProjectInvitationParams, { invitation_id: 3 }),
    response: { 204: Type.Null({ description: 'The invitation was withdrawn' }) },
  },
} as const;

export interface ProjectInvitationRoutesOptions {
  /** The maximum number of requests per minute and IP address that change projects. */
  perMinute: number;
  /** The maximum number of invitations per minute and IP address. */
  invitationsPerMinute: number;
}

/** Invitations to projects. */
const routes: FastifyPluginAsyncTypebox<ProjectInvitationRoutesOptions> = async (
  app,
  { perMinute, invitationsPerMinute },
) => {
  const access = { access: 'user', scope: 'projects:write' } as const;

  app.get(
    '/',
    {
      schema: operations.list,
      config: { access: 'user', scope: 'projects:read', errors: [404] },
    },
    async (request, reply) => {
      const { id } = request.params;
      return reply.page(await invitations.listInvitations(request.acting(), id, request.query));
    },
  );

  app.post(
    '/',
    {
      schema: operations.create,
      config: {
        ...access,
        errors: [404, 409],
        limit: { perMinute: invitationsPerMinute },
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      const canMail = app.mail.available;
      const invitation = await invitations.invite(request.acting(), params.id, body, { canMail });
      reply.code(201);
      return invitation;
    },
  );

  app.delete(
    '/:invitation_id',
    {
      schema: operations.withdraw,
      config: { ...access, errors: [404, 409], limit: { perMinute, group: 'projects' } },
    },
    async (request, reply) => {
      const { id, invitation_id } = request.params;
      await invitations.withdrawInvitation(request.acting(), id, invitation_id);
      reply.code(204);
    },
  );
};

export default routes;
