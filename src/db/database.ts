import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import { type StatementPolicy, withStatementPolicy } from './statement-policy.js';
import type { Schema } from './tables.js';

/** The pool or a transaction. First argument of every store function. */
export type Database = Kysely<Schema>;

/**
 * Returns a typed query builder over a pool. The caller remains responsible for ending the pool.
 *
 * It cannot stream, because a stream would hold its connection while the consumer is busy: read
 * long lists in batches.
 *
 * @param log called after each statement, with its text and duration
 */
export function createDatabase(
  pool: pg.Pool,
  policy: StatementPolicy,
  log?: (sql: string, milliseconds: number) => void,
): Database {
  return new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: withStatementPolicy(pool, policy) }),
    ...(log !== undefined && {
      log: ({ query, queryDurationMillis }) => log(query.sql, queryDurationMillis),
    }),
  });
}
