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
}

/**
 * Starts a private PostgreSQL, fills it, starts the programs on it, and stops all of them after
 * `work`. The database does not wait for the disk, so figures compare programs and not disks.
 */
export async function withStage<T>(
  size: DataSize,
  programs: readonly Program[],
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'althing-bench-'));
  const database = await startEmbeddedPostgres({
    dataDirectory,
    durable: false,
    settings: { max_connections: '200', shared_buffers: '512MB' },
  });
  const databaseUrl = database.url;
  const contenders: Contender[] = [];
  let loader: Loader | undefined;
  // Without a listener, the signal would leave PostgreSQL and the programs behind.
  const abort = (signal: string) => loader?.abort(`Stopped by ${signal}`);
  process.on('SIGINT', abort).on('SIGTERM', abort);
  try {
    await migrateUp(databaseUrl, readMigrations(), [jobQueue]);
    const begin = performance.now();
    await fill(databaseUrl, size);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`${size.users} users and ${size.posts} posts made in ${seconds} s`);
    for (const program of programs) contenders.push(await start(program, databaseUrl));
    loader = new Loader();
    return await work({ databaseUrl, contenders, loader });
  } finally {
    process.off('SIGINT', abort).off('SIGTERM', abort);
    loader?.stop();
    await Promise.all(contenders.map(({ stop }) => stop()));
    await database.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}
