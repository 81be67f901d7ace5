import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
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
}

/**
 * Starts the service, runs `work` with it, and stops it.
 *
 * @param settings environment variables that override the defaults
 */
export async function withService<T>(
  prepare: (databaseUrl: string) => Promise<void>,
  work: (service: Service) => Promise<T>,
  settings: Record<string, string> = {},
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
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const origin = await originOf(child);
      const peakMemory = () => readPeakMemory(child.pid);
      return await work({ origin, databaseUrl: database.url, peakMemory });
    } finally {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
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

async function readPeakMemory(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
