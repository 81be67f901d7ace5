import fp from 'fastify-plugin';
import pg from 'pg';
import { FROZEN_GRACE_MS, type PoolSettings, poolOptions } from '#src/db/pool-options.js';
import { endsWithin } from '#src/lib/ends-within.js';
import { JobWorker, type JobWorkerOptions, QUEUE_CONNECTIONS } from '#src/queue/job-worker.js';

/** Milliseconds for closing the connections. */
const END_MS = 1000;

declare module 'fastify' {
  interface FastifyInstance {
    /** Runs all jobs that are due. A listening app does so by itself. */
    runJobs(): Promise<void>;
  }
}

export interface JobsOptions
  extends Omit<PoolSettings, 'min' | 'max'>,
    Pick<JobWorkerOptions, 'tasks' | 'timetable'> {
  namedStatements: boolean;
  /** URL of the web pages that mails link to, if there are any. */
  clientUrl: string | undefined;
  auditRetentionDays: number;
  /** Days after which events are removed. */
  eventRetentionDays: number;
  /** Milliseconds for running jobs to finish on shutdown. */
  grace: number;
}

/**
 * Runs jobs in the background while the app listens.
 *
 * Uses a small pool of its own: the connection that listens for new jobs is never released, and
 * requests must not wait for jobs. Connections are opened on demand.
 */
export default fp<JobsOptions>(
  async (
    app,
    {
      tasks,
      timetable,
      namedStatements,
      clientUrl,
      auditRetentionDays,
      eventRetentionDays,
      grace,
      ...settings
    },
  ) => {
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
    // Without listeners, a lost connection would end the process.
    pool.on('error', (error) =>
      app.outages.lost(error, 'job worker lost an idle database connection'),
    );
    pool.on('connect', (client) => {
      client.on('error', (error) =>
        app.outages.lost(error, 'job worker lost a database connection'),
      );
    });

    const worker = new JobWorker({
      pool,
      tasks,
      timetable,
      namedStatements,
      outages: app.outages,
      context: {
        db: app.db,
        mail: app.mail,
        clock: app.clock,
        clientUrl: clientUrl ?? null,
        auditRetentionDays,
        eventRetentionDays,
        log: app.log,
      },
    });
    app.decorate('runJobs', () => worker.runDue());
    app.addHook('onListen', async () => worker.start());
    app.addHook('preClose', async () => worker.beginStop());
    app.addHook('onClose', async () => {
      await worker.stop(grace);
      // A connection to a frozen server may never be released.
      await endsWithin(pool.end(), END_MS);
    });
  },
  { name: 'jobs', dependencies: ['postgres', 'mail', 'request-tracing'] },
);
