import pg from 'pg';
import { fromPostgresTimestamp } from '#src/lib/timestamps.js';
import { BatchingSocket } from './batching-socket.js';

/** Connection pool settings from the configuration. */
export interface PoolSettings {
  url: string;
  min: number;
  max: number;
  /** Maximum age of a connection in seconds. */
  maxLifetime: number;
  /** Timeout for getting a connection, from the pool or the server, in milliseconds. */
  connectTimeout: number;
  /** Timeout of a statement in milliseconds. */
  statementTimeout: number;
}

/**
 * Milliseconds that the driver waits beyond the statement timeout. A healthy server cancels the
 * statement itself; only a frozen one lets this time pass.
 */
export const FROZEN_GRACE_MS = 2000;

const { builtins } = pg.types;

/** The OID of `text[]`, for which the driver has no name. */
const TEXT_ARRAY: number = 1009;

const parseTexts = pg.types.getTypeParser(TEXT_ARRAY, 'text');

/**
 * Parses values as the API represents them: timestamps and days as ISO 8601 strings, in
 * UTC, counts as numbers. Applies to the project's pools only; the global parsers of `pg` are unchanged.
 */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary') {
      if (oid === builtins.TIMESTAMPTZ) return fromPostgresTimestamp;
      if (oid === builtins.INT8) return toSafeInteger;
      if (oid === builtins.DATE) return toText;
      if (oid === TEXT_ARRAY) return toTexts;
    }
    return pg.types.getTypeParser(oid, format);
  },
} as pg.CustomTypesConfig;

/** The driver would make a moment in the time zone of the process of a day. */
function toText(text: string): string {
  return text;
}

function toSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('A count is beyond 2^53');
  return value;
}

/** Texts that PostgreSQL writes without quotes, in an array of one dimension. */
const PLAIN_TEXTS = /^\{[^"\\{}]+\}$/;

/** The parser of the driver reads character by character, which most arrays do not need. */
function toTexts(array: string): (string | null)[] {
  if (array === '{}') return [];
  const isPlain = PLAIN_TEXTS.test(array) && !array.includes('NULL');
  return isPlain ? array.slice(1, -1).split(',') : parseTexts(array);
}

/**
 * Turns just-in-time compilation off, which takes longer than any of the project's statements: half
 * a second for a page of comments, which PostgreSQL reads in a millisecond. Not a start-up parameter,
 * because PgBouncer refuses those that it does not know.
 *
 * @see https://www.postgresql.org/docs/current/jit-decision.html
 */
const WITHOUT_COMPILATION = 'set jit = off';

/** Returns the options for every pool that the project opens. */
export function poolOptions(settings: PoolSettings): pg.PoolConfig {
  const withoutCompilation = { text: WITHOUT_COMPILATION, query_timeout: settings.connectTimeout };
  return {
    connectionString: settings.url,
    min: settings.min,
    max: settings.max,
    maxLifetimeSeconds: settings.maxLifetime,
    connectionTimeoutMillis: settings.connectTimeout,
    idleTimeoutMillis: 60_000,
    statement_timeout: settings.statementTimeout,
    idle_in_transaction_session_timeout: settings.statementTimeout,
    keepAlive: true,
    application_name: 'althing',
    onConnect: (client) => client.query(withoutCompilation),
    types,
  };
}

/** Returns the options for a pool whose connections several statements may share. */
export function pipelinedPoolOptions(settings: PoolSettings): pg.PoolConfig {
  return { ...poolOptions(settings), pipeline: true, stream: () => new BatchingSocket() };
}
