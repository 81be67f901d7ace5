import { type ControlledTransaction, sql } from 'kysely';
import pg from 'pg';
import type { Database } from './database.js';
import type { Schema } from './tables.js';

/** serialization_failure and deadlock_detected, which a retry resolves. */
const RETRIED_CODES = new Set(['40001', '40P01']);
const MAX_ATTEMPTS = 3;

interface TransactionContext {
  readonly db: Database;
  readonly unitOfWork?: UnitOfWork | null;
}

/**
 * Runs `work` in a transaction, with the same context except for its `db`. The transaction is
 * committed or rolled back as a whole. In an open transaction, `work` runs in a savepoint that can
 * fail on its own, and the outermost caller commits. In a context with a unit of work, the
 * transaction stays open until the unit completes, and further calls join it.
 *
 * On a deadlock or serialization failure `work` runs again, at most three times in total, so it
 * must do nothing but SQL on the `db` passed to it. It must not await anything else either, such as
 * rendering or hashing, because other requests would wait for its connection meanwhile.
 *
 * @throws any error of `work`, after the rollback
 */
export async function inTransaction<C extends TransactionContext, T>(
  context: C,
  work: (context: C) => Promise<T>,
): Promise<T> {
  const run = (db: Database) => work({ ...context, db });
  if (context.db.isTransaction) return inSavepoint(context.db, run);
  if (context.unitOfWork) return context.unitOfWork.run(run);
  return withRetries(() => context.db.transaction().execute(run));
}

/**
 * A transaction that spans all calls of `inTransaction` in one request. It begins with the first of
 * them, so that everything before holds no connection, and ends with `commit` or `rollback`, one of
 * which must be called.
 */
export class UnitOfWork {
  readonly #db: Database;
  #transaction: ControlledTransaction<Schema> | null = null;

  /** @param db the pool */
  constructor(db: Database) {
    this.#db = db;
  }

  /** The transaction if it has begun, otherwise the pool. */
  get db(): Database {
    return this.#transaction ?? this.#db;
  }

  /**
   * Runs `work` in the transaction of the unit. If the first call fails, its connection is released
   * at once, and the next call begins a new transaction.
   *
   * @throws any error of `work`, after the rollback of its changes
   */
  run<T>(work: (transaction: Database) => Promise<T>): Promise<T> {
    if (this.#transaction !== null) return inSavepoint(this.#transaction, work);
    return withRetries(async () => {
      const transaction = await this.#db.startTransaction().execute();
      try {
        const result = await work(transaction);
        this.#transaction = transaction;
        return result;
      } catch (error) {
        await rollBack(transaction);
        throw error;
      }
    });
  }

  /** Commits all changes. Does nothing if there are none. @throws DatabaseError */
  async commit(): Promise<void> {
    const transaction = this.#transaction;
    if (transaction === null) return;
    await transaction.commit().execute();
    this.#transaction = null;
  }

  /** Undoes all changes. Does nothing after `commit`. Never throws. */
  async rollback(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = null;
    if (transaction !== null) await rollBack(transaction);
  }
}

/** Fails too if the connection is lost; the error that led to it is the relevant one. */
async function rollBack(transaction: ControlledTransaction<Schema>): Promise<void> {
  await transaction
    .rollback()
    .execute()
    .catch(() => undefined);
}

async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (count === MAX_ATTEMPTS || !isRetried(error)) throw error;
    }
  }
}

/**
 * Runs read-only `work` on one connection, in a transaction with a statement timeout of its own.
 *
 * @param db the pool
 * @param milliseconds maximum duration of each statement
 * @throws any error of `work`; DatabaseError 57014 from a statement that takes longer
 */
export function withStatementTimeout<T>(
  db: Database,
  milliseconds: number,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  return db.connection().execute(async (connection) => {
    // In one message, so that a limit costs no more than a transaction.
    const begin = `begin read only; set local statement_timeout = ${Math.ceil(milliseconds)}`;
    try {
      await sql.raw(begin).execute(connection);
      const result = await work(connection);
      await sql`commit`.execute(connection);
      return result;
    } catch (error) {
      // Fails too if the connection is lost, and the pool drops it then.
      await sql`rollback`.execute(connection).catch(() => undefined);
      throw error;
    }
  });
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
