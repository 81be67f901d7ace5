import { systemContext } from '#src/access/context.js';
import { emptyTrash } from '#src/articles/services/trash.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';

/** Purges items that have been in the trash for too long. */
export const emptyTrashJob: Task<JobPayloads['empty_trash']> = async (_payload, context) => {
  const removed = await emptyTrash(systemContext(context.db, context.clock()));
  context.log.info(removed, 'emptied the trash');
};
