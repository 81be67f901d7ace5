import fp from 'fastify-plugin';
import pg from 'pg';
import { FROZEN_GRACE_MS, type PoolSettings, poolOptions } from '#src/db/pool-options.js';
import { endsWithin } from '#src/lib/ends-within.js';
import { JobWorker, type JobWorkerOptions, QUEUE_CONNECTIONS } from '#src/queue/job-worker.js';

/** Milliseconds in which the connections are closed. */
const END_MS = 1000;

declare module 'fastify' {
  interface FastifyInstance {
    /** Runs every job that is due, once. A listening app does so by itself. */
    runJobs(): Promise<void>;
  }
}

export interface JobsOptions
  extends Omit<PoolSettings, 'min' | 'max'>,
    Pick<JobWorkerOptions, 'tasks' | 'timetable'> {
  namedStatements: boolean;
  /** The address of the pages that people use, if there are any. */
  clientUrl: string | undefined;
  /** Milliseconds that running jobs get to finish when the service stops. */
  grace: number;
}

/**
 * Runs jobs in the background as long as the app listens.
 *
 * They have a small pool of their own: the connection that listens for new jobs is never given back,
 * and a request should not have to wait for a job. Connections are opened when they are needed.
 */
export default fp<JobsOptions>(
  async (app, { tasks, timetable, namedStatements, clientUrl, grace, ...settings }) => {
    const { types: _types, ...options } = poolOptions({
      ...settings,
      min: 0,
      max: QUEUE_CONNECTIONS,
    });
    const pool = new pg.Pool({
      ...options,
      query_timeout: settings.statementTimeout + FROZEN_GRACE_MS,
      application_name: 'althing-jobs',
    });
    // As for the other pool: without listeners the loss of a connection would end the process.
    pool.on('error', (error) =>
      app.log.warn({ err: error }, 'job worker lost an idle database connection'),
    );
    pool.on('connect', (client) => {
      client.on('error', (error) =>
        app.log.warn({ err: error }, 'job worker lost a database connection'),
      );
    });

    const worker = new JobWorker({
      pool,
      tasks,
      timetable,
      namedStatements,
      context: {
        db: app.db,
        mail: app.mail,
        clock: app.clock,
        clientUrl: clientUrl ?? null,
        log: app.log,
      },
    });
    app.decorate('runJobs', () => worker.runDue());
    app.addHook('onListen', async () => worker.start());
    app.addHook('preClose', async () => worker.beginStop());
    app.addHook('onClose', async () => {
      await worker.stop(grace);
      // A connection to a server that has frozen may never be given back.
      await endsWithin(pool.end(), END_MS);
    });
  },
  { name: 'jobs', dependencies: ['postgres', 'mail', 'request-tracing'] },
);
