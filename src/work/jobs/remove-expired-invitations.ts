import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { deleteExpiredInvitations } from '#src/work/stores/project-invitations.js';

/** Deletes expired invitations to projects. */
export const removeExpiredInvitations: Task<JobPayloads['remove_expired_invitations']> = async (
  _payload,
  { db, clock, log },
) => {
  const removed = await deleteExpiredInvitations(db, clock());
  log.debug({ removed }, 'removed expired invitations to projects');
};
