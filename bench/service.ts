import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateUp } from '#src/db/migrator.js';
import { projectRoot } from '#src/lib/project-root.js';
import { jobQueue } from '#src/queue/install.js';
import { processorSeconds } from './compare/processes.js';

/** As in `npm start`. */
const NODE_OPTIONS = ['--enable-source-maps', '--max-semi-space-size=4'];

/** The compiled service in its own process, on a new database. */
export interface Service {
  origin: string;
  databaseUrl: string;
  /** Returns the peak memory of the process in bytes. Linux only. */
  peakMemory(): Promise<number>;
  /** Returns the present memory of the process in bytes. Linux only. */
  memory(): Promise<number>;
  /** Returns the processor time that the process has used, in seconds. Linux only. */
  processorTime(): number;
  /** Makes `peakMemory` begin with the present memory. */
  forgetPeakMemory(): Promise<void>;
  /** Whether the process is still running. */
  isAlive(): boolean;
}

/**
 * Starts the service, runs `work` with it, and stops it.
 *
 * @param settings environment variables that override the defaults
 * @param memoryLimit bytes of memory beyond which the process is killed, as in a container
 */
export function withService<T>(
  prepare: (databaseUrl: string) => Promise<void>,
  work: (service: Service) => Promise<T>,
  settings: Record<string, string> = {},
  memoryLimit = Number.POSITIVE_INFINITY,
): Promise<T> {
  return withDatabases([prepare], ([databaseUrl = '']) =>
    runService(databaseUrl, work, settings, memoryLimit),
  );
}

/** Like `withService`, with two services, each on its own database of the same server. */
export function withTwoServices<T>(
  prepare: readonly [Prepare, Prepare],
  work: (services: readonly [Service, Service]) => Promise<T>,
): Promise<T> {
  return withDatabases(prepare, ([first = '', second = '']) =>
    runService(first, (one) => runService(second, (other) => work([one, other]))),
  );
}

type Prepare = (databaseUrl: string) => Promise<void>;

/** Starts a server, and runs `work` with the URLs of new, migrated and prepared databases. */
async function withDatabases<T>(
  prepare: readonly Prepare[],
  work: (urls: string[]) => Promise<T>,
): Promise<T> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'althing-bench-'));
  const server = await startEmbeddedPostgres({ dataDirectory });
  try {
    const urls: string[] = [];
    for (const [index, fill] of prepare.entries()) {
      const name = `bench_${index + 1}`;
      await createDatabase(server.url, name);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      await migrateUp(url.href, readMigrations(), [jobQueue]);
      await fill(url.href);
      urls.push(url.href);
    }
    return await work(urls);
  } finally {
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

async function createDatabase(serverUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
}

async function runService<T>(
  databaseUrl: string,
  work: (service: Service) => Promise<T>,
  settings: Record<string, string> = {},
  memoryLimit = Number.POSITIVE_INFINITY,
): Promise<T> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, 'dist/app/server.js'], {
    cwd: projectRoot,
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      DEMO_DATA: 'false',
      LOG_LEVEL: 'warn',
      PORT: '0',
      RATE_LIMIT: '1000000',
      ARTICLE_RATE_LIMIT: '1000000',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const timer = setInterval(async () => {
    if (isAlive() && (await readMemory(child.pid, 'VmRSS')) > memoryLimit) child.kill('SIGKILL');
  }, 50).unref();
  try {
    const origin = await originOf(child);
    return await work({
      origin,
      databaseUrl,
      peakMemory: () => readMemory(child.pid, 'VmHWM'),
      memory: () => readMemory(child.pid, 'VmRSS'),
      processorTime: () => processorSeconds(child.pid ?? 0),
      forgetPeakMemory: () => writeFile(`/proc/${child.pid}/clear_refs`, '5'),
      isAlive,
    });
  } finally {
    clearInterval(timer);
    if (isAlive()) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
  }
}

async function originOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('The service has no output to read.');
  for await (const line of createInterface({ input: child.stdout })) {
    const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (origin !== undefined) {
      child.stdout.resume();
      return origin;
    }
  }
  throw new Error('The service did not start.');
}

/** Returns a line of the process's status in bytes; 0 if it has ended. */
async function readMemory(pid: number | undefined, line: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
}
