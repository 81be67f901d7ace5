import { createHash, randomUUID } from 'node:crypto';
import { type ExpressionBuilder, sql } from 'kysely';
import type { JobState } from '#schemas/jobs.js';
import type { Database } from '#src/db/database.js';
import { foldEmail } from '#src/lib/fold.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';
import type { JobPayloads, TaskName } from './job-payloads.js';

/**
 * Default number of attempts. The pause between attempts grows by a factor of e, starting at 3
 * seconds; the last attempt runs after about 3.5 hours.
 */
export const MAX_ATTEMPTS = 10;

/** Maximum number of permanently failed jobs that are kept. */
export const MAX_FAILED_JOBS = 10_000;

export interface EnqueueOptions {
  /** Earliest time to run, by the database's clock; default immediately. */
  runAt?: Date;
  maxAttempts?: number;
  /**
   * Deduplicates: of waiting jobs with the same key, only the newest is kept. Default: see
   * `JobPayloads`.
   */
  key?: string;
}

/** A job without its payload. */
export interface JobRow {
  id: number;
  task: string;
  state: JobState;
  attempts: number;
  max_attempts: number;
  run_at: string;
  last_error: string | null;
  created_at: string;
}

export interface JobFilter {
  state?: JobState | undefined;
}

/** The queue library's public view, with the columns used here. */
type QueueSchema = {
  'graphile_worker.jobs': {
    id: number;
    task_identifier: string;
    attempts: number;
    max_attempts: number;
    run_at: string;
    last_error: string | null;
    created_at: string;
    locked_at: string | null;
  };
};

/**
 * Adds a job. In a transaction, the job exists once the transaction commits.
 *
 * @returns the id of the job
 */
