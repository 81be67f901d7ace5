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

/**
 * Parses values as the API represents them: timestamps as ISO 8601 strings in UTC, counts as
 * numbers. Applies to the project's pools only; the global parsers of `pg` are unchanged.
 */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary') {
      if (oid === builtins.TIMESTAMPTZ) return fromPostgresTimestamp;
      if (oid === builtins.INT8) return toSafeInteger;
    }
    return pg.types.getTypeParser(oid, format);
  },
} as pg.CustomTypesConfig;

function toSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('A count is beyond 2^53');
  return value;
}

/** Returns the options for every pool that the project opens. */
export function poolOptions(settings: PoolSettings): pg.PoolConfig {
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
    types,
  };
}

/** Returns the options for a pool whose connections several statements may share. */
export function pipelinedPoolOptions(settings: PoolSettings): pg.PoolConfig {
  return { ...poolOptions(settings), pipeline: true, stream: () => new BatchingSocket() };
}
