/**
 * Runs once before all test files: starts the embedded server, unless `DATABASE_URL` is set, and
 * creates the migrated database that the tests copy.
 */
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateUp } from '#src/db/migrator.js';
import { jobQueue } from '#src/queue/install.js';
import { publishServer, serverUrl, TEMPLATE_DATABASE, TEST_DATA } from './server.js';

const given = process.env['DATABASE_URL'];
const url =
  given ??
  (await startEmbeddedPostgres({ dataDirectory: join(TEST_DATA, 'postgres'), durable: false })).url;
publishServer(url);

const client = new pg.Client({ connectionString: url });
await client.connect();
const leftovers = await client.query<{ datname: string }>(
  `select datname from pg_database where datname like 'althing\\_test\\_%'`,
);
for (const { datname } of leftovers.rows) {
  await client.query(`drop database if exists ${client.escapeIdentifier(datname)} with (force)`);
}
await client.query(`create database ${TEMPLATE_DATABASE}`);
const { rows } = await client.query<{ server_version: string }>('show server_version');
await client.end();

await migrateUp(serverUrl(TEMPLATE_DATABASE), readMigrations(), [jobQueue]);
console.error(
  `Tests run on PostgreSQL ${rows[0]?.server_version} (${given ? 'DATABASE_URL' : 'embedded'}).`,
);

// The embedded server outlives this process on purpose; after.ts stops it.
process.exit(0);
