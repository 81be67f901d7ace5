import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateUp } from '#src/db/migrator.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { hasAdministrators } from '#src/people/stores/users.js';
import { jobQueue } from '#src/queue/install.js';
import { buildApp } from './app.js';
import { ConfigError, configWarnings, loadConfig, misspelledVariables } from './config.js';
import type { Config } from './config-schema.js';
import { DEMO_ADMINISTRATOR, loadDemoData } from './demo/demo-data.js';
import { type OpenDatabase, openDatabase } from './open-database.js';
import { secretsOf } from './secrets.js';
import { describeFailure } from './start-failure.js';

/** Time for the embedded database to stop, in milliseconds. */
const DATABASE_STOP_MS = 30_000;

/** Time for overdue requests to notice that their connections are closed, in milliseconds. */
const ABANDON_MS = 1000;

/** Signals within this time, in milliseconds, count as one: npm repeats the terminal's Ctrl-C. */
const SAME_WISH_MS = 1000;

/**
 * The running parts, in the order of their start. The database is a promise because a signal during
 * its start must still stop it.
 */
const running: { database?: Promise<OpenDatabase>; app?: FastifyInstance } = {};

let stopping = false;

/** Starts the service and stops it in reverse order on SIGINT or SIGTERM. */
async function main(): Promise<void> {
  const config = loadConfig();
  stopWhenTold(config.SHUTDOWN_TIMEOUT * 1000);

  running.database = openDatabase(config, (line) => console.error(line));
  const { url, embedded } = await running.database;
  await migrateUp(url, readMigrations(), [jobQueue]);
  const app = await buildApp(config, { databaseUrl: url, ...secretsOf(config) });
  running.app = app;
  await app.listen({
    host: config.HOST,
    port: config.PORT,
    listenTextResolver: () => 'listening',
  });
  await warn(config, app);
  // Last, because the password is shown only once: nothing may fail after it has been generated.
  const password = await loadDemoDataOnce(config, app);
  announce(config, app, { embedded, password });
}

/**
 * Logs what is missing or doubtful in the configuration, one line each. Of several workers on one
 * machine, the first does. Never fails.
 */
async function warn(config: Config, app: FastifyInstance): Promise<void> {
  if (cluster.isWorker && cluster.worker?.id !== 1) return;
  const isProduction = config.APP_ENV === 'production';
  const hasAdministrator = isProduction
    ? await hasAdministrators(app.db).catch((error: unknown) => {
        app.log.warn({ err: error }, 'could not look for an administrator');
        return true;
      })
    : true;
  for (const warning of configWarnings(config, hasAdministrator)) app.log.warn(warning);
}

/** Returns the administrator's password; null if no data was loaded, here or by a faster process. */
async function loadDemoDataOnce(config: Config, app: FastifyInstance): Promise<string | null> {
  if (config.APP_ENV === 'production' || !config.DEMO_DATA) return null;
  try {
    return await loadDemoData(app.db);
  } catch (error) {
    if (toPostgresFailure(error)?.kind === 'duplicate') return null;
    throw error;
  }
}

function stopWhenTold(grace: number): void {
  const { close } = closeWithGrace(
    {
      delay: grace + ABANDON_MS + DATABASE_STOP_MS,
      logger: false,
      skip: ['SIGINT', 'SIGTERM'],
      onTimeout: () => console.error('Althing was killed: the graceful shutdown took too long'),
    },
    async ({ err }) => {
      if (err !== undefined) reportFault(err);
      await stop(grace).catch((error: unknown) => {
        console.error(`Althing could not stop cleanly: ${describeFailure(error)}`);
        throw error;
      });
    },
  );
  let toldAt: number | undefined;
  const told = () => {
    if (toldAt === undefined) {
      toldAt = Date.now();
      void close();
    } else if (Date.now() - toldAt > SAME_WISH_MS) process.exit(1);
  };
  process.on('SIGINT', told).on('SIGTERM', told);
}

/** Logs an uncaught error with its stack and prints one line of it for people. */
function reportFault(error: Error): void {
  running.app?.log.fatal({ err: error }, 'stopping after an uncaught error');
  console.error(`Althing stopped after an uncaught error: ${describeFailure(error)}`);
}

/**
 * Graceful shutdown: gives running requests `grace` milliseconds to finish, closes the remaining
 * connections, then stops the database.
 */
async function stop(grace: number): Promise<void> {
  stopping = true;
  const { app, database } = running;
  if (app !== undefined) {
    const closed = app.close();
    await Promise.race([closed, sleep(grace, undefined, { ref: false })]);
    app.server.closeAllConnections();
    await Promise.race([closed, sleep(ABANDON_MS, undefined, { ref: false })]);
  }
  const opened = await database?.catch(() => undefined);
  await opened?.close();
}

function announce(
  config: Config,
  app: FastifyInstance,
  { embedded, password }: { embedded: boolean; password: string | null },
): void {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.PORT;
  const origin = `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`;
  const lines = [
    '',
    `  Althing        ${origin}`,
    ...(config.DOCS ? [`  documentation  ${origin}/docs`] : []),
    `  log level      ${config.LOG_LEVEL}`,
    ...(embedded ? [`  database       embedded, in ${config.DATA_DIR}`] : []),
    ...(password === null
      ? []
      : [
          '',
          `  Sign in as ${DEMO_ADMINISTRATOR} with the password ${password} (shown only once).`,
        ]),
    '',
  ];
  console.log(lines.join('\n'));
}

try {
  await main();
} catch (error) {
  // An error during shutdown is not a failure to start.
  if (!stopping) {
    // A misspelled variable may be the reason; an invalid configuration has named it already.
    const misspelled = error instanceof ConfigError ? [] : misspelledVariables();
    const reasons = [describeFailure(error), ...misspelled.map((sentence) => ` ${sentence}.`)];
    console.error(`Althing could not start: ${reasons.join('')}`);
    await stop(0).catch((failure: unknown) => console.error(describeFailure(failure)));
    process.exit(1);
  }
}
