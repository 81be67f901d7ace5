import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { Redis } from 'ioredis';
import type { Test } from 'tap';

const EXECUTABLE = process.env['REDIS_SERVER'] ?? '/usr/bin/redis-server';

/** The reason to skip Redis tests, or false. In CI, a missing Redis fails them instead. */
export const noRedis: string | false =
  existsSync(EXECUTABLE) || process.env['CI'] === 'true' ? false : `no ${EXECUTABLE} here`;

export interface RedisServer {
  url: string;
  /** A client connected directly to the server. */
  client: Redis;
  /** Suspends the server, with its connections open. */
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** Starts the server again after `kill`, on the same port and without data. */
  restart(): Promise<void>;
}

/**
 * Starts a local Redis server, which is killed when the test ends.
 *
 * @param password required password; empty for none
 */
export async function startRedis(t: Test, password = ''): Promise<RedisServer> {
  const port = await freePort();
  let server = await launch(port, password);
  const client = new Redis(port, '127.0.0.1', { password });
  client.on('error', () => undefined);
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    server.kill('SIGKILL');
    await gone;
  };
  t.teardown(async () => {
    client.disconnect();
    await kill();
  });
  return {
    url: `redis://127.0.0.1:${port}/0`,
    client,
    kill,
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    async restart() {
      server = await launch(port, password);
    },
  };
}

/** Starts Redis; resolves when it accepts connections. */
async function launch(port: number, password: string): Promise<ChildProcess> {
  const options = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--save',
    '',
    '--appendonly',
    'no',
    '--requirepass',
    password,
  ];
  const server = spawn(EXECUTABLE, options, { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    server.stdout?.on('data', (chunk) => {
      said += chunk;
      if (said.includes('Ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`Redis does not start: ${said}`)));
  });
  return server;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
