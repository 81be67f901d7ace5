import { type Stats, statSync } from 'node:fs';
import { chmod, lchown, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The numeric user and group ids that PostgreSQL's programs run as. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

const NOBODY: ServerAccount = { uid: 65534, gid: 65534 };

/** Whether this process is root, which PostgreSQL refuses to run as. False on Windows. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Returns the account for a cluster to be created in `directory`, or null to keep the current user.
 *
 * Only root switches accounts: to the owner of the directory if listed in /etc/passwd, so that a
 * single `sudo npm start` does not lock the owner out of the data; otherwise to uid 65534
 * ("nobody").
 */
export async function chooseAccount(directory: string): Promise<ServerAccount | null> {
  if (!isRoot()) return null;
  const accounts = await readPasswd();
  const owner = (await stat(directory)).uid;
  // initdb looks up its user by uid, and fails without an entry.
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

/** Returns the identity options for `child_process.spawn`. */
export function identity(account: ServerAccount | null): { uid?: number; gid?: number } {
  return account === null ? {} : { uid: account.uid, gid: account.gid };
}

/**
 * Returns the first directory on the path to `directory` that the account may not enter, or null.
 * Symbolic links are followed. Access control lists are ignored, so a directory that only such a
 * list opens counts as closed.
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

/** Whether a file's mode bits grant `permission` (4 read, 2 write, 1 execute or enter). */
export function grants(stats: Stats, account: ServerAccount, permission: number): boolean {
  const shift = stats.uid === account.uid ? 6 : stats.gid === account.gid ? 3 : 0;
  return ((stats.mode >> shift) & permission) === permission;
}

/**
 * Creates `directory` and missing parents. Those created by root can be entered, but not listed, by
 * others, because the server must pass through them; existing ones are left unchanged.
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
 * Gives a path created by root to the owner of the parent directory, so that the owner can later
 * start the service without root. Does nothing for other users.
 */
export async function giveToOwnerOf(directory: string, path: string): Promise<void> {
  if (!isRoot()) return;
  const owner = await stat(directory);
  if (owner.uid !== 0) await lchown(path, owner.uid, owner.gid);
}
