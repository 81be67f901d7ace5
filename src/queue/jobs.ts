import type { Job, JobListQuery } from '#schemas/jobs.js';
import type { Page } from '#schemas/paging.js';
import type { Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { briefError } from '#src/lib/brief-error.js';
import { readPage } from '#src/lists/paging.js';
import * as store from './store.js';

/** Number of unfinished jobs at which callers without a right to more have to wait. */
export const MAX_JOBS = 20_000;

/**
 * Must be called before a job that anyone can request is added.
 *
 * @throws ApiError too_busy if very many jobs are unfinished
 */
export async function assertRoomForJob({ db }: Pick<Context, 'db'>): Promise<void> {
  if (await store.hasJobs(db, MAX_JOBS)) throw new ApiError('too_busy');
}

/** @throws InvalidRequest if the cursor is invalid */
export async function listJobs(
  context: Context,
  { state, ...request }: JobListQuery,
): Promise<Page<Job>> {
  const filter = { state };
  const page = await readPage(request, {
    list: (slice) => store.listJobs(context.db, filter, slice),
    count: () => store.countJobs(context.db, filter),
    sortKey: ({ id }) => id,
  });
  return { ...page, items: page.items.map(toShown) };
}

/**
 * Reschedules a job to run immediately, with all attempts available again.
 *
 * @throws ApiError not_found, also if the job is done; job_running
 */
export function retryJob(context: Context, id: number): Promise<Job> {
  return inTransaction(context, async (trx) => {
    const rescheduled = await store.rescheduleJob(trx.db, id);
    const job = await store.findJob(trx.db, id);
    if (job === null) throw new ApiError('not_found');
    if (!rescheduled) throw new ApiError('job_running');
    await record(trx, { action: 'job.retry', id, after: { task: job.task } });
    return toShown(job);
  });
}

function toShown(job: store.JobRow): Job {
  return { ...job, last_error: job.last_error === null ? null : briefError(job.last_error) };
}
