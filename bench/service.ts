import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateUp } from '#src/db/migrator.js';
import { projectRoot } from '#src/lib/project-root.js';
import { jobQueue } from '#src/queue/install.js';

/** The compiled service in its own process, on a new database. */
export interface Service {
  origin: string;
  databaseUrl: string;
  /** Returns the peak memory of the process in bytes. Linux only. */
  peakMemory(): Promise<number>;
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
export async function withService<T>(
  prepare: (databaseUrl: string) => Promise<void>,
  work: (service: Service) => Promise<T>,
  settings: Record<string, string> = {},
  memoryLimit = Number.POSITIVE_INFINITY,
): Promise<T> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'althing-bench-'));
  const database = await startEmbeddedPostgres({ dataDirectory });
  try {
    await migrateUp(database.url, readMigrations(), [jobQueue]);
    await prepare(database.url);
    const child = spawn(process.execPath, ['dist/app/server.js'], {
      cwd: projectRoot,
      env: {
        ...process.env,
        DATABASE_URL: database.url,
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
        databaseUrl: database.url,
        peakMemory: () => readMemory(child.pid, 'VmHWM'),
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
  } finally {
    await database.stop();
    await rm(dataDirectory, { recursive: true, force: true });
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
