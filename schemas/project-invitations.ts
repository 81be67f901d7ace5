import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { emailToken } from './passwords.js';
import { Author } from './posts.js';
import { projectKey, projectRole } from './projects.js';
import { Component, Default, Id, Nullable, Ref, Timestamp } from './types.js';
import { emailAddress, username } from './users.js';

/** The columns that a list of invitations can be sorted by. */
export const PROJECT_INVITATION_SORTS = ['created_at'] as const;
export type ProjectInvitationSort = (typeof PROJECT_INVITATION_SORTS)[number];

/** The maximum number of open invitations to a project. */
export const MAX_INVITATIONS_PER_PROJECT = 100;

/** Days until an invitation to a project expires. */
export const PROJECT_INVITATION_DAYS = 14;

const example = {
  id: 1,
  project: { id: 1, key: 'WEB', name: 'Website' },
  username: 'eve',
  email: null,
  role: 'member' as const,
  invited_by: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  created_at: '2026-01-31T09:30:00.000Z',
  expires_at: '2026-02-14T09:30:00.000Z',
};

export const ProjectInvitation = Component(
  'ProjectInvitation',
  Type.Object(
    {
      id: Id('The id of the invitation'),
      project: Type.Object(
        {
          id: Id('The id of the project'),
          key: projectKey,
          name: Type.String({ description: 'The name of the project' }),
        },
        { description: 'The project' },
      ),
      username: Nullable(Type.String(), {
        description: 'The invited user; null for an invitation by mail',
      }),
      email: Nullable(Type.String(), {
        description: 'The address that a mail was sent to; null for an invitation by username',
      }),
      role: projectRole,
      invited_by: Ref(Author, { description: 'The owner who sent the invitation' }),
      created_at: Timestamp('When the invitation was created'),
      expires_at: Timestamp('When the invitation expires'),
    },
    { description: 'An invitation to become a member of a project', examples: [example] },
  ),
);
export type ProjectInvitation = Static<typeof ProjectInvitation>;

export const ProjectInvitationPage = pageOf(
  'ProjectInvitationPage',
  Ref(ProjectInvitation),
  'invitations',
  example,
);

export const ProjectInvitationCreate = Component(
  'ProjectInvitationCreate',
  Type.Object(
    {
      username: Type.Optional({ ...username, description: 'The invited user' }),
      email: Type.Optional({
        ...emailAddress,
        description:
          'The address to which a mail with a token is sent, whether or not it belongs to a user',
      }),
      role: Default(projectRole, 'member'),
    },
    {
      description: 'The invitation to create, with exactly one of `username` and `email`',
      examples: [{ username: 'eve', role: 'viewer' }],
    },
  ),
);
export type ProjectInvitationCreate = Static<typeof ProjectInvitationCreate>;

export const ProjectInvitationToken = Component(
  'ProjectInvitationToken',
  Type.Object(
    {
      token: emailToken,
    },
    {
      description: 'The token of an invitation',
      examples: [{ token: 'y3JxN0n4…' }],
    },
  ),
);
export type ProjectInvitationToken = Static<typeof ProjectInvitationToken>;

export const ProjectInvitationListQuery = Type.Object(
  listQuery(PROJECT_INVITATION_SORTS, '-created_at'),
);
export type ProjectInvitationListQuery = Static<typeof ProjectInvitationListQuery>;

export const ProjectInvitationParams = Type.Object({
  id: Id('The id of the project'),
  invitation_id: Id('The id of the invitation'),
});

export const MyProjectInvitationParams = Type.Object({ id: Id('The id of the invitation') });
