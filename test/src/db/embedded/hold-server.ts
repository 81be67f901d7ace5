/**
 * A service in miniature: starts the embedded PostgreSQL with the options given as JSON in the
 * first argument, reports on standard output in lines of JSON, stops it when it is told to on
 * standard input, and otherwise lives until it is killed.
 */
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from '#src/db/embedded/index.js';

const report = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const options = JSON.parse(process.argv[2] ?? '{}') as EmbeddedPostgresOptions;

// What this process makes is closed to others unless the launcher opens it.
process.umask(0o077);

try {
  const server = await startEmbeddedPostgres({ ...options, log: (log) => report({ log }) });
  process.stdin.on('data', async () => {
    await server.stop();
    report({ stopped: true });
    process.exit();
  });
  report({ url: server.url });
} catch (error) {
  report({ error: error instanceof Error ? `${error.name}: ${error.message}` : 'not an Error' });
}
