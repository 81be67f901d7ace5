// Starts the built service for a tool: with a database and a port of its own, both removed afterwards.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 15_000;

/**
 * Starts the service with demo data; run `npm run build` first.
 *
 * @param {Record<string, string>} settings environment variables besides the usual ones
 * @returns the origin of the service, the password of its administrator, and `stop`, which throws
 *   if the service does not end after SIGTERM
 */
export async function startService(settings = {}) {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'althing-contract-'));
  // If run by root, PostgreSQL runs under another account, which must be able to enter this
  // directory.
  chmodSync(dataDirectory, 0o711);
  const port = await freePort();
  // An empty variable counts as not set, and overrides one in the checkout's .env.
  const variables = {
    NODE_ENV: '',
    APP_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: dataDirectory,
    DATABASE_URL: '',
    SECRET_KEY: '',
    JWT_SECRET: '',
    DEMO_DATA: 'true',
    PLAYGROUND: '',
    PLAYGROUND_UPSTREAM_URL: '',
    LOG_LEVEL: 'warn',
    ...settings,
  };
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/app/server.js'], {
    cwd: root,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;

  async function stop() {
    try {
      child.kill('SIGTERM');
      const deadline = performance.now() + STOP_MS;
      while (!hasEnded() && performance.now() < deadline) await sleep(50);
      if (hasEnded()) return;
      child.kill('SIGKILL');
      throw new Error(`The service still runs ${STOP_MS} ms after SIGTERM`);
    } finally {
      rmSync(dataDirectory, { recursive: true, force: true });
    }
  }

  // The service prints the password once it is ready.
  for (const deadline = performance.now() + START_MS; performance.now() < deadline; ) {
    const password = /with the password (\S+)/.exec(output)?.[1];
    if (password !== undefined) return { origin: `http://127.0.0.1:${port}`, password, stop };
    if (hasEnded()) break;
    await sleep(50);
  }
  await stop().catch(() => undefined);
  throw new Error(`The service did not start:\n${output}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}
