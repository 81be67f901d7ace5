import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import type { JobPayloads } from '#src/queue/job-payloads.js';

/** The payload of a `notice` job, for tests that need any job. */
export const NOTICE: JobPayloads['notice'] = {
  kind: 'password_changed',
  userId: 1,
  to: 'alice@example.com',
  username: 'alice',
  language: 'en',
};

/** Makes every waiting job due. The queue uses the database's clock, which tests cannot move. */
export async function makeJobsDue({ db }: FastifyInstance): Promise<void> {
  await sql`update graphile_worker._private_jobs set run_at = now() where run_at > now()`.execute(
    db,
  );
}

/** Returns the number of unfinished jobs. */
export async function countJobs({ db }: FastifyInstance): Promise<number> {
  const { rows } = await sql`select from graphile_worker.jobs`.execute(db);
  return rows.length;
}

/** Waits until a condition holds; throws after `timeoutMs` milliseconds. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await sleep(20);
  }
}
