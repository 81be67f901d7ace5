import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { ProjectTaskSummary, STATUSES } from './project-tasks.js';
import { projectKey } from './projects.js';
import { Component, Default, Enum, Ref } from './types.js';

/** The columns that a list of one's work can be sorted by. */
export const MY_TASK_SORTS = ['due_at', 'updated_at', 'priority'] as const;
export type MyTaskSort = (typeof MY_TASK_SORTS)[number];

/** What of one's work a list contains. */
export const MY_TASK_VIEWS = ['assigned', 'due', 'overdue', 'watched'] as const;
export type MyTaskView = (typeof MY_TASK_VIEWS)[number];

const [taskExample] = ProjectTaskSummary.examples as [Static<typeof ProjectTaskSummary>];
const example = { ...taskExample, project_key: 'WEB', project_name: 'Website' };

export const MyTask = Component(
  'MyTask',
  Type.Object(
    {
      ...ProjectTaskSummary.properties,
      project_key: projectKey,
      project_name: Type.String({ description: 'The name of the project' }),
    },
    { description: 'A task of one of your projects', examples: [example] },
  ),
);
export type MyTask = Static<typeof MyTask>;

export const MyTaskPage = pageOf('MyTaskPage', Ref(MyTask), 'tasks', example);

export const MyTaskListQuery = Type.Object({
  view: Default(
    Enum(MY_TASK_VIEWS, {
      description:
        'Which tasks: `assigned` to you, or of these `due` within `days`, or `overdue`; or ' +
        '`watched` by you',
    }),
    'assigned',
  ),
  days: Default(
    Type.Integer({
      minimum: 1,
      maximum: 366,
      description: 'For `due`: the number of days from now within which a task is due',
    }),
    7,
  ),
  status: Type.Optional(
    Enum(STATUSES, {
      description: 'Only tasks of this status; if omitted, all that are not done or cancelled',
    }),
  ),
  ...listQuery(MY_TASK_SORTS),
});
export type MyTaskListQuery = Static<typeof MyTaskListQuery>;
