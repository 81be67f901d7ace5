import { type RawBuilder, sql } from 'kysely';
import type { ChecklistItem } from '#schemas/checklists.js';
import type { Status } from '#schemas/project-tasks.js';
import type { Priority } from '#schemas/tasks.js';
import type { Database } from '#src/db/database.js';
import { fold } from '#src/lib/fold.js';
import { type ProjectTaskRow, WHOLE } from './project-tasks.js';
import { STORED_DESCRIPTION, taskVector } from './task-vectors.js';

/** The values of a task of a project that are written. */
export interface ProjectTaskValues {
  summary: string;
  description: string;
  description_html: string;
  /** The description's part of the search vector, see `descriptionVector`. */
  described: RawBuilder<string>;
  status: Status;
  position: string;
  priority: Priority;
  assignee_ids: number[];
  label_ids: number[];
  start_on: string | null;
  due_on: string | null;
  time_zone: string;
  estimate: number | null;
  recurrence: string | null;
  checklist: ChecklistItem[];
  completed_at: string | null;
  updated_at: string;
}

/** The values of a new task. */
export type NewTaskValues = Omit<ProjectTaskValues, 'updated_at'> & {
  creator_id: number | null;
  created_at: string;
};

/** Inserts a task with the next number of the project. The project must be locked. */
export async function insertProjectTask(
  trx: Database,
  projectId: number,
  values: NewTaskValues,
): Promise<ProjectTaskRow> {
  const { last_number: number } = await trx
    .updateTable('projects')
    .set(({ eb }) => ({ last_number: eb('last_number', '+', 1) }))
    .where('id', '=', projectId)
    .returning('last_number')
    .executeTakeFirstOrThrow();
  return trx
    .insertInto('tasks')
    .values(rowOf(projectId, { ...values, number }))
    .returning(WHOLE)
    .$castTo<ProjectTaskRow>()
    .executeTakeFirstOrThrow();
}

/**
 * Inserts tasks with numbers that no task of the project has. The project must be locked; its next
 * number follows the highest.
 */
export async function insertNumberedTasks(
  trx: Database,
  projectId: number,
  tasks: readonly (NewTaskValues & { number: number })[],
): Promise<ProjectTaskRow[]> {
  const highest = Math.max(...tasks.map(({ number }) => number));
  await trx
    .updateTable('projects')
    .set({ last_number: sql<number>`greatest(last_number, ${highest}::integer)` })
    .where('id', '=', projectId)
    .execute();
  return trx
    .insertInto('tasks')
    .values(tasks.map((task) => rowOf(projectId, task)))
    .returning(WHOLE)
    .$castTo<ProjectTaskRow>()
    .execute();
}

/** Changes a task. The project must be locked. @param values a description comes with `described` */
export function updateProjectTask(
  trx: Database,
  { id, due_on, time_zone, summary: formerSummary }: ProjectTaskRow,
  values: Partial<ProjectTaskValues>,
): Promise<ProjectTaskRow> {
  const { checklist, described, ...others } = values;
  const { summary } = others;
  const due = { due_on, time_zone, ...others };
  const isIndexed = summary !== undefined || described !== undefined;
  return trx
    .updateTable('tasks')
    .set({
      ...others,
      ...(checklist !== undefined && { checklist: JSON.stringify(checklist) }),
      ...(summary !== undefined && { searched_summary: fold(summary) }),
      ...(isIndexed && {
        search_vector: taskVector(summary ?? formerSummary, described ?? STORED_DESCRIPTION),
        description_vector: described === undefined ? STORED_DESCRIPTION : null,
      }),
      due_at: endOf(due.due_on, due.time_zone),
    })
    .where('id', '=', id)
    .returning(WHOLE)
    .$castTo<ProjectTaskRow>()
    .executeTakeFirstOrThrow();
}

function rowOf(projectId: number, values: NewTaskValues & { number: number }) {
  const { checklist, described, ...others } = values;
  return {
    ...others,
    project_id: projectId,
    checklist: JSON.stringify(checklist),
    due_at: endOf(values.due_on, values.time_zone),
    searched_summary: fold(values.summary),
    search_vector: taskVector(values.summary, described, { project_id: projectId }),
    updated_at: values.created_at,
  };
}

/** The end of a day in a time zone. */
function endOf(day: string | null, timeZone: string): RawBuilder<string | null> {
  return sql<string | null>`(${day}::date + 1)::timestamp at time zone ${timeZone}`;
}
