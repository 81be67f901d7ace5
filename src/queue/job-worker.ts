import { setTimeout as sleep } from 'node:timers/promises';
import {
  parseCronItems,
  type Runner,
  type RunnerOptions,
  run,
  runOnce,
  type WorkerPool,
} from 'graphile-worker';
import type pg from 'pg';
import type { OutageLog } from '#src/db/outage-log.js';
import { endsWithin } from '#src/lib/ends-within.js';
import { QUEUE_SCHEMA } from './install.js';
import { queueEvents, queueLogger } from './queue-log.js';
import { releaseJobs } from './store.js';
import type { JobContext, JobLog, Schedule, Task } from './task.js';

export interface JobWorkerOptions {
  /** Pool used only by the queue: one connection for the listener, and one per worker at times. */
  pool: pg.Pool;
  tasks: Readonly<Record<string, Task<never>>>;
  /** Scheduled tasks by name. */
  timetable: Readonly<Record<string, Schedule>>;
  context: JobContext;
  /** Logs lost connections. */
  outages: OutageLog;
  /** Whether statements are prepared on the server. */
  namedStatements: boolean;
}

/** Number of jobs that a process runs concurrently. */
const CONCURRENCY = 2;

/** Maximum number of connections in the queue's pool: one per worker and the listener. */
export const QUEUE_CONNECTIONS = CONCURRENCY + 1;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Maximum attempts of a scheduled job. */
const CRON_ATTEMPTS = 5;

/** Milliseconds before the queue is restarted after a failure. */
const RESTART_MS = 1000;

/** Milliseconds for returning unfinished jobs to the queue. */
const PUT_BACK_MS = 1000;

/**
 * Runs the jobs of the queue, and survives the loss of the database. The library's workers recover
 * on their own, except for a worker that cannot record how its job ended: then all workers are
 * replaced, and the job that it left locked is released.
 *
 * @see https://worker.graphile.org/docs
 */
export class JobWorker {
  readonly #options: JobWorkerOptions;
  readonly #log: JobLog;
  readonly #ending = new AbortController();
  /** Ids of lost workers, which may have left a job locked. */
  readonly #lost = new Set<string>();
  #running: Promise<void> = Promise.resolve();
  #workers: WorkerPool | undefined;

  constructor(options: JobWorkerOptions) {
    this.#options = options;
    this.#log = options.context.log;
  }

  /** Starts running jobs, until `stop`. */
  start(): void {
    this.#running = this.#keepRunning();
  }

  /** Stops starting new jobs; running jobs may finish. */
  beginStop(): void {
    this.#ending.abort();
  }

  /**
   * Waits for running jobs. A job that is still running after `grace` milliseconds is returned to
   * the queue and counts as one failed attempt. Never throws, and never takes much longer than
   * `grace`.
   */
  async stop(grace: number): Promise<void> {
    this.beginStop();
    if (await endsWithin(this.#running, Math.max(0, grace - PUT_BACK_MS))) return;
    const putBack = this.#workers?.forcefulShutdown('The service stopped before the job ended.');
    await endsWithin(Promise.all([putBack, this.#running]), PUT_BACK_MS);
  }

  /**
   * Runs all jobs that are due or become due meanwhile, one after the other.
   *
   * @throws the database's error if it is unavailable; never a job's error
   */
  async runDue(): Promise<void> {
    const options = this.#runnerOptions();
    const failures: unknown[] = [];
    options.events.on('worker:getJob:error', ({ error }) => failures.push(error));
    options.events.on('worker:fatalError', ({ error }) => failures.push(error));
    await runOnce(options);
    if (failures.length > 0) throw failures[0];
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await this.#runUntilLost(signal);
      } catch (error) {
        if (!this.#options.outages.takes(error, 'cannot run jobs, retrying')) {
          this.#log.warn({ err: error }, 'cannot run jobs, retrying');
        }
      }
      await sleep(RESTART_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when a worker or the whole queue is lost, or on `beginStop`. */
  async #runUntilLost(signal: AbortSignal): Promise<void> {
    await this.#releaseJobsOfTheLost();
    const options = this.#runnerOptions();
    // Removes the abort listener in any case.
    const over = new AbortController();
    const ended = new Promise<void>((resolve) => {
      options.events.on('worker:fatalError', ({ worker }) => {
        this.#lost.add(worker.workerId);
        resolve();
      });
      const end = () => resolve();
      signal.addEventListener('abort', end, { once: true });
      over.signal.addEventListener('abort', () => signal.removeEventListener('abort', end));
      if (signal.aborted) resolve();
    });
    options.events.on('pool:create', ({ workerPool }) => {
      this.#workers = workerPool;
    });
    try {
      const parsedCronItems = cronItems(this.#options.timetable);
      const runner = await run({ ...options, concurrency: CONCURRENCY, parsedCronItems });
      try {
        await Promise.race([ended, runner.promise]);
      } finally {
        await stopRunner(runner);
      }
    } finally {
      over.abort();
    }
  }

  async #releaseJobsOfTheLost(): Promise<void> {
    if (this.#lost.size === 0) return;
    await releaseJobs(this.#options.context.db, [...this.#lost]);
    this.#lost.clear();
  }

  #runnerOptions() {
    const { pool, tasks, context, namedStatements } = this.#options;
    const entries = Object.entries(tasks).map(([name, task]) => [
      name,
      // Jobs are added by `enqueue`, which types the payload by task.
      (payload: unknown) => task(payload as never, context),
    ]);
    return {
      pgPool: pool,
      schema: QUEUE_SCHEMA,
      taskList: Object.fromEntries(entries),
      noHandleSignals: true,
      noPreparedStatements: !namedStatements,
      logger: queueLogger(this.#log, this.#options.outages, this.#ending.signal),
      events: queueEvents(this.#log, this.#options.outages),
    } satisfies RunnerOptions;
  }
}

/** Each task has at most one waiting job, which its next run replaces. */
function cronItems(timetable: JobWorkerOptions['timetable']) {
  return parseCronItems(
    Object.entries(timetable).map(([task, { cron, backfill = false }]) => ({
      task,
      match: cron,
      options: {
        backfillPeriod: backfill ? DAY_MS : 0,
        maxAttempts: CRON_ATTEMPTS,
        jobKey: `timetable:${task}`,
        jobKeyMode: 'replace' as const,
      },
    })),
  );
}

/** Stops the runner. If it has already stopped, `stop` rejects. */
async function stopRunner(runner: Runner): Promise<void> {
  await runner.stop().catch(() => undefined);
}
