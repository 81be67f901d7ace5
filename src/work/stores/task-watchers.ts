import { sql } from 'kysely';
import type { TaskWatcher, WatcherSort } from '#schemas/task-watchers.js';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';

/** A watcher, with the id of the user. */
export type WatcherRow = TaskWatcher & { id: number };

/** Which task of which project. */
export interface WatchedTask {
  projectId: number;
  taskId: number;
}

/** Returns a slice of the watchers of a task. */
export function listWatchers(
  db: Database,
  taskId: number,
  slice: Slice<WatcherSort>,
): Promise<WatcherRow[]> {
  const found = db
    .selectFrom(watchersOf(db, taskId).as('watchers'))
    .select(['id', 'created_at'])
    .select(sql<TaskWatcher['user']>`${authorIn('watchers.id')}`.as('user'));
  return cut(found, slice).execute();
}

/** Counts the watchers of a task, like `countRows`. */
export function countWatchers(db: Database, taskId: number): Promise<number> {
  return countRows(db, watchersOf(db, taskId));
}

/**
 * Lets members watch a task, except those who have stopped watching it. Its project must be locked.
 */
export async function addWatchers(
  trx: Database,
  { projectId, taskId }: WatchedTask,
  userIds: readonly number[],
  created_at: string,
): Promise<void> {
  await sql`
    insert into task_watchers (task_id, project_id, user_id, created_at)
    select ${taskId}::integer, project_id, user_id, ${created_at}::timestamptz
    from project_members
    where project_id = ${projectId} and user_id = any(${userIds}::integer[])
    on conflict do nothing`.execute(trx);
}

/** Sets whether a member watches a task. The project must be locked. */
export async function setWatching(
  trx: Database,
  { projectId, taskId }: WatchedTask,
  user_id: number,
  { is_watching, created_at }: { is_watching: boolean; created_at: string },
): Promise<void> {
  await trx
    .insertInto('task_watchers')
    .values({ task_id: taskId, project_id: projectId, user_id, is_watching, created_at })
    .onConflict((conflict) =>
      conflict
        .columns(['task_id', 'user_id'])
        .doUpdateSet({ is_watching, created_at })
        .where('task_watchers.is_watching', '<>', is_watching),
    )
    .execute();
}

function watchersOf(db: Database, taskId: number) {
  return db
    .selectFrom('task_watchers')
    .select(['user_id as id', 'created_at'])
    .where('task_id', '=', taskId)
    .where('is_watching', '=', true);
}
