import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectoryInUseError, errorCode, USE_OWN_SERVER } from './embedded-postgres-error.js';
import { processStart } from './process-identity.js';
import { giveToOwnerOf } from './server-account.js';

/** Exclusive ownership of a directory by this process. */
export interface OwnerLock {
  release(): Promise<void>;
}

const DIRECTORY = 'owners';
const NAME = /^(?<pid>\d+)-(?<start>[\w.]+)-(?<inode>\d+)\.(?<kind>claim|held)$/;
const ATTEMPTS = 40;

/**
 * Acquires exclusive ownership of `directory` until `release()` or the end of the process. Nothing
 * needs to be cleaned up, even after `kill -9`.
 *
 * Each process creates a claim file whose *name* contains its process id and start time, and only
 * then looks for other claims. Two processes that claim at the same time see each other, withdraw
 * and retry. A name belongs to one process forever, so removing the file of a dead process can
 * never remove that of a live one, which a single lock file that is replaced could not guarantee; a
 * reused process id has another start time.
 *
 * Processes on another machine or in another container that share the directory are not detected.
 *
 * @throws {DirectoryInUseError} if a live process, including this one, owns the directory
 */
export async function acquireOwnerLock(directory: string): Promise<OwnerLock> {
  const owners = join(directory, DIRECTORY);
  await mkdir(owners, { recursive: true, mode: 0o700 });
  await giveToOwnerOf(directory, owners);
  const inode = String((await stat(owners, { bigint: true })).ino);
  const self = `${process.pid}-${(await processStart(process.pid)) ?? 'unknown'}-${inode}`;
  const claim = join(owners, `${self}.claim`);
  const held = join(owners, `${self}.held`);
  for (let attempt = 1; ; attempt++) {
    try {
      await writeFile(claim, '', { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      throw new DirectoryInUseError(
        `this process already uses the data directory ${directory}: stop that server first`,
      );
    }
    const rivals = await liveRivals(owners, inode, self);
    const holder = rivals.find((rival) => rival.kind === 'held');
    if (rivals.length === 0) break;
    await rm(claim, { force: true });
    if (holder !== undefined || attempt === ATTEMPTS) {
      throw new DirectoryInUseError(
        `another process (pid ${(holder ?? rivals[0])?.pid}) already uses the data directory ${directory}: ` +
          `stop it, choose another data directory, ${USE_OWN_SERVER}`,
      );
    }
    await sleep(5 + Math.random() * 45);
  }
  await writeFile(held, '', { mode: 0o600 });
  return {
    async release() {
      await rm(held, { force: true });
      await rm(claim, { force: true });
    },
  };
}

async function liveRivals(
  owners: string,
  inode: string,
  self: string,
): Promise<{ pid: number; kind: string }[]> {
  const rivals = [];
  for (const entry of await readdir(owners)) {
    const groups = NAME.exec(entry)?.groups ?? {};
    const { pid, start, kind } = groups;
    if (pid === undefined || kind === undefined || entry.startsWith(`${self}.`)) continue;
    const current = await processStart(Number(pid));
    const alive = current !== null && (current === start || [current, start].includes('unknown'));
    // A different inode means that the file was copied here with its directory.
    if (alive && groups['inode'] === inode) rivals.push({ pid: Number(pid), kind });
    else await rm(join(owners, entry), { force: true });
  }
  return rivals;
}
