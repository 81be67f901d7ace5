import type { Job, JobListQuery } from '#schemas/jobs.js';
import type { Page } from '#schemas/paging.js';
import type { Origin } from '#src/access/viewer.js';
import { record } from '#src/audit/audit.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { briefError } from '#src/lib/brief-error.js';
import { readPage } from '#src/lists/paging.js';
import * as store from './store.js';

/** @throws InvalidRequest if the cursor is not one of ours */
export async function listJobs(
  db: Database,
  { state, ...request }: JobListQuery,
): Promise<Page<Job>> {
  const filter = { state };
  const page = await readPage(request, {
    list: (slice) => store.listJobs(db, filter, slice),
    count: () => store.countJobs(db, filter),
    sortKey: ({ id }) => id,
  });
  return { ...page, items: page.items.map(toShown) };
}

/**
 * Lets a job run again at once, with all its attempts before it.
 *
 * @throws ApiError not_found, also if the job is done; job_running
 */
export function retryJob(db: Database, origin: Origin, id: number): Promise<Job> {
  return inTransaction(db, async (trx) => {
    const rescheduled = await store.rescheduleJob(trx, id);
    const job = await store.findJob(trx, id);
    if (job === null) throw new ApiError('not_found');
    if (!rescheduled) throw new ApiError('job_running');
    await record(trx, origin, { action: 'job.retry', id, after: { task: job.task } });
    return toShown(job);
  });
}

function toShown(job: store.JobRow): Job {
  return { ...job, last_error: job.last_error === null ? null : briefError(job.last_error) };
}
