import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';
import type { Companion } from '#src/db/migrator.js';

/** The schema of the job queue, which belongs to the library: ours is the schema `public`. */
export const QUEUE_SCHEMA = 'graphile_worker';

const SILENT = new Logger(() => () => undefined);

/**
 * Installs the job queue, or brings it up to date. It has migrations of its own, each in a
 * transaction; the caller makes sure that nobody else runs them at the same time.
 *
 * @see https://worker.graphile.org/docs/schema
 */
async function installJobQueue(url: string): Promise<void> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: 5000,
    application_name: 'althing-migrations',
  });
  pool.on('error', () => undefined); // the running query reports the loss
  try {
    await runMigrations({ pgPool: pool, schema: QUEUE_SCHEMA, logger: SILENT });
  } finally {
    await pool.end();
  }
}

/** Removes the job queue and every job in it. */
async function removeJobQueue(client: pg.Client): Promise<void> {
  await client.query(`drop schema if exists ${QUEUE_SCHEMA} cascade`);
}

/** The job queue, as the migrator installs and removes it. */
export const jobQueue: Companion = { install: installJobQueue, remove: removeJobQueue };
