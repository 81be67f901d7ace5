import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.js';
import { type Config, loadConfig } from './config.js';
import { readMigrations } from './db/migration-files.js';
import { migrateUp } from './db/migrator.js';
import { type OpenDatabase, openDatabase } from './db/open-database.js';
import { secretKeyOf } from './secret-key.js';
import { DEMO_ADMINISTRATOR, loadDemoData } from './services/demo-data.js';
import { describeFailure } from './start-failure.js';

/** The embedded database may take this long to stop, in milliseconds. */
const DATABASE_STOP_MS = 30_000;

/** What runs, in the order in which it was started. */
const running: { database?: OpenDatabase; app?: FastifyInstance } = {};

/** Starts everything; on a signal stops it again, the youngest first. */
async function main(): Promise<void> {
  const config = loadConfig();
  const grace = config.SHUTDOWN_TIMEOUT * 1000;

  closeWithGrace({ delay: grace + DATABASE_STOP_MS, logger: false }, async ({ err }) => {
    if (err) console.error(`Althing ended: ${describeFailure(err)}`);
    await stop(grace);
  });

  running.database = await openDatabase(config, (line) => console.error(line));
  await migrateUp(running.database.url, readMigrations());
  running.app = await buildApp(config, {
    databaseUrl: running.database.url,
    secretKey: secretKeyOf(config),
  });
  await running.app.ready();
  const password = await loadDemoDataOnce(config, running.app);
  await running.app.listen({
    host: config.HOST,
    port: config.PORT,
    listenTextResolver: () => 'listening',
  });
  announce(config, running.app, password);
}

async function loadDemoDataOnce(config: Config, app: FastifyInstance): Promise<string | null> {
  if (config.APP_ENV === 'production' || !config.DEMO_DATA) return null;
  return loadDemoData(app.db);
}

/** Lets running requests finish for a while, then closes what is left, and the database last. */
async function stop(grace: number): Promise<void> {
  const { app, database } = running;
  if (app !== undefined) {
    const closed = app.close();
    await Promise.race([closed, sleep(grace, undefined, { ref: false })]);
    app.server.closeAllConnections();
    await closed;
  }
  await database?.close();
}

function announce(config: Config, app: FastifyInstance, password: string | null): void {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.PORT;
  const origin = `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`;
  const lines = [
    '',
    `  Althing        ${origin}`,
    `  documentation  ${origin}/docs`,
    `  log level      ${config.LOG_LEVEL}`,
    ...(running.database?.embedded ? [`  database       embedded, in ${config.DATA_DIR}`] : []),
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
  console.error(`Althing could not start: ${describeFailure(error)}`);
  await stop(0).catch((failure: unknown) => console.error(describeFailure(failure)));
  process.exit(1);
}
