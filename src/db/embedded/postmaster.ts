import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterLocation } from './cluster-location.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { describeSpawnFailure, type NativeBinaries } from './native-binaries.js';
import { isPostmasterOf, readPostmasterFile } from './postmaster-file.js';
import { isAlive } from './process-identity.js';
import { identity } from './server-account.js';
import type { ServerLog } from './server-log.js';

const POLL_MS = 10;
const READY_TIMEOUT_MS = 300_000;

/** Shutdown steps with timeouts: disconnect all clients, stop without a checkpoint, kill. */
const STOP_STEPS = [
  { signal: 'SIGINT', mode: 'fast', timeoutMs: 20_000 },
  { signal: 'SIGQUIT', mode: 'immediate', timeoutMs: 5000 },
  { signal: 'SIGKILL', mode: 'immediate', timeoutMs: 2000 },
] as const;

/** The server ended before it was ready; `output` is what it logged. */
export class PostmasterStartError extends Error {
  readonly output: string;

  constructor(output: string) {
    super('PostgreSQL ended while it was starting');
    this.output = output;
  }
}

/**
 * Starts a server and waits until it accepts connections, including crash recovery (at most 5
 * minutes).
 *
 * The server gets its own session: Ctrl-C in a terminal signals the whole foreground group, and the
 * service needs the database until its last response is sent.
 *
 * @param onExit called if the server ends after it was ready, for any reason
 * @returns the server's process id
 * @throws {PostmasterStartError} if the server ended before it was ready
 * @throws {EmbeddedPostgresError} if the server could not be executed or was not ready in time
 */
export async function startPostmaster(
  location: ClusterLocation,
  binaries: NativeBinaries,
  settings: Record<string, string>,
  log: ServerLog,
  onExit: (how: string) => void,
): Promise<number> {
  const file = await log.open();
  let child: ChildProcess | null = null;
  try {
    if (process.platform === 'win32') await startByPgCtl(location, binaries, settings, log);
    else {
      const options = Object.entries(settings).flatMap(([name, value]) => [
        '-c',
        `${name}=${value}`,
      ]);
      child = spawn(binaries.postgres, ['-D', location.cluster, ...options], {
        ...identity(location.account),
        cwd: '/',
        detached: true,
        env: binaries.environment,
        stdio: ['ignore', file.fd, file.fd],
      });
      await spawned(child, binaries.postgres);
    }
  } finally {
    await file.close();
  }
  const output = () => log.since(file.offset);
  const pid = await waitUntilReady(location.cluster, child, output);
  child?.once('exit', (code, signal) => onExit(signal ?? `code ${code}`));
  child?.unref();
  return pid;
}

async function spawned(child: ChildProcess, program: string): Promise<void> {
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new EmbeddedPostgresError(await describeSpawnFailure(program, error), { cause: error });
  }
}

async function waitUntilReady(
  cluster: string,
  child: ChildProcess | null,
  output: () => Promise<string>,
): Promise<number> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child !== null && (child.exitCode !== null || child.signalCode !== null)) {
      throw new PostmasterStartError(await output());
    }
    const file = await readPostmasterFile(cluster);
    if (file?.status === 'ready' && (child === null || file.pid === child.pid)) return file.pid;
    await sleep(POLL_MS);
  }
  child?.kill('SIGQUIT');
  throw new EmbeddedPostgresError(
    `PostgreSQL in ${cluster} did not become ready within ${READY_TIMEOUT_MS / 1000} s: look into its log, or set DATABASE_URL`,
  );
}

/**
 * Stops the server of a data directory and waits until it has ended. All clients are disconnected
 * and all data is written. After 20 s the server is stopped immediately, which loses no data, but
 * requires recovery at the next start. Does nothing if the server has already ended.
 *
 * @throws {EmbeddedPostgresError} if the server is still running after about 27 s
 */
export async function stopPostmaster(
  pid: number,
  cluster: string,
  binaries: NativeBinaries,
): Promise<void> {
  if (!(await isPostmasterOf(pid, cluster))) return;
  for (const { signal, mode, timeoutMs } of STOP_STEPS) {
    if (process.platform === 'win32') await stopByPgCtl(cluster, binaries, mode, timeoutMs);
    else {
      try {
        process.kill(pid, signal);
      } catch {
        // The process has just ended.
      }
    }
    if (await waitForEnd(pid, timeoutMs)) return;
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL (pid ${pid}) in ${cluster} does not end: end that process yourself`,
  );
}

/** Returns whether the process ends within the timeout. */
export async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (await isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** On Windows only pg_ctl can drop administrator rights, and there are no signals. */
async function startByPgCtl(
  { cluster }: ClusterLocation,
  binaries: NativeBinaries,
  settings: Record<string, string>,
  log: ServerLog,
): Promise<void> {
  const options = Object.entries(settings)
    .map(([name, value]) => `-c "${name}=${value.replaceAll('"', '')}"`)
    .join(' ');
  const seconds = String(READY_TIMEOUT_MS / 1000);
  const args = ['start', '-D', cluster, '-l', log.path, '-w', '-t', seconds, '-o', options];
  if ((await runPgCtl(binaries, args)) !== 0) throw new PostmasterStartError(await log.since(0));
}

async function stopByPgCtl(
  cluster: string,
  binaries: NativeBinaries,
  mode: string,
  timeoutMs: number,
): Promise<void> {
  const seconds = String(Math.ceil(timeoutMs / 1000));
  await runPgCtl(binaries, ['stop', '-D', cluster, '-m', mode, '-w', '-t', seconds]);
}

async function runPgCtl(binaries: NativeBinaries, args: string[]): Promise<number | null> {
  const child = spawn(binaries.pgCtl, args, {
    env: binaries.environment,
    stdio: 'ignore',
    windowsHide: true,
  });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  } catch (error) {
    const message = await describeSpawnFailure(binaries.pgCtl, error);
    throw new EmbeddedPostgresError(message, { cause: error });
  }
}
