import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateUp, migrationStatus } from '#src/db/migrator.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { hasAdministrators, hasUsers } from '#src/people/stores/users.js';
import { jobQueue } from '#src/queue/install.js';
import { buildApp } from './app.js';
import { ConfigError, configWarnings, loadConfig, misspelledVariables } from './config.js';
import type { Config } from './config-schema.js';
import { DEMO_ADMINISTRATOR, loadDemoData } from './demo/demo-data.js';
import { flushLog } from './logger.js';
import { isNewEmbeddedDatabase, type OpenDatabase, openDatabase } from './open-database.js';
import { secretsOf } from './secrets.js';
import { describeFailure } from './start-failure.js';

/** Time for the embedded database to stop, in milliseconds. */
const DATABASE_STOP_MS = 30_000;

/** Time for overdue requests to notice that their connections are closed, in milliseconds. */
const ABANDON_MS = 1000;

/** Signals within this time, in milliseconds, count as one: npm repeats the terminal's Ctrl-C. */
const SAME_WISH_MS = 1000;

/**
 * How far the heap may grow between two full collections, in percent of what is in use. By default
 * it may grow fourfold while it is small, so a short burst of requests would double the memory of
 * the process for good.
 */
const HEAP_GROWTH = 60;

/**
 * The running parts, in the order of their start. The database is a promise because a signal during
 * its start must still stop it.
 */
const running: { database?: Promise<OpenDatabase>; app?: FastifyInstance } = {};

let stopping = false;

/** Starts the service and stops it in reverse order on SIGINT or SIGTERM. */
async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
  const config = loadConfig();
  stopWhenTold(config.SHUTDOWN_TIMEOUT * 1000);

  if (isNewEmbeddedDatabase(config)) report(`Creating the database in ${config.DATA_DIR} …`);
  running.database = openDatabase(config, (line) => console.error(line));
  const { url, directUrl, embedded } = await running.database;
  await migrate(directUrl);
  const app = await buildApp(config, { databaseUrl: url, directUrl, ...secretsOf(config) });
  running.app = app;
  await app.ready();
  // Before listening: a client that waits for `/health` expects the data.
  const password = await loadDemoDataOnce(config, app);
  try {
    await app.listen({
      host: config.HOST,
      port: config.PORT,
      listenTextResolver: () => 'listening',
    });
  } catch (error) {
    if (password !== null) console.log(passwordLine(password));
    throw error;
  }
  await warn(config, app);
  // The lines for people come last.
  flushLog();
  announce(config, app, { embedded, password });
}

/** Prints what the service does during its start. */
function report(line: string): void {
  if (!stopping) console.log(line);
}

async function migrate(url: string): Promise<void> {
  const migrations = readMigrations();
  const pending = (await migrationStatus(url, migrations)).filter((each) => !each.applied_at);
  if (pending.length > 0) report(`Running ${pending.length} migrations …`);
  await migrateUp(url, migrations, [jobQueue]);
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
  if (await hasUsers(app.db)) return null;
  report('Loading the demo data …');
  try {
    const password = await loadDemoData(app.db);
    if (password !== null) app.log.info('demo data loaded');
    return password;
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
      console.log('Althing is stopping: running requests may finish. Once more to end at once.');
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

/** Addresses that stand for all of the machine, and the one under which a client reaches it. */
const REACHABLE: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function passwordLine(password: string): string {
  return `  Sign in as ${DEMO_ADMINISTRATOR} with the password ${password} (shown only once).`;
}

function announce(
  config: Config,
  app: FastifyInstance,
  { embedded, password }: { embedded: boolean; password: string | null },
): void {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.PORT;
  const host = REACHABLE[config.HOST] ?? config.HOST;
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const lines = [
    '',
    `  Althing        ${origin}`,
    ...(config.DOCS ? [`  documentation  ${origin}/docs`] : []),
    `  log level      ${config.LOG_LEVEL}`,
    ...(embedded ? [`  database       embedded, in ${config.DATA_DIR}`] : []),
    ...(password === null ? [] : ['', passwordLine(password)]),
    '',
    '  Try:',
    `    curl ${origin}/health`,
    `    curl "${origin}/api/v1/posts?size=2"`,
    `    curl "${origin}/api/v1/search?q=pool"`,
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
