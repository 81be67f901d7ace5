import type { Page } from '#schemas/paging.js';
import {
  BOARD_COLUMN_SIZE,
  type Board,
  type BoardColumn,
  MAX_BOARD_BYTES,
  type ProjectTaskListQuery,
  STATUSES,
  type Status,
} from '#schemas/project-tasks.js';
import type { ActingContext } from '#src/access/context.js';
import { ApiError } from '#src/errors.js';
import { findSettledEvent } from '#src/events/store.js';
import { entityTag } from '#src/lib/entity-tag.js';
import { encodeCursor } from '#src/lists/cursor.js';
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

/**
 * Returns the board of a project, with three statements: its columns with their first tasks, as many
 * as there is room for.
 *
 * @throws ApiError not_found
 */
export async function readBoard(context: ActingContext, projectId: number): Promise<Board> {
  const { db } = context;
  // Whatever is settled before the tasks are read is part of them.
  const event_id = await findSettledEvent(db);
  const project = await requireProject(context, projectId);
  const columns = await store.readColumns(db, projectId, BOARD_COLUMN_SIZE + 1);
  const limits = limitsOf(project);
  let room = MAX_BOARD_BYTES;
  const found = new Map(columns.map((column) => [column.status, column]));
  const taken = new Map<Status, number>(STATUSES.map((status) => [status, 0]));
  // Row by row, so that a long column leaves room for the others.
  for (let row = 0; row < BOARD_COLUMN_SIZE; row += 1) {
    for (const status of STATUSES) {
      const task = found.get(status)?.tasks[row];
      if (task === undefined || taken.get(status) !== row) continue;
      room -= Buffer.byteLength(JSON.stringify(task));
      if (room >= 0) taken.set(status, row + 1);
    }
  }
  return {
    project_id: projectId,
    key: project.key,
    event_id,
    columns: STATUSES.map((status): BoardColumn => {
      const { count = 0, tasks: all = [] } = found.get(status) ?? {};
      const tasks = all.slice(0, taken.get(status));
      return {
        status,
        count,
        limit: limits[status] ?? null,
        tasks,
        next_cursor: all.length > tasks.length ? cursorAfter(tasks.at(-1)) : null,
      };
    }),
  };
}

/** Returns the maximum number of tasks in each column that has one. */
export function limitsOf(project: ProjectRow): Partial<Record<Status, number | null>> {
  return { in_progress: project.in_progress_limit, review: project.review_limit };
}

export function projectTaskTag({ version }: { version: number }): string {
  return entityTag(version, 'full');
}

/** Returns the cursor of the list by position after a task; from the start without one. */
function cursorAfter(task: store.ProjectTaskSummaryRow | undefined): string {
  if (task === undefined) return '';
  return encodeCursor({ sort: 'position', key: task.position, id: task.id });
}
