import { type Static, Type } from '@sinclair/typebox';
import { ChecklistItem } from './checklists.js';
import { listQuery, pageOf } from './paging.js';
import { VISIBLE_PATTERN } from './posts.js';
import { projectKey, timeZone } from './projects.js';
import { MAX_SUMMARY, PRIORITIES } from './tasks.js';
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
  name: 'project-tasks',
  description: 'Tasks of projects with their boards, comments, watchers and relations',
};

/** The statuses of a task of a project: the columns of its board, from left to right. */
export const STATUSES = ['todo', 'in_progress', 'review', 'done', 'cancelled'] as const;
export type Status = (typeof STATUSES)[number];

/** The moves that a task may make from each status. */
export const TRANSITIONS: Readonly<Record<Status, readonly Status[]>> = {
  todo: ['in_progress', 'cancelled'],
  in_progress: ['review', 'todo', 'cancelled'],
  review: ['done', 'in_progress', 'cancelled'],
  done: ['review'],
  cancelled: ['todo'],
};

/** The columns that a list of tasks of a project can be sorted by. */
export const PROJECT_TASK_SORTS = [
  'position',
  'number',
  'created_at',
  'updated_at',
  'due_on',
  'priority',
] as const;
export type ProjectTaskSort = (typeof PROJECT_TASK_SORTS)[number];

/** The maximum number of tasks of a project, including those in the trash. */
export const MAX_TASKS_PER_PROJECT = 20_000;

export const MAX_ASSIGNEES = 20;
export const MAX_TASK_LABELS = 20;
export const MAX_DESCRIPTION = 50_000;

/** The maximum number of tasks that one request changes. */
export const MAX_BULK_TASKS = 100;

const summary = StoredText({
  minLength: 1,
  maxLength: MAX_SUMMARY,
  pattern: VISIBLE_PATTERN,
  description: 'What is to be done, in plain text. White space around it is removed.',
  examples: ['Compare the fonts'],
});

const description = StoredText({
  maxLength: MAX_DESCRIPTION,
  description: 'The description in Markdown',
});

/** The status of a task of a project. */
export const status = Enum(STATUSES, { description: 'The status, which is a column of the board' });
const priority = Enum(PRIORITIES, { description: 'The priority' });

const day = (description: string) =>
  Nullable(Type.String({ format: 'date', examples: ['2026-02-14'] }), { description });
const startOn = day('The day on which the work begins; null if it has none');
const dueOn = day('The day on which the task is due; null if it has none');

const estimate = Nullable(Type.Integer({ minimum: 0, maximum: 100_000 }), {
  description: 'The estimated work in minutes; null without an estimate',
});

const ids = (description: string, maxItems: number) =>
  Type.Array(Type.Integer({ minimum: 1, maximum: 2_147_483_647 }), {
    maxItems,
    uniqueItems: true,
    description,
  });
const assigneeIds = ids('The ids of the members who work on the task', MAX_ASSIGNEES);
const labelIds = ids('The ids of labels of the project', MAX_TASK_LABELS);

const recurrence = Nullable(StoredText({ minLength: 1, maxLength: 200 }), {
  description:
    'A rule of iCalendar (RFC 5545) without `COUNT`: when the task is done, the next one is ' +
    'created, due on the first day of the rule after the due date. Needs `due_on`. Null for a ' +
    'task that does not repeat.',
  examples: ['FREQ=WEEKLY;BYDAY=MO'],
});

const position = Type.String({
  description:
    'The place within the column: tasks are in the order of these strings by their bytes. Use ' +
    '`move` to change it.',
  examples: ['a0'],
});

