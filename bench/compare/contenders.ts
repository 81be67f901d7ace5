import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '#src/lib/project-root.js';
import type { Program } from './programs.js';

const START_MS = 30_000;
const STOP_MS = 15_000;

/** A server that takes part in the comparison. */
export interface Contender {
  name: string;
  origin: string;
  pid: number;
  /** Milliseconds from the start of the process to its first answer. */
  startMs: number;
  stop(): Promise<void>;
}

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
