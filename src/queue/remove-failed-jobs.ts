import type { JobPayloads } from './job-payloads.js';
import { deleteFailedJobs } from './store.js';
import type { Task } from './task.js';

/**
 * Retention of permanently failed jobs, which can be listed and retried: 30 days, in milliseconds.
 */
const FAILED_JOBS_KEPT_MS = 30 * 24 * 60 * 60 * 1000;

/** Deletes jobs that failed permanently long ago. */
export const removeFailedJobs: Task<JobPayloads['remove_failed_jobs']> = async (
  _payload,
  { db, clock, log },
) => {
  const jobs = await deleteFailedJobs(db, new Date(clock().getTime() - FAILED_JOBS_KEPT_MS));
  log.debug({ jobs }, 'removed failed jobs');
};
