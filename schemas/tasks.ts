import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
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
  name: 'tasks',
  description: 'Your personal tasks, which only you can see',
};

/** The columns that a list of tasks can be sorted by. */
export const TASK_SORTS = ['created_at', 'updated_at', 'due_on', 'priority'] as const;
export type TaskSort = (typeof TASK_SORTS)[number];

/** The priorities of a task, lowest first. */
export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** The maximum length of a summary in characters, without white space around it. */
export const MAX_SUMMARY = 300;

/** The maximum number of personal tasks of a user, including those in the trash. */
export const MAX_TASKS_PER_OWNER = 5000;

/** The length of a summary as it is sent: white space around it is removed afterwards. */
const MAX_SENT_SUMMARY = 1000;

const summary = StoredText({
  maxLength: MAX_SENT_SUMMARY,
  description:
    `What is to be done, in 1 to ${MAX_SUMMARY} characters of plain text. White space around it ` +
    'is removed.',
  examples: ['Water the plants'],
});

const priority = Enum(PRIORITIES, { description: 'The priority' });

function day(description: string) {
  return Type.String({ format: 'date', description, examples: ['2026-02-14'] });
}

const dueOn = Nullable(day('The day on which the task is due'), {
  description: 'The day on which the task is due; null if it has none',
});

const completed = Type.Boolean({ description: 'Whether the task is done' });

const example = {
  id: 1,
  summary: 'Water the plants',
  completed: false,
  priority: 'normal' as const,
  due_on: '2026-02-14',
  completed_at: null,
  created_at: '2026-01-31T09:30:00.000Z',
  updated_at: '2026-01-31T09:30:00.000Z',
};

export const Task = Component(
  'Task',
  Type.Object(
    {
      id: Id('The id of the task'),
      summary: Type.String({ description: 'What is to be done, in plain text' }),
      completed,
      priority,
      due_on: dueOn,
      completed_at: Nullable(Timestamp('When the task was completed'), {
        description: 'When the task was completed; null if it is not done',
      }),
      created_at: Timestamp('When the task was created'),
      updated_at: Timestamp('When the task was last changed'),
    },
    { description: 'A personal task', examples: [example] },
  ),
);
export type Task = Static<typeof Task>;

export const TaskPage = pageOf('TaskPage', Ref(Task), 'tasks', example);

export const TaskCreate = Component(
  'TaskCreate',
  Type.Object(
    {
      summary,
      completed: Default(completed, false),
      priority: Default(priority, 'normal'),
      due_on: Default(dueOn, null),
    },
    {
      description: 'The task to create',
      examples: [{ summary: 'Water the plants', due_on: '2026-02-14' }],
    },
  ),
);
export type TaskCreate = Static<typeof TaskCreate>;

export const TaskUpdate = Component(
  'TaskUpdate',
  Type.Object(
    {
      summary: Type.Optional(summary),
      completed: Type.Optional(completed),
      priority: Type.Optional(priority),
      due_on: Type.Optional(dueOn),
    },
    {
      description: 'The fields to change. Omitted fields keep their values.',
      examples: [{ priority: 'high', due_on: null }],
    },
  ),
);
export type TaskUpdate = Static<typeof TaskUpdate>;

export const TaskStatistics = Component(
  'TaskStatistics',
  Type.Object(
    {
      total: Type.Integer({ minimum: 0, description: 'The number of tasks' }),
      done: Type.Integer({ minimum: 0, description: 'The number of completed tasks' }),
      pending: Type.Integer({ minimum: 0, description: 'The number of tasks that are not done' }),
    },
    {
      description: 'How many tasks you have, outside the trash',
      examples: [{ total: 5, done: 2, pending: 3 }],
    },
  ),
);
export type TaskStatistics = Static<typeof TaskStatistics>;

export const TasksPurged = Component(
  'TasksPurged',
  Type.Object(
    { removed: Type.Integer({ minimum: 0, description: 'The number of deleted tasks' }) },
    { description: 'How many completed tasks were deleted', examples: [{ removed: 2 }] },
  ),
);
export type TasksPurged = Static<typeof TasksPurged>;

export const TaskListQuery = Type.Object({
  q: Type.Optional(
    StoredText({
      maxLength: 100,
      description: 'Filter by summaries that contain this text, ignoring case',
    }),
  ),
  completed: Type.Optional({ ...completed, description: 'Filter by whether the task is done' }),
  priority: Type.Optional({ ...priority, description: 'Filter by priority' }),
  due_from: Type.Optional(day('Only tasks that are due on this day or later')),
  due_to: Type.Optional(day('Only tasks that are due on this day or earlier')),
  ...listQuery(TASK_SORTS, '-created_at'),
});
export type TaskListQuery = Static<typeof TaskListQuery>;

export const TaskParams = Type.Object({ id: Id('The id of the task') });
