import { isConnectionLoss } from './postgres-errors.js';

/** Milliseconds without a lost connection after which an outage of the database is over. */
const QUIET_MS = 30_000;

interface Log {
  warn(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

/** Logs lost connections to the database. */
export interface OutageLog {
  /**
   * Logs the first lost connection of an outage as one warning without a stack. All others of the
   * same outage, which may be dozens, are for debugging only.
   */
  lost(error: unknown, message: string): void;
  /** Like `lost` for a lost connection, or returns false for any other error. */
  takes(error: unknown, message: string): boolean;
}

/** Returns a log that is shared by everything that uses the database. */
export function outageLog(log: Log): OutageLog {
  let last = Number.NEGATIVE_INFINITY;
  function lost(error: unknown, message: string): void {
    const now = performance.now();
    const isKnown = now - last < QUIET_MS;
    last = now;
    if (isKnown) log.debug({ err: error }, message);
    else log.warn({ reason: reasonOf(error) }, `${message}; further ones are logged at debug`);
  }
  return {
    lost,
    takes(error, message) {
      if (!isConnectionLoss(error)) return false;
      lost(error, message);
      return true;
    },
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
