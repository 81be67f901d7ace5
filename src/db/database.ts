import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import { Pipeline } from './pipeline.js';
import { configuredPool, configureStatements, type StatementPolicy } from './statement-policy.js';
import type { Schema } from './tables.js';

/** The pool or a transaction. First argument of every store function. */
export type Database = Kysely<Schema>;

/** Runs a statement outside of a transaction. */
export type Run = (text: string, values: readonly unknown[]) => Promise<pg.QueryResult>;

/** How pools run the statements that look up a few rows by a key. */
const lookups = new WeakMap<Database, Run>();

/** Returns how a database runs quick lookups; undefined for a transaction or a single connection. */
export function lookupsOf(db: Database): Run | undefined {
  return lookups.get(db);
}

/**
 * Returns a typed query builder over a pool. The caller remains responsible for ending the pool.
 *
 * It cannot stream, because a stream would hold its connection while the consumer is busy: read
 * long lists in batches.
 *
 * @param pool its clients may have the option `pipeline`
 * @param log called after each statement, with its text and duration
 */
export function createDatabase(
  pool: pg.Pool,
  policy: StatementPolicy,
  log?: (sql: string, milliseconds: number) => void,
): Database {
  const configure = configureStatements(policy);
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: configuredPool(pool, configure) }),
    ...(log !== undefined && {
      log: ({ query, queryDurationMillis }) => log(query.sql, queryDurationMillis),
    }),
  });
  if (log === undefined && pool.options.pipeline === true) {
    const pipeline = new Pipeline(pool);
    lookups.set(db, (text, values) => pipeline.query(configure(text, values)));
  }
  return db;
}
