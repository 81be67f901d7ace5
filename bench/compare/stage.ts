import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateUp } from '#src/db/migrator.js';
import { jobQueue } from '#src/queue/install.js';
import { type Contender, start } from './contenders.js';
import { type DataSize, fill } from './fill.js';
import { Loader } from './load.js';
import type { Program } from './programs.js';

/** PostgreSQL with data, the contenders, and the process that sends the load. */
export interface Stage {
  databaseUrl: string;
  contenders: Contender[];
  loader: Loader;
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal;
}

/** The reason of {@link Stage.signal}. */
export class Stopped extends Error {}

/**
 * Starts a private PostgreSQL, fills it, starts the programs on it, and stops all of them after
 * `work`. The database does not wait for the disk, so figures compare programs and not disks.
 *
 * @throws Stopped if a signal ends the run, after everything has stopped
 */
export async function withStage<T>(
  size: DataSize,
  programs: readonly Program[],
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController();
  const { signal } = stopping;
  // Without a listener, the signal would leave PostgreSQL and the programs behind.
  const abort = (name: string) => stopping.abort(new Stopped(`Stopped by ${name}`));
  process.on('SIGINT', abort).on('SIGTERM', abort);
  const dataDirectory = await mkdtemp(join(tmpdir(), 'althing-bench-'));
  try {
    return await withDatabase(dataDirectory, async (databaseUrl) => {
      await orAborted(prepare(databaseUrl, size), signal);
      return await withPrograms(programs, databaseUrl, signal, work);
    });
  } catch (error) {
    // What fails because the signal reached other processes, too, does not matter.
    signal.throwIfAborted();
    throw error;
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
    process.off('SIGINT', abort).off('SIGTERM', abort);
  }
}

async function withDatabase<T>(
  dataDirectory: string,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  const database = await startEmbeddedPostgres({
    dataDirectory,
    durable: false,
    settings: { max_connections: '200', shared_buffers: '512MB' },
  });
  try {
    return await work(database.url);
  } finally {
    await database.stop();
  }
}

async function prepare(databaseUrl: string, size: DataSize): Promise<void> {
  await migrateUp(databaseUrl, readMigrations(), [jobQueue]);
  const begin = performance.now();
  await fill(databaseUrl, size);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.log(`${size.users} users and ${size.posts} posts made in ${seconds} s`);
}

async function withPrograms<T>(
  programs: readonly Program[],
  databaseUrl: string,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const contenders: Contender[] = [];
  let loader: Loader | undefined;
  try {
    for (const program of programs) {
      signal.throwIfAborted();
      contenders.push(await start(program, databaseUrl));
    }
    loader = new Loader(signal);
    return await work({ databaseUrl, contenders, loader, signal });
  } finally {
    loader?.stop();
    await Promise.all(contenders.map(({ stop }) => stop()));
  }
}

/** Returns early when the signal is aborted; the task then fails when its database stops. */
async function orAborted(task: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await Promise.race([
    task,
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
  ]);
}
