import { deleteOldResponses, IDEMPOTENCY_LIFETIME_MS } from '#src/db/idempotency-keys.js';
import type { JobPayloads } from './job-payloads.js';
import type { Task } from './task.js';

/** Deletes stored responses whose `Idempotency-Key` has expired. */
export const removeStoredResponses: Task<JobPayloads['remove_stored_responses']> = async (
  _payload,
  { db, clock, log },
) => {
  const until = new Date(clock().getTime() - IDEMPOTENCY_LIFETIME_MS);
  log.debug({ responses: await deleteOldResponses(db, until) }, 'removed stored responses');
};
