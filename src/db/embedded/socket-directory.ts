import { lchown, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterLocation } from './cluster-location.js';
import { EmbeddedPostgresError, USE_OWN_SERVER } from './embedded-postgres-error.js';
import { firstClosedDirectory, giveToOwnerOf } from './server-account.js';

/** The port in the socket's file name; no TCP port is opened. */
export const SOCKET_PORT = 5432;

/** `sun_path` has 108 bytes on Linux and 104 on macOS and the BSDs, including the final NUL. */
const MAXIMUM_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
const NOTE = 'socket-directory';

/**
 * Returns an empty directory for the server's socket that only the server's account (and root) can
 * enter: `run` beside the database or, if that path is too long for a socket, a temporary
 * directory, whose path is stored beside the database. Must be called while no server runs.
 *
 * @param temporary forces a temporary directory, for file systems without sockets
 */
export async function prepareSocketDirectory(
  location: ClusterLocation,
  temporary = false,
): Promise<string> {
  const beside = join(location.home, 'run');
  const directory =
    temporary || !fits(beside) ? await temporaryDirectory(location) : await own(beside, location);
  // A killed server's socket lock file would block the next server if its pid is in use again.
  for (const name of await readdir(directory)) await rm(join(directory, name), { force: true });
  return directory;
}

/** Removes the temporary directory created by `prepareSocketDirectory`, if any. */
export async function removeTemporarySocketDirectory({ home }: ClusterLocation): Promise<void> {
  const directory = await readFile(join(home, NOTE), 'utf8').catch(() => null);
  if (directory === null) return;
  await rm(directory, { recursive: true, force: true }).catch(() => {});
  await rm(join(home, NOTE), { force: true });
}

function fits(directory: string): boolean {
  return Buffer.byteLength(join(directory, `.s.PGSQL.${SOCKET_PORT}`)) <= MAXIMUM_PATH_BYTES;
}

async function own(directory: string, { account }: ClusterLocation): Promise<string> {
  await mkdir(directory, { mode: 0o700 }).catch(() => {});
  if (account !== null) await lchown(directory, account.uid, account.gid);
  return directory;
}

async function temporaryDirectory(location: ClusterLocation): Promise<string> {
  const { account, home } = location;
  const note = join(home, NOTE);
  const earlier = await readFile(note, 'utf8').catch(() => null);
  if (earlier !== null && (await isPrivateDirectory(earlier, location))) return earlier;
  for (const parent of [tmpdir(), '/tmp', '/var/tmp']) {
    if (!fits(join(parent, 'althing-XXXXXX'))) continue;
    const directory = await mkdtemp(join(parent, 'althing-')).catch(() => null);
    if (directory === null) continue;
    if ((await firstClosedDirectory(parent, account)) !== null) {
      await rm(directory, { recursive: true });
      continue;
    }
    if (account !== null) await lchown(directory, account.uid, account.gid);
    await writeFile(note, directory, { mode: 0o600 });
    await giveToOwnerOf(home, note);
    return directory;
  }
  throw new EmbeddedPostgresError(
    `no directory for the database's socket has a path of less than ${MAXIMUM_PATH_BYTES} bytes that the server may enter: set TMPDIR to a short one, ${USE_OWN_SERVER}`,
  );
}

/**
 * Whether only the server's account can access a directory. Once a temporary directory has been
 * cleaned up, anyone could replace it with one that contains their own server.
 */
export async function isPrivateDirectory(
  directory: string,
  { account }: ClusterLocation,
): Promise<boolean> {
  const stats = await lstat(directory).catch(() => null);
  const uid = account?.uid ?? process.getuid?.();
  return stats?.isDirectory() === true && stats.uid === uid && (stats.mode & 0o077) === 0;
}
