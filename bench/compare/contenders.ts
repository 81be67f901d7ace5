import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '#src/lib/project-root.js';

/** Secrets of the service and of the peers that check its tokens. */
const SECRETS = {
  SECRET_KEY: 'k7Qz-93nLwVt2xRb8sYdF4mHc6Jp0aGe',
  JWT_SECRET: 'u5Ew-71vBnMq8zTy3kXoC2rPd9Lf4hSi',
};

/** Limits that count every request, and refuse none. */
const NO_LIMIT = '1000000000';
const NO_THROTTLE = '1000000';

const START_MS = 30_000;
const STOP_MS = 15_000;

/** How a contender is started. */
export interface Program {
  /** The name in tables. */
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
}

/** A server that takes part in the comparison. */
export interface Contender {
  name: string;
  origin: string;
  pid: number;
  /** Milliseconds from the start of the process to its first answer. */
  startMs: number;
  stop(): Promise<void>;
}

/** The service as in production: compiled, with access log and all limits. */
export const SERVICE: Program = {
  name: 'service',
  command: process.execPath,
  args: ['dist/app/server.js'],
  env: {
    APP_ENV: 'production',
    LOG_LEVEL: 'info',
    ...SECRETS,
    RATE_LIMIT: NO_LIMIT,
    LOGIN_RATE_LIMIT: NO_LIMIT,
    COMMENT_RATE_LIMIT: NO_LIMIT,
    ARTICLE_RATE_LIMIT: NO_LIMIT,
    LOGIN_ATTEMPTS: NO_THROTTLE,
    LOGIN_ATTEMPTS_PER_ADDRESS: NO_THROTTLE,
  },
};

/** The reference of all ratios: node:http and pg by hand. */
export const REFERENCE: Program = {
  name: 'L1',
  command: process.execPath,
  args: ['bench/peers/node-http/server.mjs'],
  env: SECRETS,
};

/** Starts a server on a free port, and waits until it is healthy. */
export async function start(program: Program, databaseUrl: string): Promise<Contender> {
  const { name, command, args, env } = program;
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const begin = performance.now();
  const child = spawn(command, args, {
    cwd: projectRoot,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      ...env,
      PORT: String(port),
      DATABASE_URL: databaseUrl,
    },
    // The access log goes to /dev/null.
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} did not start`);
  try {
    await untilHealthy(child, name, origin);
  } catch (error) {
    await stop(child);
    throw error;
  }
  return { name, origin, pid, startMs: performance.now() - begin, stop: () => stop(child) };
}

async function untilHealthy(child: ChildProcess, name: string, origin: string): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    if (!isRunning(child)) break;
    const answer = await fetch(`${origin}/health`).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await sleep(10);
  }
  throw new Error(`${name} did not answer`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Returns a port of 127.0.0.1 that no program uses. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
