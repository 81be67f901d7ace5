import { sql } from 'kysely';
import pg from 'pg';
import type { Database } from './database.js';

/** PostgreSQL: serialization_failure and deadlock_detected, both cured by running again. */
const RETRIED_CODES = new Set(['40001', '40P01']);
const MAX_ATTEMPTS = 3;

/**
 * Runs `work` in a transaction, with the same context but for its `db`: all of it is committed, or
 * nothing. Within an open transaction `work` runs in a savepoint and can fail alone; the outermost
 * caller commits.
 *
 * A deadlock or serialization failure runs `work` again, three times at most, so `work` must do
 * nothing but SQL on the `db` that it is given.
 *
 * @throws whatever `work` throws, after the rollback
 */
export async function inTransaction<C extends { readonly db: Database }, T>(
  context: C,
  work: (context: C) => Promise<T>,
): Promise<T> {
  const run = (db: Database) => work({ ...context, db });
  if (context.db.isTransaction) return inSavepoint(context.db, run);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await context.db.transaction().execute(run);
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isRetried(error)) throw error;
    }
  }
}

async function inSavepoint<T>(
  transaction: Database,
  work: (transaction: Database) => Promise<T>,
): Promise<T> {
  await sql`savepoint part`.execute(transaction);
  try {
    const result = await work(transaction);
    await sql`release savepoint part`.execute(transaction);
    return result;
  } catch (error) {
    // Over a lost connection this fails too, and the first error is the one that tells why.
    await takeBack(transaction).catch(() => undefined);
    throw error;
  }
}

/** Without the release the savepoint would stay, and hide that of a part around this one. */
async function takeBack(transaction: Database): Promise<void> {
  await sql`rollback to savepoint part`.execute(transaction);
  await sql`release savepoint part`.execute(transaction);
}

function isRetried(error: unknown): boolean {
  return error instanceof pg.DatabaseError && RETRIED_CODES.has(error.code ?? '');
}
