import type { Page } from '#schemas/paging.js';
import type { TaskWatcherListQuery } from '#schemas/task-watchers.js';
import type { ActingContext } from '#src/access/context.js';
import { inTransaction } from '#src/db/transaction.js';
import { readPage } from '#src/lists/paging.js';
import * as store from '#src/work/stores/task-watchers.js';
import { lockProject } from './project-access.js';
import { findTaskOf, requireTask, type TaskKey } from './task-access.js';

/**
 * Returns a page of the members who watch a task.
 *
 * @throws ApiError not_found; InvalidRequest if the cursor is invalid
 */
export async function listWatchers(
  context: ActingContext,
  key: TaskKey,
  query: TaskWatcherListQuery,
): Promise<Page<store.WatcherRow>> {
  await requireTask(context, key);
  return readPage(query, {
    list: (slice) => store.listWatchers(context.db, key.task_id, slice),
    count: () => store.countWatchers(context.db, key.task_id),
    sortKey: ({ created_at }) => created_at,
  });
}

/**
 * Lets the viewer watch a task, or stop watching it: until the viewer watches it again, or leaves the
 * project. Idempotent. Concerns only the viewer, so it is possible in an archived project.
 *
 * @throws ApiError not_found
 */
export function setWatching(
  context: ActingContext,
  key: TaskKey,
  is_watching: boolean,
): Promise<void> {
  return inTransaction(context, async (trx) => {
    await lockProject(trx, key.id, 'viewer', { whenArchived: true });
    await findTaskOf(trx, key);
    const task = { projectId: key.id, taskId: key.task_id };
    const values = { is_watching, created_at: trx.now.toISOString() };
    await store.setWatching(trx.db, task, trx.viewer.id, values);
  });
}
