import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { locateCluster } from './cluster-location.js';
import { serverAddress } from './server-address.js';
import { askServer } from './server-queries.js';
import { DATABASE, serverUrl } from './server-url.js';

const PAUSE_MS = 100;

/**
 * Returns the URL of the server that another process runs on a data directory, as
 * `EmbeddedPostgres.url`, or null if there is none. Waits `timeout` milliseconds for a server that
 * is just starting. The server stays the other process's: it ends when that process stops it.
 */
export async function findRunningPostgres(
  dataDirectory: string,
  timeout: number,
): Promise<string | null> {
  const requested = resolve(dataDirectory);
  const deadline = Date.now() + timeout;
  for (;;) {
    const url = await urlOfServerIn(requested);
    if (url !== null || Date.now() >= deadline) return url;
    await sleep(PAUSE_MS);
  }
}

async function urlOfServerIn(dataDirectory: string): Promise<string | null> {
  // Without a database yet, its location is the decision of the process that creates it.
  if (!existsSync(join(dataDirectory, 'cluster', 'postmaster.pid'))) return null;
  const location = await locateCluster(await realpath(dataDirectory), () => {});
  const address = await serverAddress(location);
  if (address === null) return null;
  try {
    await askServer(address);
  } catch {
    return null;
  }
  return serverUrl(address, DATABASE);
}
