import { systemContext } from '#src/access/context.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { emptyTrash } from './trash.js';
import type { TrashBins } from './trash-bin.js';

/** Returns the job that purges items which have been in the trash for too long. */
export function emptyTrashJob(bins: TrashBins): Task<JobPayloads['empty_trash']> {
  return async (_payload, context) => {
    const removed = await emptyTrash(systemContext(context.db, context.clock()), bins);
    context.log.info(removed, 'emptied the trash');
  };
}
