import { chmod, lstat, mkdir } from 'node:fs/promises';
import { EmbeddedPostgresError, errorText, USE_OWN_SERVER } from './embedded-postgres-error.js';

const PATH = process.platform === 'darwin' ? '/var/db/althing' : '/var/lib/althing';

/**
 * Returns the directory, created on first use, for files of root that the server's unprivileged
 * account must read: binaries and databases of a checkout that is closed to others. It is not in a
 * temporary directory, because those are cleaned up.
 *
 * @throws {EmbeddedPostgresError} if it cannot be created, or anyone but root could modify it
 */
export async function reachableDirectory(): Promise<string> {
  try {
    await mkdir(PATH);
    // Independent of the umask.
    await chmod(PATH, 0o755);
  } catch {
    // The directory exists, or the check below reports the problem.
  }
  const stats = await lstat(PATH).catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `${PATH}, which the database of a directory closed to other users needs, cannot be made (${errorText(error)}): ` +
        `use a data directory and a checkout that other users may traverse, ${USE_OWN_SERVER}`,
      { cause: error },
    );
  });
  if (!stats.isDirectory() || stats.uid !== 0 || (stats.mode & 0o023) !== 0o001) {
    throw new EmbeddedPostgresError(
      `${PATH} must be a directory of root's that others may traverse but not write to: ` +
        `correct its owner and mode, ${USE_OWN_SERVER}`,
    );
  }
  return PATH;
}
