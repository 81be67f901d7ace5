import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { type StatementPolicy, withStatementPolicy } from './statement-policy.js';
import type { Schema } from './tables.js';

/** The pool or a transaction: whatever SQL can be run on. The first argument of every store. */
export type Database = Kysely<Schema>;

/** Typed queries over a pool. Ending the pool stays with whoever opened it. */
export function createDatabase(pool: pg.Pool, policy: StatementPolicy): Database {
  return new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: withStatementPolicy(pool, policy), cursor: Cursor }),
  });
}
