import { systemContext } from '#src/access/context.js';
import { inTransaction } from '#src/db/transaction.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { spaceColumn } from '#src/work/services/positions.js';
import { lockProjectRow } from '#src/work/stores/projects.js';

/** Gives the tasks of a column short positions, while nobody moves them. */
export const spaceColumnJob: Task<JobPayloads['space_column']> = async (
  { projectId, status },
  { db, clock },
) => {
  await inTransaction(systemContext(db, clock()), async (trx) => {
    if (await lockProjectRow(trx.db, projectId)) await spaceColumn(trx, projectId, status);
  });
};
