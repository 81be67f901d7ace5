import { type Static, Type } from '@sinclair/typebox';
import { pageOf } from './paging.js';
import { STATUSES } from './project-tasks.js';
import { projectKey } from './projects.js';
import { MAX_CANDIDATES, SAFE, searchParameters } from './search.js';
import { Component, Default, Enum, Id, Nullable, Ref, Timestamp } from './types.js';

/** The maximum number of results: tasks, tasks by summary, and comments. */
export const MAX_TASK_HITS = 3 * MAX_CANDIDATES;

export const TASK_HIT_TYPES = ['task', 'task_comment'] as const;
export type TaskHitType = (typeof TASK_HIT_TYPES)[number];

/** The sort orders of found tasks and comments. */
export const TASK_SEARCH_ORDERS = ['relevance', 'newest'] as const;
export type TaskSearchOrder = (typeof TASK_SEARCH_ORDERS)[number];

const status = Enum(STATUSES, {
  description: 'The status of the task; a personal task is `todo` or `done`',
});

const projectExample = { id: 3, key: 'WEB', name: 'Website' };
const taskExample = { id: 6, number: 12, summary: 'Compare the fonts', status: 'todo' as const };

const SearchedProject = Component(
  'SearchedProject',
  Type.Object(
    {
      id: Id('The id of the project'),
      key: projectKey,
      name: Type.String({ description: 'The name of the project' }),
    },
    { description: 'The project of a found task', examples: [projectExample] },
  ),
);

const SearchedTask = Component(
  'SearchedTask',
  Type.Object(
    {
      id: Id('The id of the task'),
      number: Nullable(Type.Integer({ description: 'The number of the task in its project' }), {
        description: 'The number of the task in its project; null for a personal task',
      }),
      summary: Type.String({ description: 'The summary, in plain text' }),
      status,
    },
    {
      description: 'The matching task, or the task that the matching comment is on',
      examples: [taskExample],
    },
  ),
);

const example = {
  type: 'task_comment' as const,
  project: projectExample,
  task: taskExample,
  comment_id: 4,
  summary_html: 'Compare the <mark>fonts</mark>',
  snippet_html: 'These <mark>fonts</mark> cost 12 EUR.',
  created_at: '2026-01-31T09:30:00.000Z',
};

export const TaskSearchHit = Component(
  'TaskSearchHit',
  Type.Object(
    {
      type: Enum(TASK_HIT_TYPES, { description: 'The type of the result' }),
      project: Nullable(Ref(SearchedProject), {
        description: 'The project of the task; null for a personal task',
      }),
      task: Ref(SearchedTask),
      comment_id: Nullable(Id('The id of the comment'), {
        description: 'The id of the comment; null if the task itself matches',
      }),
      summary_html: Type.String({ description: `The summary of the task, ${SAFE}` }),
      snippet_html: Type.String({
        description: `The part of the description or the comment around the first match, ${SAFE}`,
      }),
      created_at: Timestamp('When the task or the comment was created'),
    },
    { description: 'A task, or a comment on a task, that matches the search', examples: [example] },
  ),
);
export type TaskSearchHit = Static<typeof TaskSearchHit>;

export { SearchedProject, SearchedTask };

export const TaskSearchPage = pageOf(
  'TaskSearchPage',
  Ref(TaskSearchHit),
  'search results',
  example,
  {
    total: `The number of matches, at most ${MAX_CANDIDATES} of each kind`,
  },
);

export const TaskSearchQuery = Type.Object({
  ...searchParameters,
  q: { ...searchParameters.q, examples: ['font OR icon'] },
  sort: Default(
    Enum(TASK_SEARCH_ORDERS, { description: 'The sort order: best match or newest first' }),
    'relevance',
  ),
  project_id: Type.Optional(Id('Only results of this project')),
  status: Type.Optional(
    Enum(STATUSES, { description: 'Only tasks of this status, and comments on them' }),
  ),
  type: Type.Optional(Enum(TASK_HIT_TYPES, { description: 'Only results of this type' })),
});
export type TaskSearchQuery = Static<typeof TaskSearchQuery>;
