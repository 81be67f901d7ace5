import { STATUSES } from '#schemas/project-tasks.js';
import type { TaskLine } from '#schemas/task-lines.js';
import type { Database } from '#src/db/database.js';
import { listExportedTasks } from '#src/work/stores/task-files.js';

/** Number of tasks per query, each with a description of at most 50,000 characters. */
const BATCH = 100;

/**
 * Yields the tasks of a project, except those in the trash, column by column in their order. Call it
 * in a transaction with snapshots, or tasks that are moved meanwhile may be missing or occur twice.
 */
export async function* exportTasks(db: Database, projectId: number): AsyncGenerator<TaskLine[]> {
  for (const status of STATUSES) {
    let last: { id: number; position: string } | undefined;
    do {
      const tasks = await listExportedTasks(db, { projectId, status }, last ?? null, BATCH);
      if (tasks.length > 0) yield tasks.map(({ task }) => task);
      last = tasks.at(-1);
    } while (last !== undefined);
  }
}
