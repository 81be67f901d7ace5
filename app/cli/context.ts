import pg from 'pg';
import { loadConfig, misspelledVariables } from '#app/config.js';
import { shareDatabase } from '#app/open-database.js';
import { createDatabase, type Database } from '#src/db/database.js';
import { poolOptions } from '#src/db/pool-options.js';
import { say } from './language.js';

/**
 * Runs `work` with the URL of the configured database, without a pooler. Stops the embedded database afterwards, also
 * after a signal, unless a running service had started it. Warns of misspelled variables, because
 * another database may have been meant.
 */
export async function withDatabaseUrl<T>(work: (url: string) => Promise<T>): Promise<T> {
  const opening = shareDatabase(loadConfig());
  for (const sentence of misspelledVariables()) console.error(`${say('warning: ')}${sentence}`);
  const interrupted = new Promise<never>((_resolve, reject) => {
    const interrupt = () => reject(new Error(say('Interrupted.')));
    // Never removed: npm repeats the terminal's Ctrl-C while the database is still stopping.
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  });
  try {
    return await Promise.race([opening.then(({ directUrl }) => work(directUrl)), interrupted]);
  } finally {
    const database = await opening.catch(() => undefined);
    await database?.close();
  }
}

/** Runs `work` with a query builder for the configured database. */
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
    pool.on('error', () => undefined); // the next query reports the lost connection
    try {
      return await work(createDatabase(pool, { named: false, timeout: 0 }));
    } finally {
      await pool.end();
    }
  });
}
