import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { projectRoot } from '#src/lib/project-root.js';

/** A database server to work on. */
export interface OpenDatabase {
  url: string;
  /** Whether the server belongs to this process and ends with it. */
  embedded: boolean;
  /** Stops the server if it is the embedded one. */
  close(): Promise<void>;
}

/**
 * The server that `DATABASE_URL` names, or else the embedded one under `DATA_DIR`, started.
 *
 * @throws EmbeddedPostgresError with a sentence for people
 */
export async function openDatabase(
  { DATABASE_URL, DATA_DIR }: { DATABASE_URL?: string | undefined; DATA_DIR: string },
  log?: (line: string) => void,
): Promise<OpenDatabase> {
  if (DATABASE_URL !== undefined) {
    return { url: DATABASE_URL, embedded: false, close: async () => undefined };
  }
  const server = await startEmbeddedPostgres({
    dataDirectory: join(resolve(projectRoot, DATA_DIR), 'postgres'),
    ...(log === undefined ? {} : { log }),
  });
  return { url: server.url, embedded: true, close: () => server.stop() };
}
