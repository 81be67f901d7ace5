import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterLocation } from './cluster-location.js';
import { EmbeddedPostgresError, USE_OWN_SERVER } from './embedded-postgres-error.js';
import type { NativeBinaries } from './native-binaries.js';
import { stopPostmaster, waitForEnd } from './postmaster.js';
import { isPostmasterOf, readPostmasterFile } from './postmaster-file.js';
import { serverAddress } from './server-address.js';
import { askServer, isListening, type ServerFacts } from './server-queries.js';
import { LAUNCH_SETTING } from './server-settings.js';

const TIMEOUT_MS = 30_000;
const PAUSE_MS = 50;

/**
 * Prepares the data directory for a server. Takes over a live server left by a dead owner if it was
 * started with the same settings and binaries; otherwise stops it. Removes a stale
 * `postmaster.pid`. Must be called while holding the lock of the location, which ensures that no
 * live process of the service uses that server.
 *
 * @returns the process id of the server taken over, or null if one must be started
 * @throws {EmbeddedPostgresError} if a server that cannot be stopped from here uses the directory
 */
export async function takeOverServer(
  location: ClusterLocation,
  binaries: NativeBinaries,
  settings: Record<string, string>,
  log: (line: string) => void,
): Promise<number | null> {
  const { cluster } = location;
  const file = await readPostmasterFile(cluster);
  if (file === null) return null;
  if (!(await isPostmasterOf(file.pid, cluster))) {
    await refuseInvisible(location);
    // PostgreSQL removes its own stale file, except when the process id is in use again.
    await rm(join(cluster, 'postmaster.pid'), { force: true });
    return null;
  }
  const facts = file.status === 'stopping' ? null : await askWhileStarting(location, file.pid);
  if (facts !== null && facts.launch === settings[LAUNCH_SETTING]) {
    log(`using the PostgreSQL server (pid ${file.pid}) that an earlier process left running`);
    return file.pid;
  }
  log(`stopping the PostgreSQL server (pid ${file.pid}) that an earlier process left running`);
  if (file.status === 'stopping') await waitForEnd(file.pid, TIMEOUT_MS);
  await stopPostmaster(file.pid, cluster, binaries);
  return null;
}

/** A server in another container has no visible process, but its socket can be reached. */
async function refuseInvisible(location: ClusterLocation): Promise<void> {
  const address = await serverAddress(location);
  // Another program may use the TCP port by now.
  if (address === null || 'password' in address || !(await isListening(address))) return;
  throw new EmbeddedPostgresError(
    `a PostgreSQL server that is not visible from here, as in another container, already uses ${location.cluster}: stop it, choose another data directory, ${USE_OWN_SERVER}`,
  );
}

async function askWhileStarting(
  location: ClusterLocation,
  pid: number,
): Promise<ServerFacts | null> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const address = await serverAddress(location);
    const facts = address === null ? null : await askServer(address).catch(() => null);
    const file = await readPostmasterFile(location.cluster);
    const starting = file?.pid === pid && !['ready', 'stopping'].includes(file.status);
    if (facts !== null || !starting || Date.now() > deadline) return facts;
    await sleep(PAUSE_MS);
  }
}
