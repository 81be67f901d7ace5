import fastifyPostgres from '@fastify/postgres';
import fp from 'fastify-plugin';
import { createDatabase, type Database } from '#src/db/database.js';
import { type OutageLog, outageLog } from '#src/db/outage-log.js';
import { FROZEN_GRACE_MS, type PoolSettings, pipelinedPoolOptions } from '#src/db/pool-options.js';

export interface PostgresOptions extends PoolSettings {
  namedStatements: boolean;
  /** Whether each statement is logged at the level `debug`, without the values of its parameters. */
  isLogged?: boolean;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Typed SQL over the pool. */
    db: Database;
    /** Logs lost connections: one warning for each outage of the database. */
    outages: OutageLog;
  }
}

/**
 * Provides the connection pool, and typed queries over it.
 *
 * @see https://github.com/fastify/fastify-postgres
 */
export default fp<PostgresOptions>(
  async (app, { namedStatements, isLogged = false, ...settings }) => {
    await app.register(fastifyPostgres, pipelinedPoolOptions(settings));
    // A closing pool does not wait until the server knows, which may end first.
    let isClosing = false;
    app.addHook('onClose', async () => {
      isClosing = true;
    });
    const outages = outageLog(app.log);
    app.decorate('outages', outages);
    const report = (error: Error, message: string) => {
      if (!isClosing) outages.lost(error, message);
    };
    // Without a listener, a lost connection would end the process. The pool listens to idle
    // connections only, so those in use between two statements need a listener of their own.
    app.pg.pool.on('error', (error) => report(error, 'lost an idle database connection'));
    app.pg.pool.on('connect', (client) => {
      client.on('error', (error) => report(error, 'lost a database connection'));
    });

    const policy = {
      named: namedStatements,
      timeout: settings.statementTimeout + FROZEN_GRACE_MS,
    };
    const log = (sql: string, milliseconds: number) => {
      app.log.debug({ sql, milliseconds }, 'statement');
    };
    const db = createDatabase(app.pg.pool, policy, isLogged ? log : undefined);
    app.decorate('db', db);
  },
  { name: 'postgres' },
);
