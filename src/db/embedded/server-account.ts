import { type Stats, statSync } from 'node:fs';
import { chmod, lchown, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The numeric user and group that PostgreSQL's programs run under. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

const NOBODY: ServerAccount = { uid: 65534, gid: 65534 };

/** Whether this process is root, as which PostgreSQL refuses to run. False on Windows. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The account for a cluster that is to be created in `directory`, or null to stay who we are.
 *
 * Only root changes identity. It becomes the owner of the directory when that is a person of this
 * machine, so that a single `sudo npm start` does not lock the owner out of the data; otherwise
 * uid 65534 ("nobody").
 */
export async function chooseAccount(directory: string): Promise<ServerAccount | null> {
  if (!isRoot()) return null;
  const accounts = await readPasswd();
  const owner = (await stat(directory)).uid;
  // initdb looks its own user up by number and gives up where there is no entry.
  const candidates = owner === 0 ? [] : [accounts.find((entry) => entry.uid === owner)];
  candidates.push(accounts.find((entry) => entry.uid === NOBODY.uid));
  candidates.push(accounts.find((entry) => entry.name === 'nobody'));
  return candidates.find((entry) => entry !== undefined) ?? NOBODY;
}

async function readPasswd(): Promise<(ServerAccount & { name: string })[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

/** The identity part of `child_process.spawn`'s options. */
export function identity(account: ServerAccount | null): { uid?: number; gid?: number } {
  return account === null ? {} : { uid: account.uid, gid: account.gid };
}

/**
 * The first directory from the root down to `directory` that the account may not pass, or null
 * when it can reach all of them. Symbolic links are followed; access control lists are not read,
 * so a directory opened only by one counts as closed.
 */
export async function firstClosedDirectory(
  directory: string,
  account: ServerAccount | null,
): Promise<string | null> {
  if (account === null) return null;
  const chain: string[] = [];
  for (let path = await realpath(directory); ; path = dirname(path)) {
    chain.unshift(path);
    if (path === dirname(path)) break;
  }
  return chain.find((path) => !grants(statSync(path), account, 0o1)) ?? null;
}

/** Whether the mode bits of a file grant `permission` (4 read, 2 write, 1 execute or traverse). */
export function grants(stats: Stats, account: ServerAccount, permission: number): boolean {
  const shift = stats.uid === account.uid ? 6 : stats.gid === account.gid ? 3 : 0;
  return ((stats.mode >> shift) & permission) === permission;
}

/**
 * Makes `directory` and its missing parents. Those that root makes can be traversed, not listed,
 * by others, because the server must pass them; those that exist are left as they are.
 */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EEXIST' && (await stat(directory)).isDirectory()) return;
    if (error.code !== 'ENOENT' || directory === dirname(directory)) throw error;
    await makeDirectory(dirname(directory));
    return makeDirectory(directory);
  }
  if (isRoot()) {
    await chmod(directory, 0o711);
    await giveToOwnerOf(dirname(directory), directory);
  }
}

/**
 * Gives what root has just made to whoever owns the directory around it, so that its owner can
 * start the service without root later. Does nothing for any other user.
 */
export async function giveToOwnerOf(directory: string, path: string): Promise<void> {
  if (!isRoot()) return;
  const owner = await stat(directory);
  if (owner.uid !== 0) await lchown(path, owner.uid, owner.gid);
}
