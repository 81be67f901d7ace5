import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';
import type { Companion } from '#src/db/migrator.js';

/** Schema of the job queue library; the project's own tables are in `public`. */
export const QUEUE_SCHEMA = 'graphile_worker';

const SILENT = new Logger(() => () => undefined);

/**
 * Installs or upgrades the job queue. The library runs its own migrations, each in a transaction;
 * the caller must prevent concurrent runs.
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

/** Removes the job queue and all its jobs. */
async function removeJobQueue(client: pg.Client): Promise<void> {
  await client.query(`drop schema if exists ${QUEUE_SCHEMA} cascade`);
}

/** The job queue, as a companion of the migrator. */
export const jobQueue: Companion = { install: installJobQueue, remove: removeJobQueue };
