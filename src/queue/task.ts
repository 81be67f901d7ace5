import type { Database } from '#src/db/database.js';
import type { Mailer } from '#src/mail/mailer.js';

/** Where a job writes what people should know of it. Nothing personal belongs there. */
export interface JobLog {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

/** What a job works with. */
export interface JobContext {
  db: Database;
  mail: Mailer;
  clock: () => Date;
  /** The address of the pages that people use, or null if there are none. */
  clientUrl: string | null;
  log: JobLog;
}

/**
 * The work of a job. If it throws, the job runs again later: the message is kept and shown to
 * administrators. It runs at least once, so it should bear to run twice.
 */
export type Task<Payload> = (payload: Payload, context: JobContext) => Promise<void>;
