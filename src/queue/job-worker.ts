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
import { endsWithin } from '#src/lib/ends-within.js';
import { QUEUE_SCHEMA } from './install.js';
import { queueEvents, queueLogger } from './queue-log.js';
import { releaseJobs } from './store.js';
import type { JobContext, JobLog, Task } from './task.js';

export interface JobWorkerOptions {
  /** For the queue alone: one connection listens, and each worker takes one now and then. */
  pool: pg.Pool;
  tasks: Readonly<Record<string, Task<never>>>;
  /** The tasks that run by the clock, each with its time as cron writes it, in UTC. */
  timetable: Readonly<Record<string, string>>;
  context: JobContext;
  /** Whether statements are prepared on the server. */
  namedStatements: boolean;
}

/** How many jobs one process runs at once. */
const CONCURRENCY = 2;

/** How many connections the pool of the queue needs at most: each worker's, and the listener. */
export const QUEUE_CONNECTIONS = CONCURRENCY + 1;

const DAY_MS = 24 * 60 * 60 * 1000;

/** How often a job of the timetable is tried before the next one takes its place. */
const CRON_ATTEMPTS = 5;

/** Milliseconds before the queue is taken up again after it broke off. */
const RESTART_MS = 1000;

/** Milliseconds in which jobs that did not end in time are put back into the queue. */
const PUT_BACK_MS = 1000;

/**
 * Runs the jobs of the queue. It survives the loss of the database: the library's own workers go on
 * by themselves, except for one that cannot write down how its job ended; then all of them are
 * replaced, and the job that was left locked is released.
 *
 * @see https://worker.graphile.org/docs
 */
export class JobWorker {
  readonly #options: JobWorkerOptions;
  readonly #log: JobLog;
  readonly #ending = new AbortController();
  /** Workers that are gone, and may have left a job locked. */
  readonly #lost = new Set<string>();
  #running: Promise<void> = Promise.resolve();
  #workers: WorkerPool | undefined;

  constructor(options: JobWorkerOptions) {
    this.#options = options;
    this.#log = options.context.log;
  }

  /** Begins to run jobs as they come, until `stop`. */
  start(): void {
    this.#running = this.#keepRunning();
  }

  /** From now on no job is begun; those that run may finish. */
  beginStop(): void {
    this.#ending.abort();
  }

  /**
   * Waits for the jobs that run. What still runs after `grace` milliseconds goes back into the
   * queue, and counts as failed once. Never throws, and never takes much longer than `grace`.
   */
  async stop(grace: number): Promise<void> {
    this.beginStop();
    if (await endsWithin(this.#running, Math.max(0, grace - PUT_BACK_MS))) return;
    const putBack = this.#workers?.forcefulShutdown('The service stopped before the job ended.');
    await endsWithin(Promise.all([putBack, this.#running]), PUT_BACK_MS);
  }

  /**
   * Runs every job that is due, and those that become due meanwhile, one after the other.
   *
   * @throws the error of the database, if it is not there; never that of a job
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
        this.#log.warn({ err: error }, 'jobs cannot be run for now');
      }
      await sleep(RESTART_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Ends when a worker is lost, or the whole queue, or when it is time to stop. */
  async #runUntilLost(signal: AbortSignal): Promise<void> {
    await this.#releaseJobsOfTheLost();
    const options = this.#runnerOptions();
    // Whatever becomes of this attempt, no listener of it stays behind.
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
      // What is in the queue was put there by `enqueue`, which types it by the name of the task.
      (payload: unknown) => task(payload as never, context),
    ]);
    return {
      pgPool: pool,
      schema: QUEUE_SCHEMA,
      taskList: Object.fromEntries(entries),
      noHandleSignals: true,
      noPreparedStatements: !namedStatements,
      logger: queueLogger(this.#log),
      events: queueEvents(this.#log),
    } satisfies RunnerOptions;
  }
}

/** A time that passed while no process ran is made up for, if it was within the last day. */
function cronItems(timetable: JobWorkerOptions['timetable']) {
  const options = { backfillPeriod: DAY_MS, maxAttempts: CRON_ATTEMPTS };
  return parseCronItems(
    Object.entries(timetable).map(([task, match]) => ({ task, match, options })),
  );
}

/** Stops it unless it has stopped by itself, which it calls an error. */
async function stopRunner(runner: Runner): Promise<void> {
  await runner.stop().catch(() => undefined);
}
