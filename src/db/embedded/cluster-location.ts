import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EmbeddedPostgresError, errorCode, USE_OWN_SERVER } from './embedded-postgres-error.js';
import { reachableDirectory } from './reachable-directory.js';
import {
  chooseAccount,
  firstClosedDirectory,
  isRoot,
  type ServerAccount,
} from './server-account.js';

/** The location of a database, and the account that runs it. */
export interface ClusterLocation {
  /** PostgreSQL's data directory; may not exist yet. */
  readonly cluster: string;
  /** The existing parent directory, which the account can enter. */
  readonly home: string;
  readonly account: ServerAccount | null;
}

const NAME = 'cluster';
const ORIGIN = 'origin';

/**
 * Finds the database of `dataDirectory`, or decides where to create it. `dataDirectory` must be an
 * existing absolute path without symbolic links. The database is created inside it or, if the
 * service runs as root and the server's account cannot enter a parent directory, in a directory
 * owned by root, with a symbolic link to it. The link records the decision, so a later change of
 * permissions does not alter it. Existing permissions are never changed.
 *
 * Must be called while holding the lock of `dataDirectory`.
 *
 * @throws {EmbeddedPostgresError} if the database exists but cannot be used
 */
export async function locateCluster(
  dataDirectory: string,
  log: (line: string) => void,
): Promise<ClusterLocation> {
  const entry = join(dataDirectory, NAME);
  const found = await lstat(entry).catch(() => null);
  if (found === null) {
    if (existsSync(join(dataDirectory, 'PG_VERSION'))) {
      throw new EmbeddedPostgresError(
        `${dataDirectory} is itself the data directory of a PostgreSQL server: choose another one, ${USE_OWN_SERVER}`,
      );
    }
    const account = await chooseAccount(dataDirectory);
    if ((await firstClosedDirectory(dataDirectory, account)) === null) {
      return { cluster: entry, home: dataDirectory, account };
    }
    const home = await relocate(dataDirectory, log);
    await symlink(join(home, NAME), entry);
    return { cluster: join(home, NAME), home, account };
  }
  const cluster = found.isSymbolicLink() ? await followLink(dataDirectory, entry) : entry;
  const home = dirname(cluster);
  const account = await accountOf(cluster, home);
  const closed = await firstClosedDirectory(home, account);
  if (closed !== null) {
    throw new EmbeddedPostgresError(
      `the database in ${cluster} belongs to uid ${account?.uid}, which may not pass ${closed}: run chmod o+x ${closed}, ${USE_OWN_SERVER}`,
    );
  }
  return { cluster, home, account };
}

async function followLink(dataDirectory: string, entry: string): Promise<string> {
  const target = resolve(dataDirectory, await readlink(entry));
  const home = await realpath(dirname(target)).catch(() => null);
  if (home === null) {
    throw new EmbeddedPostgresError(
      `the database of ${dataDirectory} was kept in ${target}, which is gone: restore it, or remove the link ${entry} to begin with an empty database`,
    );
  }
  const origin = await readFile(join(home, ORIGIN), 'utf8').catch(() => dataDirectory);
  const elsewhere = join(origin, NAME);
  // A copied checkout contains a copy of the link, so two services would share one database.
  if (origin !== dataDirectory && (await readlink(elsewhere).catch(() => null)) === target) {
    throw new EmbeddedPostgresError(
      `the link ${entry} points to the database of ${origin}: remove the link to begin with an empty database`,
    );
  }
  if (origin !== dataDirectory) await writeFile(join(home, ORIGIN), dataDirectory);
  return join(home, basename(target));
}

async function accountOf(cluster: string, home: string): Promise<ServerAccount | null> {
  const owner = await stat(cluster).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (owner === null) return chooseAccount(home);
  if (!owner.isDirectory()) throw notACluster(cluster);
  if (process.platform === 'win32') return null;
  if (!isRoot()) {
    if (owner.uid === process.getuid?.()) return null;
    throw new EmbeddedPostgresError(
      `the database in ${cluster} belongs to uid ${owner.uid}, not to the current user (uid ${process.getuid?.()}): start the service as that user, choose another data directory, ${USE_OWN_SERVER}`,
    );
  }
  if (owner.uid === 0) {
    const { uid, gid } = (await chooseAccount(home)) ?? { uid: 0, gid: 0 };
    throw new EmbeddedPostgresError(
      `the database in ${cluster} belongs to root, as which PostgreSQL refuses to run: run chown -R ${uid}:${gid} ${cluster}, ${USE_OWN_SERVER}`,
    );
  }
  return { uid: owner.uid, gid: owner.gid };
}

/** Returns the error for an existing path that is not a PostgreSQL data directory. */
export function notACluster(cluster: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `${cluster} exists but is not a PostgreSQL data directory: restore it or move it away, ${USE_OWN_SERVER}`,
  );
}

/**
 * Creates a data directory outside of `dataDirectory`. Its name is always new: after removing the
 * data directory, the database must be empty, and another checkout may use the path of one that was
 * moved.
 */
async function relocate(dataDirectory: string, log: (line: string) => void): Promise<string> {
  const base = await reachableDirectory();
  const hash = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12);
  for (const name of await readdir(base)) {
    if (!name.startsWith(`data-${hash}-`)) continue;
    const earlier = join(base, name);
    if (existsSync(join(earlier, NAME))) {
      log(`an earlier database of ${dataDirectory} is still in ${earlier}; remove it if unneeded`);
    } else await rm(earlier, { recursive: true, force: true });
  }
  const home = await mkdtemp(join(base, `data-${hash}-`));
  await writeFile(join(home, ORIGIN), dataDirectory);
  await chmod(home, 0o711);
  log(`the database account cannot access ${dataDirectory}: its files are stored in ${home}`);
  return home;
}
