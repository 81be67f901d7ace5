import pg from 'pg';
import { loadConfig } from '../config.js';
import { createDatabase, type Database } from '../db/database.js';
import { openDatabase } from '../db/open-database.js';
import { poolOptions } from '../db/pool-options.js';

/** Runs `work` with the address of the configured database, and stops the embedded one after it. */
export async function withDatabaseUrl<T>(work: (url: string) => Promise<T>): Promise<T> {
  const database = await openDatabase(loadConfig());
  try {
    return await work(database.url);
  } finally {
    await database.close();
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
      return await work(createDatabase(pool, { namedStatements: false }));
    } finally {
      await pool.end();
    }
  });
}
