import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { withNamedStatements } from './named-statements.js';
import type { Schema } from './tables.js';

/** The pool or a transaction: whatever SQL can be run on. The first argument of every store. */
export type Database = Kysely<Schema>;

/**
 * Typed queries over a pool. Ending the pool stays with whoever opened it.
 *
 * @param options.namedStatements false behind a PgBouncer older than 1.21 in transaction mode
 */
export function createDatabase(pool: pg.Pool, options: { namedStatements: boolean }): Database {
  return new Kysely<Schema>({
    dialect: new PostgresDialect({
      pool: options.namedStatements ? withNamedStatements(pool) : pool,
      cursor: Cursor,
    }),
  });
}
