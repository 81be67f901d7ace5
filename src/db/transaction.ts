import { sql } from 'kysely';
import pg from 'pg';
import type { Database } from './database.js';

/** serialization_failure and deadlock_detected, which a retry resolves. */
const RETRIED_CODES = new Set(['40001', '40P01']);
const MAX_ATTEMPTS = 3;

/**
 * Runs `work` in a transaction, with the same context except for its `db`. The transaction is
 * committed or rolled back as a whole. In an open transaction, `work` runs in a savepoint that can
 * fail on its own, and the outermost caller commits.
 *
 * On a deadlock or serialization failure `work` runs again, at most three times in total, so it
 * must do nothing but SQL on the `db` passed to it.
 *
 * @throws any error of `work`, after the rollback
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
    // Fails too if the connection is lost; the first error is the relevant one.
    await takeBack(transaction).catch(() => undefined);
    throw error;
  }
}

/** Without the release, the savepoint would remain and hide that of an enclosing call. */
async function takeBack(transaction: Database): Promise<void> {
  await sql`rollback to savepoint part`.execute(transaction);
  await sql`release savepoint part`.execute(transaction);
}

function isRetried(error: unknown): boolean {
  return error instanceof pg.DatabaseError && RETRIED_CODES.has(error.code ?? '');
}
