import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { VISIBLE_PATTERN } from './posts.js';
import {
  Component,
  Default,
  Enum,
  Id,
  Nullable,
  type OperationTag,
  Ref,
  StoredText,
  Timestamp,
} from './types.js';

export const tag: OperationTag = {
  name: 'projects',
  description: 'Projects of a team, with their members. Only members see a project.',
};

/** The roles of members, lowest first. Each may do all that those before it may. */
export const PROJECT_ROLES = ['viewer', 'member', 'owner'] as const;
export type ProjectRole = (typeof PROJECT_ROLES)[number];

/** The columns that a list of projects can be sorted by. */
export const PROJECT_SORTS = ['name', 'created_at', 'updated_at'] as const;
export type ProjectSort = (typeof PROJECT_SORTS)[number];

/** The maximum number of projects that a user is a member of, including those in the trash. */
export const MAX_PROJECTS_PER_USER = 200;

/** The maximum number of keys of a project, including those that it had before. */
export const MAX_KEYS_PER_PROJECT = 20;

export const KEY_PATTERN = '^[A-Z][A-Z0-9]{1,9}$';

export const projectRole = Enum(PROJECT_ROLES, {
  description:
    'What a member may do: `viewer` reads, `member` also writes tasks, `owner` also changes the ' +
    'project and its members',
});

const name = StoredText({
  minLength: 1,
  maxLength: 100,
  pattern: VISIBLE_PATTERN,
  description: 'The name. White space around it is removed.',
  examples: ['Website'],
});

export const projectKey = Type.String({
  pattern: KEY_PATTERN,
  description: 'The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.',
  examples: ['WEB'],
});

const description = StoredText({
  maxLength: 2000,
  description: 'What the project is about, in plain text',
});

export const timeZone = StoredText({
  minLength: 1,
  maxLength: 64,
  description: 'A time zone of the IANA database, in which days begin and end',
  examples: ['Europe/Berlin'],
});

const limit = Nullable(Type.Integer({ minimum: 1, maximum: 1000 }), {});
const inProgressLimit = {
  ...limit,
  description: 'The maximum number of tasks in `in_progress`; null without a limit',
};
const reviewLimit = {
  ...limit,
  description: 'The maximum number of tasks in `review`; null without a limit',
};

const example = {
  id: 1,
  key: 'WEB',
  name: 'Website',
  description: 'The new public site',
  time_zone: 'Europe/Berlin',
  in_progress_limit: 3,
  review_limit: null,
  my_role: 'owner' as const,
  archived_at: null,
  created_at: '2026-01-31T09:30:00.000Z',
  updated_at: '2026-01-31T09:30:00.000Z',
};

export const Project = Component(
  'Project',
  Type.Object(
    {
      id: Id('The id of the project'),
      key: projectKey,
      name: Type.String({ description: 'The name' }),
      description: Type.String({ description: 'What the project is about, in plain text' }),
      time_zone: Type.String({
        description: 'The time zone of the IANA database, in which days begin and end',
      }),
      in_progress_limit: inProgressLimit,
      review_limit: reviewLimit,
      my_role: projectRole,
      archived_at: Nullable(Timestamp('When the project was archived'), {
        description:
          'When the project was archived, from when on it is read-only; null if it is not',
      }),
      created_at: Timestamp('When the project was created'),
      updated_at: Timestamp('When the project was last changed'),
    },
    { description: 'A project that you are a member of', examples: [example] },
  ),
);
export type Project = Static<typeof Project>;

export const ProjectPage = pageOf('ProjectPage', Ref(Project), 'projects', example);

export const ProjectCreate = Component(
  'ProjectCreate',
  Type.Object(
    {
      key: projectKey,
      name,
      description: Default(description, ''),
      time_zone: Default(timeZone, 'UTC'),
      in_progress_limit: Default(inProgressLimit, null),
      review_limit: Default(reviewLimit, null),
    },
    {
      description: 'The project to create. You become its owner.',
      examples: [{ key: 'APP', name: 'Mobile app' }],
    },
  ),
);
export type ProjectCreate = Static<typeof ProjectCreate>;

export const ProjectUpdate = Component(
  'ProjectUpdate',
  Type.Object(
    {
      key: Type.Optional(projectKey),
      name: Type.Optional(name),
      description: Type.Optional(description),
      time_zone: Type.Optional(timeZone),
      in_progress_limit: Type.Optional(inProgressLimit),
      review_limit: Type.Optional(reviewLimit),
    },
    {
      description: 'The fields to change. Omitted fields keep their values.',
      examples: [{ name: 'New website', in_progress_limit: 5 }],
    },
  ),
);
export type ProjectUpdate = Static<typeof ProjectUpdate>;

export const ProjectListQuery = Type.Object({
  q: Type.Optional(
    StoredText({
      maxLength: 100,
      description: 'Filter by names that contain this text, ignoring case',
    }),
  ),
  archived: Type.Optional(
    Type.Boolean({ description: 'Filter by whether the project is archived' }),
  ),
  ...listQuery(PROJECT_SORTS, 'name'),
});
export type ProjectListQuery = Static<typeof ProjectListQuery>;

export const ProjectParams = Type.Object({ id: Id('The id of the project') });

export const ProjectKeyParams = Type.Object({ key: projectKey });
