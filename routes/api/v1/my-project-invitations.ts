import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import {
  MyProjectInvitationParams,
  ProjectInvitationListQuery,
  ProjectInvitationPage,
  ProjectInvitationToken,
} from '#schemas/project-invitations.js';
import { Project, tag } from '#schemas/projects.js';
import { Ref, withExamples } from '#schemas/types.js';
import * as invitations from '#src/work/services/project-invitations.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'projects-list-my-invitations',
    summary: 'List your invitations to projects',
    description:
      'Returns the open invitations by your username or to your confirmed email address, newest ' +
      'first.',
    tags,
    querystring: ProjectInvitationListQuery,
    response: { 200: Ref(ProjectInvitationPage) },
  },
  accept: {
    operationId: 'projects-accept-invitation',
    summary: 'Accept an invitation to a project',
    description: 'Makes you a member of the project. The invitation is used up.',
    tags,
    params: MyProjectInvitationParams,
    response: { 200: Ref(Project) },
  },
  acceptByToken: {
    operationId: 'projects-accept-invitation-by-token',
    summary: 'Accept an invitation by its token',
    description:
      'Makes you a member of the project that a mail invites to, whichever address it was sent ' +
      'to. The token is used up.',
    tags,
    body: Ref(ProjectInvitationToken),
    response: { 200: Ref(Project) },
  },
  decline: {
    operationId: 'projects-decline-invitation',
    summary: 'Decline an invitation to a project',
    description: 'Deletes one of your invitations. Nobody is told.',
    tags,
    params: withExamples(MyProjectInvitationParams, { id: 2 }),
    response: { 204: Type.Null({ description: 'The invitation was declined' }) },
  },
} as const;

export interface MyProjectInvitationRoutesOptions {
  /** The maximum number of requests per minute and IP address that change invitations. */
  perMinute: number;
}

/** Invitations of the viewer to projects. */
const routes: FastifyPluginAsyncTypebox<MyProjectInvitationRoutesOptions> = async (
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
    { schema: operations.list, config: { access: 'user', scope: 'projects:read' } },
    async (request, reply) => {
      return reply.page(await invitations.listMyInvitations(request.acting(), request.query));
    },
  );

  app.post('/:id/accept', { schema: operations.accept, config: write }, async (request) => {
    return invitations.acceptInvitation(request.acting(), request.params.id);
  });

  app.post(
    '/accept',
    { schema: operations.acceptByToken, config: { ...write, errors: [409] } },
    async (request) => {
      return invitations.acceptInvitationByToken(request.acting(), request.body.token);
    },
  );

  app.delete(
    '/:id',
    { schema: operations.decline, config: { ...write, errors: [404] } },
    async (request, reply) => {
      await invitations.declineInvitation(request.acting(), request.params.id);
      reply.code(204);
    },
  );
};

export default routes;
