import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { Author } from './posts.js';
import { projectRole } from './projects.js';
import { Component, Id, Ref, Timestamp } from './types.js';

/** The columns that a list of members can be sorted by. */
export const MEMBER_SORTS = ['joined_at'] as const;
export type MemberSort = (typeof MEMBER_SORTS)[number];

/** The maximum number of members of a project. */
export const MAX_MEMBERS_PER_PROJECT = 200;

const example = {
  user: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  role: 'owner' as const,
  joined_at: '2026-01-31T09:30:00.000Z',
};

export const ProjectMember = Component(
  'ProjectMember',
  Type.Object(
    {
      user: Ref(Author),
      role: projectRole,
      joined_at: Timestamp('When the user became a member'),
    },
    { description: 'A member of a project', examples: [example] },
  ),
);
export type ProjectMember = Static<typeof ProjectMember>;

export const ProjectMemberPage = pageOf(
  'ProjectMemberPage',
  Ref(ProjectMember),
  'members',
  example,
);

export const ProjectMemberChange = Component(
  'ProjectMemberChange',
  Type.Object(
    { role: projectRole },
    { description: 'The new role of the member', examples: [{ role: 'member' }] },
  ),
);
export type ProjectMemberChange = Static<typeof ProjectMemberChange>;

export const ProjectMemberListQuery = Type.Object(listQuery(MEMBER_SORTS));
export type ProjectMemberListQuery = Static<typeof ProjectMemberListQuery>;

export const ProjectMemberParams = Type.Object({
  id: Id('The id of the project'),
  user_id: Id('The id of the user'),
});
