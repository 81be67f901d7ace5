import { type RawBuilder, sql } from 'kysely';
import type { MyTask, MyTaskSort } from '#schemas/my-tasks.js';
import type { Status } from '#schemas/project-tasks.js';
import type { Database } from '#src/db/database.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';
import { priorityOrder } from './priorities.js';
import { SUMMARY } from './project-tasks.js';

/** A task in a list, with its sort key. */
export type ListedMyTask = MyTask & { sort_key: string | number };

export interface MyTaskFilter {
  /** What the user has to do with the tasks. */
  as: 'assignee' | 'watcher';
  status?: Status | undefined;
  /** Only tasks that are due at this time or later, and before the other. */
  dueFrom?: Date | undefined;
  dueBefore?: Date | undefined;
}

/** The time by which tasks without a due date are sorted: after all others. */
const NEVER = '9999-12-31T23:59:59.999Z';

const SORT_COLUMNS: Record<MyTaskSort, RawBuilder<string | number>> = {
  due_at: sql`coalesce(tasks.due_at, ${sql.lit(NEVER)}::timestamptz(3))`,
  updated_at: sql`tasks.updated_at`,
  priority: priorityOrder,
};

/** Whether the key is valid for this sort order, to check cursors. */
export function isMyTaskSortKey(key: string | number, sort: MyTaskSort): boolean {
  return sort === 'priority'
    ? typeof key === 'number'
    : typeof key === 'string' && isTimestamp(key);
}

/** Returns a slice of the tasks that the user is assigned to or watches, in projects of the user. */
export function listMyTasks(
  db: Database,
  userId: number,
  filter: MyTaskFilter,
  slice: Slice<MyTaskSort>,
): Promise<ListedMyTask[]> {
  const column = SORT_COLUMNS[slice.sort];
  const found = selectMine(db, userId, filter)
    .select(SUMMARY)
    .select(['projects.key as project_key', 'projects.name as project_name'])
    .select(column.as('sort_key'));
  const all = db.selectFrom(found.as('found')).selectAll().$castTo<ListedMyTask>();
  return cut(all, slice, sql.ref('sort_key')).execute();
}

/** Counts them, like `countRows`. */
export function countMyTasks(db: Database, userId: number, filter: MyTaskFilter): Promise<number> {
  return countRows(db, selectMine(db, userId, filter).select('tasks.id'));
}

function selectMine(
  db: Database,
  userId: number,
  { as, status, dueFrom, dueBefore }: MyTaskFilter,
) {
  const conditions = [
    as === 'assignee'
      ? sql`tasks.assignee_ids @> array[${userId}::integer]`
      : sql`tasks.id in (
          select task_id from project_members join task_watchers using (project_id, user_id)
          where user_id = ${userId} and is_watching)`,
    sql`tasks.project_id is not null`,
    sql`tasks.deleted_at is null`,
    sql`projects.deleted_at is null and projects.archived_at is null`,
    status === undefined
      ? sql`tasks.status not in ('done', 'cancelled')`
      : sql`tasks.status = ${status}`,
  ];
  if (dueFrom !== undefined) conditions.push(sql`tasks.due_at >= ${dueFrom.toISOString()}`);
  if (dueBefore !== undefined) conditions.push(sql`tasks.due_at < ${dueBefore.toISOString()}`);
  // Whoever is no longer a member is not assigned, and watches nothing either.
  return db
    .selectFrom('tasks')
    .innerJoin('projects', 'projects.id', 'tasks.project_id')
    .where(sql<boolean>`(${sql.join(conditions, sql` and `)})`);
}