/** A `ProjectTaskSummary`. */
export const summaryExample = {
  id: 101,
  project_id: 1,
  number: 12,
  summary: 'Compare the fonts',
  status: 'in_progress' as const,
  allowed_transitions: ['review' as const, 'todo' as const, 'cancelled' as const],
  position: 'a0',
  priority: 'normal' as const,
  assignee_ids: [2],
  label_ids: [1],
  start_on: null,
  due_on: '2026-02-14',
  time_zone: 'Europe/Berlin',
  due_at: '2026-02-14T23:00:00.000Z',
  estimate: 90,
  recurrence: null,
  checklist_total: 1,
  checklist_done: 0,
  creator_id: 1,
  completed_at: null,
  created_at: '2026-01-31T09:30:00.000Z',
  updated_at: '2026-01-31T09:30:00.000Z',
};

const summaryFields = {
  id: Id('The id of the task'),
  project_id: Id('The id of the project'),
  number: Type.Integer({
    minimum: 1,
    description: 'The number of the task in its project: with the key of the project, `WEB-12`',
  }),
  summary: Type.String({ description: 'What is to be done, in plain text' }),
  status,
  allowed_transitions: Type.Array(Enum(STATUSES), {
    description: 'The statuses that `transition` accepts now',
  }),
  position,
  priority,
  assignee_ids: assigneeIds,
  label_ids: labelIds,
  start_on: startOn,
  due_on: dueOn,
  time_zone: Type.String({ description: 'The time zone in which its days begin and end' }),
  due_at: Nullable(Timestamp('When the due day ends in the time zone'), {
    description: 'When the due day ends in the time zone; null without a due date',
  }),
  estimate,
  recurrence,
  checklist_total: Type.Integer({ minimum: 0, description: 'The number of checklist items' }),
  checklist_done: Type.Integer({ minimum: 0, description: 'The number of those that are done' }),
  creator_id: Nullable(Type.Integer(), {
    description: 'The id of the user who created the task; null if the user was deleted',
  }),
  completed_at: Nullable(Timestamp('When the task was completed'), {
    description: 'When the task was completed; null unless it is done',
  }),
  created_at: Timestamp('When the task was created'),
  updated_at: Timestamp('When the task was last changed'),
};

export const ProjectTaskSummary = Component(
  'ProjectTaskSummary',
  Type.Object(summaryFields, {
    description: 'A task of a project, without its texts',
    examples: [summaryExample],
  }),
);
export type ProjectTaskSummary = Static<typeof ProjectTaskSummary>;

export const ProjectTask = Component(
  'ProjectTask',
  Type.Object(
    {
      ...summaryFields,
      description: Type.String({ description: 'The description in Markdown' }),
      description_html: Type.String({ description: 'The description as safe HTML' }),
      checklist: Type.Array(Ref(ChecklistItem), { description: 'The checklist' }),
    },
    {
      description: 'A task of a project',
      examples: [
        {
          ...summaryExample,
          description: 'At most *two* families.',
          description_html: '<p>At most <em>two</em> families.</p>\n',
          checklist: [{ id: 1, text: 'Ask for samples', done: false }],
        },
      ],
    },
  ),
);
export type ProjectTask = Static<typeof ProjectTask>;

export const ProjectTaskPage = pageOf(
  'ProjectTaskPage',
  Ref(ProjectTaskSummary),
  'tasks',
  summaryExample,
);

export const ProjectTaskCreate = Component(
  'ProjectTaskCreate',
  Type.Object(
    {
      summary,
      description: Default(description, ''),
      priority: Default(priority, 'normal'),
      assignee_ids: Default(assigneeIds, []),
      label_ids: Default(labelIds, []),
      start_on: Default(startOn, null),
      due_on: Default(dueOn, null),
      time_zone: Type.Optional({
        ...timeZone,
        description: `${timeZone.description}; that of the project, if omitted`,
      }),
      estimate: Default(estimate, null),
      recurrence: Default(recurrence, null),
    },
    {
      description: 'The task to create, last in the column `todo`',
      examples: [{ summary: 'Compare the fonts', due_on: '2026-02-14' }],
    },
  ),
);
export type ProjectTaskCreate = Static<typeof ProjectTaskCreate>;

