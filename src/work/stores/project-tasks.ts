import { type RawBuilder, sql } from 'kysely';
import {
  type ProjectTask,
  type ProjectTaskSort,
  type ProjectTaskSummary,
  STATUSES,
  type Status,
  TRANSITIONS,
} from '#schemas/project-tasks.js';
import type { Priority } from '#schemas/tasks.js';
import type { Database } from '#src/db/database.js';
import { fold } from '#src/lib/fold.js';
import { containing } from '#src/lib/like-pattern.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';
import { priorityOrder } from './priorities.js';

export interface ProjectTaskRow extends ProjectTask {
  version: number;
}

export interface ProjectTaskSummaryRow extends ProjectTaskSummary {
  version: number;
}

/** A task in a list, with its sort key. */
export type ListedProjectTask = ProjectTaskSummaryRow & { sort_key: string | number };

export interface ProjectTaskFilter {
  /** Part of the summary, in any case. */
  q?: string | undefined;
  status?: Status | undefined;
  assignee_id?: number | undefined;
  label_id?: number | undefined;
  priority?: Priority | undefined;
  due_from?: string | undefined;
  due_to?: string | undefined;
}

const ALLOWED = STATUSES.map(
  (status) =>
    sql`when ${sql.lit(status)} then ${sql.lit(JSON.stringify(TRANSITIONS[status]))}::jsonb`,
);

/** The columns of a task without its texts. */
export const SUMMARY = [
  'tasks.id',
  'tasks.project_id',
  'tasks.number',
  'tasks.summary',
  'tasks.status',
  sql<Status[]>`case tasks.status ${sql.join(ALLOWED, sql` `)} end`.as('allowed_transitions'),
  'tasks.position',
  'tasks.priority',
  'tasks.assignee_ids',
  'tasks.label_ids',
  'tasks.start_on',
  'tasks.due_on',
  'tasks.time_zone',
  'tasks.due_at',
  'tasks.estimate',
  'tasks.recurrence',
  sql<number>`jsonb_array_length(checklist)`.as('checklist_total'),
  sql<number>`jsonb_array_length(jsonb_path_query_array(checklist, '$[*] ? (@.done == true)'))`.as(
    'checklist_done',
  ),
  'tasks.creator_id',
  'tasks.completed_at',
  'tasks.version',
  'tasks.created_at',
  'tasks.updated_at',
] as const;

/** All columns of a task. */
export const WHOLE = [
  ...SUMMARY,
  'tasks.description',
  'tasks.description_html',
  'tasks.checklist',
] as const;

/** The day by which tasks without a due date are sorted: after all others. */
const NEVER = '9999-12-31';

const SORT_COLUMNS: Record<ProjectTaskSort, RawBuilder<string | number>> = {
  position: sql`tasks.position`,
  number: sql`tasks.number`,
  created_at: sql`tasks.created_at`,
  updated_at: sql`tasks.updated_at`,
  due_on: sql`coalesce(tasks.due_on, ${sql.lit(NEVER)}::date)`,
  priority: priorityOrder,
};

const DAY = /^\d{4}-\d\d-\d\d$/;
const POSITION = /^[0-9A-Za-z]{1,200}$/;

/** Whether the key is valid for this sort order, to check cursors. */
export function isProjectTaskSortKey(key: string | number, sort: ProjectTaskSort): boolean {
  if (sort === 'priority' || sort === 'number') return typeof key === 'number';
  if (typeof key !== 'string') return false;
  if (sort === 'position') return POSITION.test(key);
  return sort === 'due_on'
    ? DAY.test(key) && isTimestamp(`${key}T00:00:00.000Z`)
    : isTimestamp(key);
}

/** Returns a slice of the tasks of a project that match the filter. */
export function listProjectTasks(
  db: Database,
  projectId: number,
  filter: ProjectTaskFilter,
  slice: Slice<ProjectTaskSort>,
): Promise<ListedProjectTask[]> {
  const column = SORT_COLUMNS[slice.sort];
  const found = db
    .selectFrom('tasks')
    .select([...SUMMARY, column.as('sort_key')])
    .where(matches(projectId, filter))
    .$castTo<ListedProjectTask>();
  return cut(found, slice, column).execute();
}

/** Counts them, like `countRows`. */
export function countProjectTasks(
  db: Database,
  projectId: number,
  filter: ProjectTaskFilter,
): Promise<number> {
  return countRows(db, db.selectFrom('tasks').select('id').where(matches(projectId, filter)));
}

/** Returns a task of a project, or null. */
export async function findProjectTask(
  db: Database,
  projectId: number,
  id: number,
): Promise<ProjectTaskRow | null> {
  const found = selectWhole(db, projectId).where('tasks.id', '=', id);
  return (await found.executeTakeFirst()) ?? null;
}

/** Returns the task of a project with this number, or null. */
export async function findProjectTaskByNumber(
  db: Database,
  projectId: number,
  number: number,
): Promise<ProjectTaskRow | null> {
  const found = selectWhole(db, projectId).where('number', '=', number);
  return (await found.executeTakeFirst()) ?? null;
}

/** Returns these tasks of a project, by id. */
export async function findProjectTasks(
  db: Database,
  projectId: number,
  ids: readonly number[],
): Promise<Map<number, ProjectTaskRow>> {
  const found = selectWhole(db, projectId).where('tasks.id', 'in', [...ids]);
  return new Map((await found.execute()).map((task) => [task.id, task]));
}

/** Whether the project has at least `count` tasks, including deleted ones. */
export async function hasProjectTasks(
  db: Database,
  projectId: number,
  count: number,
): Promise<boolean> {
  // As long as the project has not had as many, none need to be counted.
  const { rows } = await sql`
    select from projects
    where id = ${projectId} and last_number >= ${count} and exists (
      select from tasks where project_id = ${projectId} offset ${count - 1} limit 1)`.execute(db);
  return rows.length > 0;
}

function selectWhole(db: Database, projectId: number) {
  return db
    .selectFrom('tasks')
    .select(WHOLE)
    .where(matches(projectId, {}))
    .$castTo<ProjectTaskRow>();
}

/** SQL that matches the tasks of a project, outside the trash. */
export function matches(
  projectId: number,
  { q = '', status, assignee_id, label_id, priority, due_from, due_to }: ProjectTaskFilter,
): RawBuilder<boolean> {
  const conditions = [sql`tasks.project_id = ${projectId}`, sql`tasks.deleted_at is null`];
  if (q !== '') conditions.push(sql`tasks.searched_summary like ${containing(fold(q))}`);
  if (status !== undefined) conditions.push(sql`tasks.status = ${status}`);
  if (assignee_id !== undefined)
    conditions.push(sql`tasks.assignee_ids @> array[${assignee_id}::integer]`);
  if (label_id !== undefined) conditions.push(sql`tasks.label_ids @> array[${label_id}::integer]`);
  if (priority !== undefined) conditions.push(sql`tasks.priority = ${priority}`);
  if (due_from !== undefined) conditions.push(sql`tasks.due_on >= ${due_from}`);
  if (due_to !== undefined) conditions.push(sql`tasks.due_on <= ${due_to}`);
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}
