import {
  BOARD_COLUMN_SIZE,
  type Board,
  type BoardColumn,
  MAX_BOARD_BYTES,
} from '#schemas/boards.js';
import { STATUSES, type Status } from '#schemas/project-tasks.js';
import type { ActingContext } from '#src/access/context.js';
import { findSettledEvent } from '#src/events/store.js';
import { encodeCursor } from '#src/lists/cursor.js';
import { readColumns } from '#src/work/stores/boards.js';
import type { ProjectTaskSummaryRow } from '#src/work/stores/project-tasks.js';
import type { ProjectRow } from '#src/work/stores/projects.js';
import { requireProject } from './project-access.js';

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
  const columns = await readColumns(db, projectId, BOARD_COLUMN_SIZE + 1);
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
        next_cursor: all.length > tasks.length ? cursorAfter(tasks) : null,
      };
    }),
  };
}

/** Returns the maximum number of tasks in each column that has one. */
export function limitsOf(project: ProjectRow): Partial<Record<Status, number | null>> {
  return { in_progress: project.in_progress_limit, review: project.review_limit };
}

/** Returns the cursor of the list by position after these tasks. The first of a column always fits. */
function cursorAfter(tasks: readonly ProjectTaskSummaryRow[]): string | null {
  const last = tasks.at(-1);
  return last === undefined
    ? null
    : encodeCursor({ sort: 'position', key: last.position, id: last.id });
}
