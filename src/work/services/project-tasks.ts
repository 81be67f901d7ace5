import type { Page } from '#schemas/paging.js';
import type { ProjectTaskListQuery } from '#schemas/project-tasks.js';
import type { ActingContext } from '#src/access/context.js';
import { ApiError } from '#src/errors.js';
import { entityTag } from '#src/lib/entity-tag.js';
import { readPage } from '#src/lists/paging.js';
import * as store from '#src/work/stores/project-tasks.js';
import type { ProjectRow } from '#src/work/stores/projects.js';
import { requireProject } from './project-access.js';
import { readProjectByKey } from './projects.js';

/**
 * Returns a page of the tasks of a project that match the query.
 *
 * @throws ApiError not_found; InvalidRequest if the cursor is invalid
 */
export async function listProjectTasks(
  context: ActingContext,
  projectId: number,
  { page, size, cursor, sort, ...filter }: ProjectTaskListQuery,
): Promise<Page<store.ProjectTaskSummaryRow>> {
  await requireProject(context, projectId);
  const { db } = context;
  return readPage(
    { page, size, cursor, sort },
    {
      list: (slice) => store.listProjectTasks(db, projectId, filter, slice),
      count: () => store.countProjectTasks(db, projectId, filter),
      sortKey: ({ sort_key }) => sort_key,
      isSortKey: store.isProjectTaskSortKey,
    },
  );
}

/** @throws ApiError not_found */
export async function readProjectTask(
  context: ActingContext,
  projectId: number,
  id: number,
): Promise<store.ProjectTaskRow> {
  await requireProject(context, projectId);
  const task = await store.findProjectTask(context.db, projectId, id);
  if (task === null) throw new ApiError('not_found');
  return task;
}

/**
 * Returns the task with a number such as `WEB-12`, and its project, which may have another key by
 * now.
 *
 * @throws ApiError not_found
 */
export async function readProjectTaskByNumber(
  context: ActingContext,
  key: string,
  number: number,
): Promise<{ project: ProjectRow; task: store.ProjectTaskRow }> {
  const project = await readProjectByKey(context, key);
  const task = await store.findProjectTaskByNumber(context.db, project.id, number);
  if (task === null) throw new ApiError('not_found');
  return { project, task };
}

export function projectTaskTag({ version }: { version: number }): string {
  return entityTag(version, 'full');
}
