import { readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, processCommand } from './process-identity.js';

/** What a PostgreSQL server writes into `postmaster.pid` of its data directory. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  /** Empty when the server listens on TCP only. */
  readonly socketDirectory: string;
  /** `starting`, `stopping`, `ready` or `standby`; empty very early. */
  readonly status: string;
}

/**
 * The file's content, or null when there is none or it is not complete yet.
 *
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/include/utils/pidfile.h
 */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | null> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid = '', , , port = '', socketDirectory = '', , , status = ''] = text.split('\n');
  // A server in single-user mode has a negative id.
  if (!/^-?\d+$/.test(pid)) return null;
  return { pid: Math.abs(Number(pid)), port: Number(port), socketDirectory, status: status.trim() };
}

/**
 * Whether the process `pid` is alive and is a PostgreSQL server on this data directory, and not one
 * that got the number of a dead server.
 */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (!(await isAlive(pid))) return false;
  if (process.platform === 'win32') return /postgres/i.test(await processCommand(pid));
  if (process.platform === 'linux') {
    // A server's working directory is its data directory, also after that has been renamed. In a
    // container root may not look at other users' directories.
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => null);
    if (directory !== null) return directory === (await realpath(cluster).catch(() => cluster));
  }
  return (await processCommand(pid)).includes(`-D ${cluster} `);
}
