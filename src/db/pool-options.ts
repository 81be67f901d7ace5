import pg from 'pg';

/** What a pool needs to know of the configuration. */
export interface PoolSettings {
  url: string;
  min: number;
  max: number;
  /** Seconds after which a connection is replaced. */
  maxLifetime: number;
  /** Milliseconds to wait for a connection, from the pool or from the server. */
  connectTimeout: number;
  /** Milliseconds that one statement may take. */
  statementTimeout: number;
}

/**
 * Milliseconds that a statement is waited for beyond its time: the server ends it by itself, and only
 * one that has frozen lets them pass.
 */
export const FROZEN_GRACE_MS = 2000;

const { builtins } = pg.types;

/**
 * Values as the API speaks them: moments as ISO 8601 strings in UTC, counts as numbers. Set for our
 * pools only; the parsers of the `pg` module stay untouched.
 */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary') {
      if (oid === builtins.TIMESTAMPTZ) return toIsoString;
      if (oid === builtins.INT8) return toSafeInteger;
    }
    return pg.types.getTypeParser(oid, format);
  },
} as pg.CustomTypesConfig;

function toIsoString(text: string): string {
  return new Date(text).toISOString();
}

function toSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('A count is beyond 2^53');
  return value;
}

/** The options of every pool that this project opens. */
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
