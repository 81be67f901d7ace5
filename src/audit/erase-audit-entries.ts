import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { continueErasure } from './erasure.js';

/** Erases the personal data of a deleted user that the deletion has left in the audit log. */
export const eraseAuditEntries: Task<JobPayloads['erase_audit_entries']> = async (
  { userId, after },
  { db, clock },
) => {
  await continueErasure({ db, now: clock() }, userId, after);
};