const changes = {
  priority: Type.Optional(priority),
  assignee_ids: Type.Optional(assigneeIds),
  label_ids: Type.Optional(labelIds),
  start_on: Type.Optional(startOn),
  due_on: Type.Optional(dueOn),
  estimate: Type.Optional(estimate),
};

export const ProjectTaskUpdate = Component(
  'ProjectTaskUpdate',
  Type.Object(
    {
      summary: Type.Optional(summary),
      description: Type.Optional(description),
      ...changes,
      time_zone: Type.Optional(timeZone),
      recurrence: Type.Optional(recurrence),
    },
    {
      description: 'The fields to change. Omitted fields keep their values.',
      examples: [{ priority: 'high', due_on: null }],
    },
  ),
);
export type ProjectTaskUpdate = Static<typeof ProjectTaskUpdate>;

/** Where a task is put within its column. */
const afterId = Type.Optional(
  Nullable(Id('A task'), {
    description:
      'The id of the task of the same column after which it is put; null to put it first; if ' +
      'omitted, it becomes the last',
    examples: [null],
  }),
);

const force = Default(
  Type.Boolean({
    description: 'Whether an owner exceeds the limit of the column',
  }),
  false,
);

export const TaskTransition = Component(
  'TaskTransition',
  Type.Object(
    { status, after_id: afterId, force },
    {
      description: 'The new status, and the place in its column',
      examples: [{ status: 'in_progress' }],
    },
  ),
);
export type TaskTransition = Static<typeof TaskTransition>;

export const TaskMove = Component(
  'TaskMove',
  Type.Object(
    { after_id: afterId },
    { description: 'The new place in the column', examples: [{ after_id: null }] },
  ),
);
export type TaskMove = Static<typeof TaskMove>;

export const ProjectTasksBulk = Component(
  'ProjectTasksBulk',
  Type.Object(
    {
      ids: Type.Array(Type.Integer({ minimum: 1, maximum: 2_147_483_647 }), {
        minItems: 1,
        maxItems: MAX_BULK_TASKS,
        uniqueItems: true,
        description: 'The ids of the tasks to change',
        examples: [[6, 7]],
      }),
      changes: Type.Object(changes, { description: 'The fields to change in each of them' }),
      status: Type.Optional(status),
      force,
    },
    {
      description: 'The same change of several tasks: all of them are changed, or none',
      examples: [{ ids: [6, 7], changes: { priority: 'high' } }],
    },
  ),
);
export type ProjectTasksBulk = Static<typeof ProjectTasksBulk>;

export const ProjectTasksChanged = Component(
  'ProjectTasksChanged',
  Type.Object(
    { tasks: Type.Array(Ref(ProjectTaskSummary), { description: 'The tasks after the change' }) },
    { description: 'The changed tasks', examples: [{ tasks: [summaryExample] }] },
  ),
);
export type ProjectTasksChanged = Static<typeof ProjectTasksChanged>;

export const ProjectTaskListQuery = Type.Object({
  q: Type.Optional(
    StoredText({
      maxLength: 100,
      description: 'Filter by summaries that contain this text, ignoring case',
    }),
  ),
  status: Type.Optional(status),
  assignee_id: Type.Optional(Id('Only tasks of this member')),
  label_id: Type.Optional(Id('Only tasks with this label')),
  priority: Type.Optional(priority),
  due_from: Type.Optional(
    Type.String({ format: 'date', description: 'Only tasks that are due on this day or later' }),
  ),
  due_to: Type.Optional(
    Type.String({ format: 'date', description: 'Only tasks that are due on this day or earlier' }),
  ),
  ...listQuery(PROJECT_TASK_SORTS, '-number'),
});
export type ProjectTaskListQuery = Static<typeof ProjectTaskListQuery>;

export const ProjectTaskParams = Type.Object({
  id: Id('The id of the project'),
  task_id: Id('The id of the task'),
});

export const ProjectTaskNumberParams = Type.Object({
  key: projectKey,
  number: Type.Integer({
    minimum: 1,
    maximum: 2_147_483_647,
    description: 'The number of the task',
    examples: [1],
  }),
});
