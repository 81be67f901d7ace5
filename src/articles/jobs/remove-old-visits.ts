import { VISIT_MS } from '#src/articles/services/post-views.js';
import { deleteOldVisits } from '#src/articles/stores/post-views.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';

/** Deletes visits older than the time during which a visitor counts once. */
export const removeOldVisits: Task<JobPayloads['remove_old_visits']> = async (
  _payload,
  { db, clock, log },
) => {
  const visits = await deleteOldVisits(db, new Date(clock().getTime() - VISIT_MS));
  log.debug({ visits }, 'removed old visits');
};
