import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  DirectoryInUseError,
  findRunningPostgres,
  startEmbeddedPostgres,
} from '#src/db/embedded/index.js';
import { projectRoot } from '#src/lib/project-root.js';

interface DatabaseSettings {
  DATABASE_URL?: string | undefined;
  DATABASE_DIRECT_URL?: string | undefined;
  DATA_DIR: string;
}

/** A database server that is ready for connections. */
export interface OpenDatabase {
  url: string;
  /** The URL of the same database, never that of a pooler. */
  directUrl: string;
  /** Whether this process started the server and stops it. */
  embedded: boolean;
  /** Stops the embedded server; does nothing for an external one. */
  close(): Promise<void>;
}

/** Where the embedded database of a `DATA_DIR` is. */
function embeddedDirectory(dataDir: string): string {
  return join(resolve(projectRoot, dataDir), 'postgres');
}

/** Whether `openDatabase` will create a database, which takes a few seconds. */
export function isNewEmbeddedDatabase({ DATABASE_URL, DATA_DIR }: DatabaseSettings): boolean {
  return DATABASE_URL === undefined && !existsSync(join(embeddedDirectory(DATA_DIR), 'cluster'));
}

/**
 * Returns the server named by `DATABASE_URL`, or starts the embedded one under `DATA_DIR`.
 *
 * @throws EmbeddedPostgresError whose message is written for people
 */
export async function openDatabase(
  { DATABASE_URL, DATABASE_DIRECT_URL, DATA_DIR }: DatabaseSettings,
  log?: (line: string) => void,
): Promise<OpenDatabase> {
  if (DATABASE_URL !== undefined) {
    const directUrl = DATABASE_DIRECT_URL ?? DATABASE_URL;
    return { url: DATABASE_URL, directUrl, embedded: false, close: async () => undefined };
  }
  const server = await startEmbeddedPostgres({
    dataDirectory: embeddedDirectory(DATA_DIR),
    ...(log === undefined ? {} : { log }),
  });
  const { url } = server;
  return { url, directUrl: url, embedded: true, close: () => server.stop() };
}

/** Milliseconds that a command waits for the database of a service that is just starting. */
const STARTING_MS = 15_000;

/**
 * Like `openDatabase`, for a command beside the service: uses the embedded server of the process
 * that already runs it, which stays running.
 *
 * @throws EmbeddedPostgresError whose message is written for people
 */
export async function shareDatabase(settings: DatabaseSettings): Promise<OpenDatabase> {
  try {
    return await openDatabase(settings);
  } catch (error) {
    if (!(error instanceof DirectoryInUseError)) throw error;
    const url = await findRunningPostgres(embeddedDirectory(settings.DATA_DIR), STARTING_MS);
    if (url === null) throw error;
    return { url, directUrl: url, embedded: false, close: async () => undefined };
  }
}
