import type { Database } from '#src/db/database.js';
import type { Mailer } from '#src/mail/mailer.js';

/** Log of jobs. Must not contain personal data. */
export interface JobLog {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

/** Dependencies of a job. */
export interface JobContext {
  db: Database;
  mail: Mailer;
  clock: () => Date;
  /** URL of the client's pages, or null if not configured. */
  clientUrl: string | null;
  /** Days after which entries of the audit log are removed. */
  auditRetentionDays: number;
  /** Days after which events are removed. */
  eventRetentionDays: number;
  log: JobLog;
}

/**
 * A job's code. If it throws, the job is retried later, and the message is stored and shown to
 * administrators. A job runs at least once, so it should be idempotent.
 */
export type Task<Payload> = (payload: Payload, context: JobContext) => Promise<void>;

/** When a task runs. */
export interface Schedule {
  /** A cron expression in UTC. */
  cron: string;
  /** Whether runs that were missed in the last day are made up for when a process starts. */
  backfill?: boolean;
}
