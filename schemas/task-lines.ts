import { type Static, Type } from '@sinclair/typebox';
import { ChecklistItemCreate, MAX_CHECKLIST_ITEMS } from './checklists.js';
import { MAX_ASSIGNEES, MAX_TASK_LABELS, ProjectTaskCreate, status } from './project-tasks.js';
import { timeZone } from './projects.js';
import { Default, Nullable, StoredText } from './types.js';

const { summary, description, priority, start_on, due_on, estimate, recurrence } =
  ProjectTaskCreate.properties;

/** The maximum of a number, so that the tasks that are created later have others. */
const MAX_NUMBER = 1_000_000_000;

/** Longer than any name of a user or label. */
const name = StoredText({ minLength: 1, maxLength: 200 });

const timestamp = Default(Nullable(Type.String({ format: 'date-time' })), null);

/**
 * A task of a project in a file: it names users and labels, so that other projects and
 * installations can read it.
 */
export const TaskLine = Type.Object({
  number: Default(Nullable(Type.Integer({ minimum: 1, maximum: MAX_NUMBER })), null),
  summary,
  description,
  status: Default(status, 'todo'),
  priority,
  assignees: Default(Type.Array(name, { maxItems: MAX_ASSIGNEES }), []),
  labels: Default(Type.Array(name, { maxItems: MAX_TASK_LABELS }), []),
  start_on,
  due_on,
  time_zone: Default(Nullable(timeZone), null),
  estimate,
  recurrence,
  checklist: Default(Type.Array(ChecklistItemCreate, { maxItems: MAX_CHECKLIST_ITEMS }), []),
  creator: Default(Nullable(name), null),
  created_at: timestamp,
  completed_at: timestamp,
});
export type TaskLine = Static<typeof TaskLine>;
