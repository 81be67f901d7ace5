import { EventEmitter } from 'node:events';
import { Logger, type WorkerEvents } from 'graphile-worker';
import type { OutageLog } from '#src/db/outage-log.js';
import type { JobLog } from './task.js';

/**
 * Returns a logger for messages of the queue itself. Those of its workers are dropped, because they
 * quote job errors, which may contain anything; `queueEvents` logs the same events without them.
 * While the queue ends, lost connections are expected, and nothing is a warning.
 */
export function queueLogger(log: JobLog, outages: OutageLog, ending: AbortSignal): Logger {
  return new Logger(({ label }) => (level, message, meta) => {
    if (label !== undefined) return;
    const [line] = message.split('\n', 1);
    const text = `job queue: ${line}`;
    // The queue logs recoverable failures as errors, such as a lost connection.
    const isWarning = (level === 'error' || level === 'warning') && !ending.aborted;
    if (isWarning && outages.takes(meta?.['error'], 'job queue lost its connection')) return;
    if (isWarning) log.warn({}, text);
    else log.debug({}, text);
  });
}

/** Returns event handlers that log what happens to each job. */
export function queueEvents(log: JobLog, outages: OutageLog): WorkerEvents {
  const events: WorkerEvents = new EventEmitter();
  events.on('job:success', ({ job }) => log.info(describe(job), 'job completed'));
  events.on('job:error', ({ job, error }) => {
    if (job.attempts < job.max_attempts) {
      log.warn({ ...describe(job), ...placeOf(error) }, 'job failed, retrying later');
    }
  });
  events.on('job:failed', ({ job }) => {
    log.error({ job: job.id, task: job.task_identifier }, 'job failed permanently');
  });
  events.on('worker:fatalError', ({ error }) => {
    if (outages.takes(error, 'could not record the outcome of a job')) return;
    log.warn(placeOf(error), 'could not record the outcome of a job');
  });
  return events;
}

function describe(job: { id: string; task_identifier: string; attempts: number }) {
  return { job: job.id, task: job.task_identifier, attempt: job.attempts };
}

/** Returns the name and stack of an error without its message. */
function placeOf(error: unknown): { error: string; at: string[] } {
  if (!(error instanceof Error)) return { error: typeof error, at: [] };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { error: error.name, at: frames.map((line) => line.trim()) };
}
