import pg from 'pg';
import type { Reason } from '#src/lib/messages/index.js';

/** The meaning of a PostgreSQL or connection error for the caller. */
export type PostgresFailure =
  | { kind: 'duplicate'; field: string }
  | { kind: 'still_in_use' }
  | { kind: 'invalid'; reason: Reason }
  | { kind: 'unavailable' };

type Translate = (error: pg.DatabaseError) => PostgresFailure;

const unavailable: Translate = () => ({ kind: 'unavailable' });
const invalid =
  (reason: Reason): Translate =>
  () => ({ kind: 'invalid', reason });

/**
 * The only mapping from error codes to responses. A code that is not listed is a bug and answered
 * with 500.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const BY_CODE: Record<string, Translate> = {
  '23505': ({ table, constraint }) => ({ kind: 'duplicate', field: fieldOf(table, constraint) }),
  '23503': ({ message }) =>
    message.startsWith('insert')
      ? { kind: 'invalid', reason: 'dangling_reference' }
      : { kind: 'still_in_use' },
  '23514': invalid('outside_limits'),
  '22001': invalid('text_too_long'),
  '22003': invalid('number_too_large'),
  '22007': invalid('unstorable_text'),
  '22008': invalid('unstorable_text'),
  '22021': invalid('unstorable_text'),
  '22P02': invalid('unstorable_text'),
  '22P05': invalid('unstorable_text'),
  '25006': unavailable, // read-only: a standby that has not been promoted yet
  '25P03': unavailable, // idle in transaction too long
  '40001': unavailable, // serialization failure, even after retries
  '40P01': unavailable, // deadlock, even after retries
  '53100': unavailable, // disk full
  '53200': unavailable, // out of memory
  '53300': unavailable, // too many connections
  '55P03': unavailable, // lock not available
  '57014': unavailable, // statement timeout
  '57P01': unavailable, // admin shutdown
  '57P02': unavailable, // crash shutdown
  '57P03': unavailable, // starting up
  '57P05': unavailable, // idle session timeout
};

/** Operating system error codes for an unreachable server. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Messages of driver errors that have no code. */
const DRIVER_SENTENCES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Cannot use a pool after calling end on the pool',
  'Client was closed and is not queryable',
  'Query read timeout',
];

/** Returns the meaning of a database error; undefined for any other error. */
export function toPostgresFailure(error: unknown): PostgresFailure | undefined {
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? '';
    if (code.startsWith('08')) return { kind: 'unavailable' };
    return BY_CODE[code]?.(error);
  }
  if (error instanceof AggregateError) return toPostgresFailure(error.errors[0]);
  if (!(error instanceof Error)) return undefined;
  if (isNetworkFault(error)) return { kind: 'unavailable' };
  const isDriverFault = DRIVER_SENTENCES.some((sentence) => error.message.startsWith(sentence));
  return isDriverFault ? { kind: 'unavailable' } : undefined;
}

/** Codes of a server that stops or starts. */
const RESTART_CODES = new Set(['57P01', '57P02', '57P03']);

/** Whether the connection to the server was lost or could not be made. */
export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof AggregateError) return isConnectionLoss(error.errors[0]);
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? '';
    return code.startsWith('08') || RESTART_CODES.has(code);
  }
  if (!(error instanceof Error)) return false;
  return (
    isNetworkFault(error) ||
    (error.message !== 'Query read timeout' && toPostgresFailure(error)?.kind === 'unavailable')
  );
}

function isNetworkFault(error: Error): boolean {
  return (
    'code' in error &&
    'syscall' in error &&
    NETWORK_CODES.has(String(error.code)) &&
    ['connect', 'read', 'write', 'getaddrinfo'].includes(String(error.syscall))
  );
}

/** By convention, unique indexes are named `<table>_<field>_key`. */
function fieldOf(table: string | undefined, constraint: string | undefined): string {
  const prefix = `${table}_`;
  if (constraint?.startsWith(prefix) && constraint.endsWith('_key')) {
    return constraint.slice(prefix.length, -'_key'.length);
  }
  return 'value';
}

/** Whether a row that others refer to was deleted before they were written. */
export function isMissingReference(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23503';
}
