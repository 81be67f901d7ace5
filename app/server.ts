import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateUp } from '#src/db/migrator.js';
import { toPostgresAnswer } from '#src/db/postgres-errors.js';
import { jobQueue } from '#src/queue/install.js';
import { buildApp } from './app.js';
import { loadConfig } from './config.js';
import type { Config } from './config-schema.js';
import { DEMO_ADMINISTRATOR, loadDemoData } from './demo/demo-data.js';
import { type OpenDatabase, openDatabase } from './open-database.js';
import { secretsOf } from './secrets.js';
import { describeFailure } from './start-failure.js';

/** The embedded database may take this long to stop, in milliseconds. */
const DATABASE_STOP_MS = 30_000;

/** What still runs after its time gets so long to notice that its connections are gone. */
const ABANDON_MS = 1000;

/** Signals this close together are one wish to stop: npm repeats the Ctrl-C of the terminal. */
const SAME_WISH_MS = 1000;

/**
 * What runs, in the order in which it was started. The database is known from the moment its start
 * begins, so that a signal in the meantime does not leave it behind.
 */
const running: { database?: Promise<OpenDatabase>; app?: FastifyInstance } = {};

let stopping = false;

/** Starts everything; on a signal stops it again, the youngest first. */
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
  // The password is shown only once, so after it has been made nothing may fail any more.
  const password = await loadDemoDataOnce(config, app);
  announce(config, app, { embedded, password });
}

/** Nobody's password is made when another process, starting at the same time, has been faster. */
async function loadDemoDataOnce(config: Config, app: FastifyInstance): Promise<string | null> {
  if (config.APP_ENV === 'production' || !config.DEMO_DATA) return null;
  try {
    return await loadDemoData(app.db);
  } catch (error) {
    if (toPostgresAnswer(error)?.kind === 'duplicate') return null;
    throw error;
  }
}

function stopWhenTold(grace: number): void {
  const { close } = closeWithGrace(
    {
      delay: grace + ABANDON_MS + DATABASE_STOP_MS,
      logger: false,
      skip: ['SIGINT', 'SIGTERM'],
      onTimeout: () => console.error('Althing was ended: something did not stop in time'),
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

/** An error that nothing caught: the log has its stack, people a sentence. */
function reportFault(error: Error): void {
  running.app?.log.fatal({ err: error }, 'ended by a fault');
  console.error(`Althing ended: ${describeFailure(error)}`);
}

/** Lets running requests finish for a while, then closes what is left, and the database last. */
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
    `  documentation  ${origin}/docs`,
    `  log level      ${config.LOG_LEVEL}`,
    ...(embedded ? [`  database       embedded, in ${config.DATA_DIR}`] : []),
    ...(password === null
      ? []
      : [
          '',
          `  Sign in as ${DEMO_ADMINISTRATOR} with the password ${password} (shown only this once).`,
        ]),
    '',
  ];
  console.log(lines.join('\n'));
}

try {
  await main();
} catch (error) {
  // Whatever fails while everything is being closed is no failure of the start.
  if (!stopping) {
    console.error(`Althing could not start: ${describeFailure(error)}`);
    await stop(0).catch((failure: unknown) => console.error(describeFailure(failure)));
    process.exit(1);
  }
}
