import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ClusterLocation, locateCluster } from './cluster-location.js';
import { ensureCluster, flushWhenDurable } from './create-cluster.js';
import {
  EmbeddedPostgresError,
  errorCode,
  errorText,
  USE_OWN_SERVER,
} from './embedded-postgres-error.js';
import { prepareNativeBinaries } from './native-binaries.js';
import { acquireOwnerLock, type OwnerLock } from './owner-lock.js';
import { stopPostmaster } from './postmaster.js';
import { makeDirectory } from './server-account.js';
import { serverAddress } from './server-address.js';
import { ServerLog } from './server-log.js';
import { askServer } from './server-queries.js';
import { serverSettings } from './server-settings.js';
import { DATABASE, serverUrl } from './server-url.js';
import { removeTemporarySocketDirectory } from './socket-directory.js';
import { startServer } from './start-server.js';
import { takeOverServer } from './take-over-server.js';

/** A running PostgreSQL server that belongs to this process. */
export interface EmbeddedPostgres {
  /** `postgresql://…`: the superuser `althing` on the existing database `althing`. */
  readonly url: string;
  /**
   * Disconnects all clients, stops the server and resolves when it has ended and another process
   * may use the data directory. Takes 27 s at most; may be called any number of times.
   *
   * @throws {EmbeddedPostgresError} when the server does not end.
   */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Rendered with its parents where missing; relative paths count from the working directory. */
  dataDirectory: string;
  /**
   * Whether committed rows survive everything but the loss of the disk; default true. False is
   * several times as fast and meant for tests: only the service may be killed then; with the server
   * the last second of commits may go, with the machine the whole database.
   */
  durable?: boolean;
  /** Gets one sentence for each remarkable event; default: none. */
  log?: (line: string) => void;
  /** Further settings of PostgreSQL by name, which win over the launcher's own. */
  settings?: Record<string, string>;
}

/**
 * Starts the PostgreSQL server that comes with the npm packages, or takes over the one that a
 * killed process left running on the same data directory. The first call creates the database.
 *
 * **Who may connect.** On Unix the server has no network port at all: it listens on a socket in a
 * directory that only its own account (and root) can enter, without a password. Whoever can reach
 * the socket could read the data files as well, so a password would guard nothing and would have
 * to be stored. On Windows, where PostgreSQL is reached over TCP here, it listens on 127.0.0.1
 * with a free port and a random password (SCRAM), kept in a file beside the data.
 *
 * **Root.** PostgreSQL refuses to run as root. As root, its programs run under the owner of the
 * data directory if that is a known user, else under uid 65534. What that account cannot reach is
 * placed in /var/lib/althing: a copy of the programs, and the database itself, to which
 * `dataDirectory/cluster` then is a symbolic link. No existing permission is changed.
 *
 * **Kills.** The server outlives this process unless `stop()` is called. All committed rows are
 * there after a kill of this process, of the server or of both, unless `durable` is false; the next
 * call needs no help.
 *
 * **One at a time.** A data directory has one owner; it is free again as soon as that has died.
 *
 * The server's messages are in `dataDirectory/postgres.log`, bounded to about 10 MiB with its
 * predecessor.
 *
 * @throws {EmbeddedPostgresError} with one sentence that names the cause and the remedy: no binaries
 *   for the platform, directory in use, not writable, of another version or damaged, disk full, or
 *   whatever PostgreSQL itself gave as the reason.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const requested = resolve(options.dataDirectory);
  const locks: OwnerLock[] = [];
  try {
    await makeDirectory(requested);
    const dataDirectory = await realpath(requested);
    locks.push(await acquireOwnerLock(dataDirectory));
    const location = await locateCluster(dataDirectory, options.log ?? (() => {}));
    if (location.home !== dataDirectory) locks.push(await acquireOwnerLock(location.home));
    return await startLocated(dataDirectory, location, options, locks);
  } catch (error) {
    await release(locks);
    throw error instanceof EmbeddedPostgresError ? error : describe(error, requested);
  }
}

async function release(locks: OwnerLock[]): Promise<void> {
  for (const lock of locks.toReversed()) await lock.release().catch(() => {});
}

function describe(error: unknown, dataDirectory: string): EmbeddedPostgresError {
  const code = errorCode(error);
  const [fault, remedy] = ['EEXIST', 'ENOTDIR'].includes(code)
    ? ['is not a directory', 'choose another data directory']
    : ['ENOSPC', 'EDQUOT'].includes(code)
      ? ['cannot be used', 'free some disk space']
      : ['cannot be used', 'correct its permissions, choose another data directory'];
  return new EmbeddedPostgresError(
    `the data directory ${dataDirectory} ${fault} (${errorText(error)}): ${remedy}, ${USE_OWN_SERVER}`,
    { cause: error },
  );
}

async function startLocated(
  dataDirectory: string,
  location: ClusterLocation,
  { durable = true, log = () => {}, settings = {} }: EmbeddedPostgresOptions,
  locks: OwnerLock[],
): Promise<EmbeddedPostgres> {
  const { cluster, home, account } = location;
  const binaries = await prepareNativeBinaries(account, home);
  const wanted = serverSettings(binaries.version, durable, settings);
  const serverLog = new ServerLog(join(dataDirectory, 'postgres.log'));
  await ensureCluster(location, binaries, durable);

  let stopping = false;
  const onExit = (how: string) => {
    if (!stopping) log(`PostgreSQL ended unexpectedly (${how}); its log is ${serverLog.path}`);
  };
  let pid = await takeOverServer(location, binaries, wanted, log);
  if (pid === null) {
    await flushWhenDurable(location, binaries, durable);
    pid = await startServer(location, binaries, wanted, serverLog, onExit);
  }
  const postmaster = pid;
  const stop = async () => {
    stopping = true;
    await stopPostmaster(postmaster, cluster, binaries);
    serverLog.unwatch();
    await removeTemporarySocketDirectory(location);
    await release(locks);
  };
  let url: string;
  try {
    const address = await serverAddress(location);
    if (address === null) throw new Error('it has just ended');
    await askServer(address);
    url = serverUrl(address, DATABASE);
  } catch (error) {
    await stop();
    throw new EmbeddedPostgresError(
      `PostgreSQL on ${cluster} started but does not answer (${errorText(error)}): look into ${serverLog.path}, ${USE_OWN_SERVER}`,
      { cause: error },
    );
  }
  serverLog.watch();
  let stopped: Promise<void> | null = null;
  return {
    url,
    stop() {
      stopped ??= stop().catch((error: unknown) => {
        stopped = null;
        throw error;
      });
      return stopped;
    },
  };
}
