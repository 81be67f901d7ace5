import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { projectRoot } from '#src/lib/project-root.js';

/** A database server that is ready for connections. */
export interface OpenDatabase {
  url: string;
  /** Whether this process started the server and stops it. */
  embedded: boolean;
  /** Stops the embedded server; does nothing for an external one. */
  close(): Promise<void>;
}

/**
 * Returns the server named by `DATABASE_URL`, or starts the embedded one under `DATA_DIR`.
 *
 * @throws EmbeddedPostgresError whose message is written for people
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
