import { type RawBuilder, sql } from 'kysely';
import type { Priority, Task, TaskSort } from '#schemas/tasks.js';
import type { Database } from '#src/db/database.js';
import { fold } from '#src/lib/fold.js';
import { containing } from '#src/lib/like-pattern.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';
import { priorityOrder } from './priorities.js';
import { NO_DESCRIPTION, taskVector } from './task-vectors.js';

export interface TaskRow extends Task {
  version: number;
}

/** A task in a list, with its sort key. */
export type ListedTask = TaskRow & { sort_key: string | number };

export interface TaskFilter {
  /** Part of the summary, in any case. */
  q?: string | undefined;
  completed?: boolean | undefined;
  priority?: Priority | undefined;
  due_from?: string | undefined;
  due_to?: string | undefined;
}

/** The values of a task that are written. */
export interface TaskValues {
  summary: string;
  priority: Priority;
  due_on: string | null;
  completed_at: string | null;
  updated_at: string;
}

/** The columns of a task, except for `completed`. */
export const COLUMNS = [
  'id',
  'summary',
  'priority',
  'due_on',
  'completed_at',
  'version',
  'created_at',
  'updated_at',
] as const;

/** Whether the task is done. */
export const completed = sql<boolean>`tasks.completed_at is not null`.as('completed');

/** The day by which tasks without a due date are sorted: after all others. */
const NEVER = '9999-12-31';

const SORT_COLUMNS: Record<TaskSort, RawBuilder<string | number>> = {
  created_at: sql`tasks.created_at`,
  updated_at: sql`tasks.updated_at`,
  due_on: sql`coalesce(tasks.due_on, ${sql.lit(NEVER)}::date)`,
  priority: priorityOrder,
};

const DAY = /^\d{4}-\d\d-\d\d$/;

/** Whether the key is valid for this sort order, to check cursors. */
export function isTaskSortKey(key: string | number, sort: TaskSort): boolean {
  if (sort === 'priority') return typeof key === 'number';
  if (typeof key !== 'string') return false;
  return sort === 'due_on'
    ? DAY.test(key) && isTimestamp(`${key}T00:00:00.000Z`)
    : isTimestamp(key);
}

/** Returns a slice of the owner's tasks that match the filter. */
export function listTasks(
  db: Database,
  ownerId: number,
  filter: TaskFilter,
  slice: Slice<TaskSort>,
): Promise<ListedTask[]> {
  const column = SORT_COLUMNS[slice.sort];
  const found = db
    .selectFrom('tasks')
    .select(COLUMNS)
    .select([completed, column.as('sort_key')])
    .where(matches(ownerId, filter));
  return cut(found, slice, column).execute();
}

/** Counts the owner's tasks that match the filter, like `countRows`. */
export function countTasks(db: Database, ownerId: number, filter: TaskFilter): Promise<number> {
  return countRows(db, db.selectFrom('tasks').select('id').where(matches(ownerId, filter)));
}

/** Returns the numbers of all and of the completed tasks of the owner. */
export function countTasksByState(
  db: Database,
  ownerId: number,
): Promise<{ total: number; done: number }> {
  return db
    .selectFrom('tasks')
    .select(({ fn }) => [
      fn.countAll<number>().as('total'),
      fn.count<number>('completed_at').as('done'),
    ])
    .where(matches(ownerId, {}))
    .executeTakeFirstOrThrow();
}

/** Returns a task of the owner, or null. */
export async function findTask(db: Database, ownerId: number, id: number): Promise<TaskRow | null> {
  return (await selectTask(db, ownerId, id).executeTakeFirst()) ?? null;
}

/** Returns a task of the owner, locked until the transaction ends, or null. */
export async function lockTask(
  trx: Database,
  ownerId: number,
  id: number,
): Promise<TaskRow | null> {
  return (await selectTask(trx, ownerId, id).forUpdate().executeTakeFirst()) ?? null;
}

/** Whether the owner has at least `count` tasks, including deleted ones. */
export async function hasTasks(db: Database, ownerId: number, count: number): Promise<boolean> {
  const { rows } = await sql`
    select from tasks where owner_id = ${ownerId} offset ${count - 1} limit 1`.execute(db);
  return rows.length > 0;
}

export function insertTask(
  trx: Database,
  values: TaskValues & { owner_id: number; created_at: string },
): Promise<TaskRow> {
  return trx
    .insertInto('tasks')
    .values({
      ...values,
      searched_summary: fold(values.summary),
      search_vector: taskVector(values.summary, NO_DESCRIPTION, { owner_id: values.owner_id }),
    })
    .returning(COLUMNS)
    .returning(completed)
    .executeTakeFirstOrThrow();
}

export function updateTask(
  trx: Database,
  id: number,
  values: Partial<TaskValues>,
): Promise<TaskRow> {
  const { summary } = values;
  return trx
    .updateTable('tasks')
    .set({
      ...values,
      ...(summary !== undefined && {
        searched_summary: fold(summary),
        search_vector: taskVector(summary, NO_DESCRIPTION),
      }),
    })
    .where('id', '=', id)
    .returning(COLUMNS)
    .returning(completed)
    .executeTakeFirstOrThrow();
}

/** Moves a task to the trash. */
export async function deleteTask(
  trx: Database,
  id: number,
  { deleted_at, deleted_by }: { deleted_at: string; deleted_by: number },
): Promise<void> {
  await trx.updateTable('tasks').set({ deleted_at, deleted_by }).where('id', '=', id).execute();
}

/** Deletes the completed tasks of the owner permanently. Returns their ids. */
export async function deleteCompletedTasks(trx: Database, ownerId: number): Promise<number[]> {
  const deleted = await trx
    .deleteFrom('tasks')
    .where(matches(ownerId, { completed: true }))
    .returning('id')
    .execute();
  return deleted.map(({ id }) => id);
}

function selectTask(db: Database, ownerId: number, id: number) {
  return db
    .selectFrom('tasks')
    .select(COLUMNS)
    .select(completed)
    .where('id', '=', id)
    .where(matches(ownerId, {}));
}

function matches(
  ownerId: number,
  { q = '', completed: isDone, priority, due_from, due_to }: TaskFilter,
): RawBuilder<boolean> {
  const conditions = [sql`tasks.owner_id = ${ownerId}`, sql`tasks.deleted_at is null`];
  if (q !== '') conditions.push(sql`tasks.searched_summary like ${containing(fold(q))}`);
  if (isDone !== undefined) {
    conditions.push(sql`tasks.completed_at is ${sql.raw(isDone ? 'not null' : 'null')}`);
  }
  if (priority !== undefined) conditions.push(sql`tasks.priority = ${priority}`);
  if (due_from !== undefined) conditions.push(sql`tasks.due_on >= ${due_from}`);
  if (due_to !== undefined) conditions.push(sql`tasks.due_on <= ${due_to}`);
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}
