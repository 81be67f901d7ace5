import type { Page } from '#schemas/paging.js';
import type { TaskListQuery, TaskStatistics } from '#schemas/tasks.js';
import type { ActingContext } from '#src/access/context.js';
import { ApiError } from '#src/errors.js';
import { entityTag } from '#src/lib/entity-tag.js';
import { readPage } from '#src/lists/paging.js';
import * as store from '#src/work/stores/tasks.js';

/**
 * Returns a page of the viewer's tasks that match the query.
 *
 * @throws InvalidRequest if the cursor is invalid
 */
export function listTasks(
  { db, viewer }: ActingContext,
  { page, size, cursor, sort, ...filter }: TaskListQuery,
): Promise<Page<store.TaskRow>> {
  return readPage(
    { page, size, cursor, sort },
    {
      list: (slice) => store.listTasks(db, viewer.id, filter, slice),
      count: () => store.countTasks(db, viewer.id, filter),
      sortKey: ({ sort_key }) => sort_key,
      isSortKey: store.isTaskSortKey,
    },
  );
}

/** @throws ApiError not_found if the viewer has no such task */
export async function readTask({ db, viewer }: ActingContext, id: number): Promise<store.TaskRow> {
  const task = await store.findTask(db, viewer.id, id);
  if (task === null) throw new ApiError('not_found');
  return task;
}

/** Counts the viewer's tasks. */
export async function readTaskStatistics({ db, viewer }: ActingContext): Promise<TaskStatistics> {
  const { total, done } = await store.countTasksByState(db, viewer.id);
  return { total, done, pending: total - done };
}

export function taskTag({ version }: store.TaskRow): string {
  return entityTag(version, 'full');
}
