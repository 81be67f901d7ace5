import pg from 'pg';
import { loadConfig } from '#app/config.js';
import { openDatabase } from '#app/open-database.js';
import { createDatabase, type Database } from '#src/db/database.js';
import { poolOptions } from '#src/db/pool-options.js';

/**
 * Runs `work` with the address of the configured database, and stops the embedded one after it, also
 * when a signal ends it early.
 */
export async function withDatabaseUrl<T>(work: (url: string) => Promise<T>): Promise<T> {
  const opening = openDatabase(loadConfig());
  const interrupted = new Promise<never>((_resolve, reject) => {
    const interrupt = () => reject(new Error('Interrupted.'));
    // Never taken away: npm repeats the Ctrl-C of the terminal, and the database has yet to stop.
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  });
  try {
    return await Promise.race([opening.then(({ url }) => work(url)), interrupted]);
  } finally {
    const database = await opening.catch(() => undefined);
    await database?.close();
  }
}

/** Runs `work` with typed queries on the configured database. */
export function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  return withDatabaseUrl(async (url) => {
    const pool = new pg.Pool(
      poolOptions({
        url,
        min: 0,
        max: 2,
        maxLifetime: 3600,
        connectTimeout: 10_000,
        statementTimeout: 0,
      }),
    );
    pool.on('error', () => undefined); // the next query on it reports the loss
    try {
      return await work(createDatabase(pool, { named: false, timeout: 0 }));
    } finally {
      await pool.end();
    }
  });
}
