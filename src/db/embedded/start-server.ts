import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasInOrder } from '#src/lib/has-in-order.js';
import type { ClusterLocation } from './cluster-location.js';
import { EmbeddedPostgresError, USE_OWN_SERVER } from './embedded-postgres-error.js';
import type { NativeBinaries } from './native-binaries.js';
import { PostmasterStartError, startPostmaster } from './postmaster.js';
import { addressSettings } from './server-address.js';
import { lastMeaningfulLine, remedyFor, type ServerLog } from './server-log.js';
import { clusterName } from './server-settings.js';
import { USES_TCP } from './server-url.js';

const RETRY_TIMEOUT_MS = 15_000;
const RETRY_PAUSE_MS = 100;
/** Idle processes of a killed server end within milliseconds, busy ones do not. */
const ORPHAN_GRACE_MS = 2000;

/**
 * Starts a server where none is running. Retries for 15 s while remains of a killed server are in
 * the way.
 *
 * @returns the server's process id
 * @throws {EmbeddedPostgresError} with PostgreSQL's reason
 */
export async function startServer(
  location: ClusterLocation,
  binaries: NativeBinaries,
  settings: Record<string, string>,
  serverLog: ServerLog,
  onExit: (how: string) => void,
): Promise<number> {
  const began = Date.now();
  let temporarySocket = false;
  for (;;) {
    const address = await addressSettings(location, temporarySocket);
    const all = { ...settings, cluster_name: clusterName(location.cluster), ...address };
    try {
      return await startPostmaster(location, binaries, all, serverLog, onExit);
    } catch (error) {
      if (!(error instanceof PostmasterStartError)) throw error;
      const { output } = error;
      const elapsed = Date.now() - began;
      const leftOver =
        output.includes('pre-existing shared memory block') ||
        hasInOrder(output, 'lock file ', ' already exists');
      const portTaken = USES_TCP && /could not (bind|create any TCP)/.test(output);
      if ((leftOver || portTaken) && elapsed < RETRY_TIMEOUT_MS) {
        if (leftOver && elapsed > ORPHAN_GRACE_MS) await endOrphans(location.cluster);
        await sleep(RETRY_PAUSE_MS);
      } else if (!temporarySocket && /Unix-domain socket|Unix address/.test(output)) {
        temporarySocket = true;
      } else {
        throw new EmbeddedPostgresError(
          `PostgreSQL could not be started on ${location.cluster} (${lastMeaningfulLine(output)}): ${remedyFor(output)}, ${USE_OWN_SERVER}`,
          { cause: error },
        );
      }
    }
  }
}

/**
 * Ends processes that a killed server left on the data directory: a long computation does not check
 * whether its server is alive. Must be called while no server runs there.
 */
async function endOrphans(cluster: string): Promise<void> {
  const { uid } = await stat(cluster);
  for (const name of await readdir('/proc').catch(() => [])) {
    if (/^\d+$/.test(name) && (await isOrphan(`/proc/${name}`, cluster, uid))) {
      try {
        process.kill(Number(name), 'SIGQUIT');
      } catch {
        // The process has just ended.
      }
    }
  }
}

async function isOrphan(entry: string, cluster: string, uid: number): Promise<boolean> {
  try {
    if ((await stat(entry)).uid !== uid) return false;
    const title = await readFile(join(entry, 'cmdline'), 'utf8');
    if (!title.startsWith(`postgres: ${clusterName(cluster)}: `)) return false;
    // In a container, root may not be allowed to read it for other users' processes; the name must
    // suffice.
    return (await readlink(join(entry, 'cwd')).catch(() => cluster)) === cluster;
  } catch {
    return false;
  }
}