export async function enqueue<Name extends TaskName>(
  db: Database,
  task: Name,
  payload: JobPayloads[Name],
  { runAt, maxAttempts = MAX_ATTEMPTS, key }: EnqueueOptions = {},
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select id from graphile_worker.add_job(
      identifier => ${task}::text,
      payload => ${JSON.stringify(payload)}::json,
      run_at => ${runAt?.toISOString() ?? null}::timestamptz,
      max_attempts => ${maxAttempts}::integer,
      job_key => ${key ?? keyOf(task, payload)}::text
    )
  `.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error(`The queue did not take a job of the task ${task}`);
  return row.id;
}

/** Adds jobs of a task with one statement, each with its key, like `enqueue`. */
export async function enqueueAll<Name extends TaskName>(
  db: Database,
  task: Name,
  jobs: readonly { payload: JobPayloads[Name]; key: string }[],
): Promise<void> {
  if (jobs.length === 0) return;
  await sql`
    select from graphile_worker.add_jobs(array(
      select (${task}::text, payload, null, null, ${MAX_ATTEMPTS}::smallint, key, null, null
        )::graphile_worker.job_spec
      from json_to_recordset(${JSON.stringify(jobs)}::json) as jobs (payload json, key text)
    ))
  `.execute(db);
}

/** Returns the key of a job whose payload contains an email address; null for other jobs. */
function keyOf(task: TaskName, payload: object): string | null {
  const { userId, email, to, network } = payload as {
    userId?: number;
    email?: string;
    to?: string;
    network?: string | null;
  };
  const address = email ?? to;
  if (address === undefined) return null;
  const subject = userId === undefined ? subjectOfEmail(address) : subjectOfUser(userId);
  if (email === undefined) return `${subject}:${task}:${randomUUID()}`;
  return network == null ? `${subject}:${task}` : `${subject}:${task}:${network}`;
}

function subjectOfUser(userId: number): string {
  return `user:${userId}`;
}

function subjectOfEmail(email: string): string {
  return `email:${createHash('sha256').update(foldEmail(email)).digest('base64url')}`;
}

/**
 * Deletes the jobs with the email addresses of a deleted user. Notices that have not failed are
 * kept: their user must learn of a change even if somebody else has then deleted the account.
 */
export async function deleteJobsOf(
  db: Database,
  { userId, email }: { userId: number; email: string | null },
): Promise<void> {
  const subjects = [subjectOfUser(userId), ...(email === null ? [] : [subjectOfEmail(email)])];
  await sql`
    select id from graphile_worker.complete_jobs(array(
      select id from graphile_worker.jobs
      where key ^@ any(${subjects.map((subject) => `${subject}:`)}::text[])
        and (task_identifier <> 'notice' or attempts >= max_attempts)
    ))
  `.execute(db);
}

/** Whether there are at least `count` unfinished jobs. */
export async function hasJobs(db: Database, count: number): Promise<boolean> {
  const { rows } = await sql`
    select from graphile_worker.jobs offset ${count - 1} limit 1
  `.execute(db);
  return rows.length > 0;
}

/** Returns a slice of the unfinished jobs, ordered by id, which is the order of creation. */
export async function listJobs(
  db: Database,
  filter: JobFilter,
  slice: Slice<'id'>,
): Promise<JobRow[]> {
  return cut(selectJobs(db).where(matches(filter)), slice).execute();
}

/** Counts the jobs that match the filter, like `countRows`. */
export function countJobs(db: Database, filter: JobFilter): Promise<number> {
  const found = queueOf(db).selectFrom('graphile_worker.jobs').select('id').where(matches(filter));
  return countRows(db, found.orderBy('id'));
}

/** Returns the job, or null if it does not exist or is done. */
export async function findJob(db: Database, id: number): Promise<JobRow | null> {
  return (await selectJobs(db).where('id', '=', id).executeTakeFirst()) ?? null;
}

/**
 * Reschedules a job to run immediately, with all attempts available again.
 *
 * @returns whether the job exists and is not running
 */
export async function rescheduleJob(db: Database, id: number): Promise<boolean> {
  const { rows } = await sql`
    select id from graphile_worker.reschedule_jobs(
      array[${id}::bigint], run_at => now(), attempts => 0
    )
  `.execute(db);
  return rows.length > 0;
}

/** Unlocks the jobs of workers that no longer exist. */
export async function releaseJobs(db: Database, workerIds: string[]): Promise<void> {
  await sql`select graphile_worker.force_unlock_workers(${workerIds}::text[])`.execute(db);
}

/**
 * Deletes permanently failed jobs that were not updated since `until`, that belong to a deleted
 * user, or that are not among the newest `most`; returns how many.
 */
export async function deleteFailedJobs(
  db: Database,
  until: Date,
  most = MAX_FAILED_JOBS,
): Promise<number> {
  const { rows } = await sql`
    select id from graphile_worker.complete_jobs(array(
      select id from (
        select id, key, updated_at, row_number() over (order by id desc) as position
        from graphile_worker.jobs where attempts >= max_attempts and locked_at is null
      ) as failed
      where updated_at <= ${until.toISOString()}::timestamptz or position > ${most}
        or (key ~ '^user:[0-9]+:'
          and not exists (select from users where id = split_part(key, ':', 2)::integer))
    ))
  `.execute(db);
  return rows.length;
}

function queueOf(db: Database) {
  return db.withTables<QueueSchema>();
}

function selectJobs(db: Database) {
  return queueOf(db)
    .selectFrom('graphile_worker.jobs')
    .select([
      'id',
      'task_identifier as task',
      state.as('state'),
      'attempts',
      'max_attempts',
      'run_at',
      'last_error',
      'created_at',
    ]);
}

const state = sql<JobState>`case
  when locked_at is not null then 'running'
  when attempts >= max_attempts then 'failed'
  else 'waiting' end`;

function matches({ state: wanted }: JobFilter) {
  return (eb: ExpressionBuilder<QueueSchema, 'graphile_worker.jobs'>) =>
    wanted === undefined ? eb.lit(true) : eb(state, '=', wanted);
}
