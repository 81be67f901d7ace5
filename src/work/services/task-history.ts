import type { HistoryEntry, HistoryQuery } from '#schemas/history.js';
import type { Page } from '#schemas/paging.js';
import type { ActingContext } from '#src/access/context.js';
import { listHistory } from '#src/events/history.js';
import { readProjectTask } from './project-tasks.js';

/**
 * Returns a page of the changes of a task, newest first.
 *
 * @throws ApiError not_found; InvalidRequest if the cursor is invalid
 */
export async function listTaskHistory(
  context: ActingContext,
  projectId: number,
  id: number,
  query: HistoryQuery,
): Promise<Page<HistoryEntry>> {
  await readProjectTask(context, projectId, id);
  return listHistory(context, { projectId, resource: 'task', resourceId: id }, query);
}
