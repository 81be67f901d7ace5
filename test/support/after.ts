/** Runs once after all test files: stops the embedded server, if the run used one. */
import { join } from 'node:path';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { TEST_DATA } from './server.js';

if (process.env['DATABASE_URL'] === undefined) {
  const server = await startEmbeddedPostgres({
    dataDirectory: join(TEST_DATA, 'postgres'),
    durable: false,
  });
  await server.stop();
}
