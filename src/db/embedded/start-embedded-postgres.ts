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

/** A running PostgreSQL server owned by this process. */
export interface EmbeddedPostgres {
  /** `postgresql://…` URL of the database `althing` for the superuser `althing`. */
  readonly url: string;
  /**
   * Disconnects all clients and stops the server. Resolves when it has ended and another process
   * may use the data directory, after 27 s at most. Idempotent.
   *
   * @throws {EmbeddedPostgresError} if the server does not end
   */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Created with its parents if missing; relative to the working directory. */
  dataDirectory: string;
  /**
   * Whether committed rows survive any crash except the loss of the disk; default true. False is
   * several times as fast and meant for tests: a crash of the service is harmless, a crash of the
   * server may lose the last second of commits, and a crash of the machine the whole database.
   */
  durable?: boolean;
  /** Receives one sentence per notable event; default: none. */
  log?: (line: string) => void;
  /** Additional PostgreSQL settings by name; they override the launcher's defaults. */
  settings?: Record<string, string>;
}

/**
 * Starts the PostgreSQL server from the npm packages, or takes over the one that a killed process
 * left running on the same data directory. The first call creates the database.
 *
 * **Access.** On Unix the server has no network port. It listens without a password on a socket in
 * a directory that only its own account (and root) can enter. Anyone who can reach the socket could
 * also read the data files, so a password would protect nothing and would have to be stored. On
 * Windows the server listens on 127.0.0.1 with a free port and a random password (SCRAM), which is
 * kept in a file beside the data.
 *
 * **Root.** PostgreSQL refuses to run as root. If the service does, PostgreSQL runs as the owner of
 * the data directory if that is a known user, otherwise as uid 65534. Files that this account
 * cannot reach are placed in /var/lib/althing (/var/db/althing on macOS): a copy of the programs,
 * and the database, with a symbolic link `dataDirectory/cluster`. Existing permissions are never
 * changed.
 *
 * **Crashes.** The server outlives this process unless `stop()` is called. Unless `durable` is
 * false, all committed rows survive a kill of this process, the server, or both; the next call
 * recovers automatically.
 *
 * **Locking.** A data directory has one owner; it is free again as soon as that process has ended.
 *
 * The server logs to `dataDirectory/postgres.log`, limited to about 10 MiB including its
 * predecessor.
 *
 * @throws {EmbeddedPostgresError} with one sentence that names the cause and the remedy: no
 *   binaries for the platform; directory in use, not writable, damaged, or of another version; disk
 *   full; or PostgreSQL's own reason
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
    if (!stopping) log(`PostgreSQL exited unexpectedly (${how}); its log is ${serverLog.path}`);
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
