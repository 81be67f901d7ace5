import { readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, processCommand } from './process-identity.js';

/** Contents of a PostgreSQL server's `postmaster.pid` file. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  /** Empty if the server listens on TCP only. */
  readonly socketDirectory: string;
  /** `starting`, `stopping`, `ready` or `standby`; empty early in startup. */
  readonly status: string;
}

/**
 * Reads `postmaster.pid`. Returns null if the file is missing or incomplete.
 *
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/include/utils/pidfile.h
 */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | null> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid = '', , , port = '', socketDirectory = '', , , status = ''] = text.split('\n');
  // A server in single-user mode writes a negative process id.
  if (!/^-?\d+$/.test(pid)) return null;
  return { pid: Math.abs(Number(pid)), port: Number(port), socketDirectory, status: status.trim() };
}

/**
 * Whether process `pid` is alive and is the PostgreSQL server of this data directory, rather than
 * another process that reuses the id.
 */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (!(await isAlive(pid))) return false;
  if (process.platform === 'win32') return /postgres/i.test(await processCommand(pid));
  if (process.platform === 'linux') {
    // A server's working directory is its data directory, even after a rename. In a container, root
    // may not be allowed to read it for other users' processes.
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => null);
    if (directory !== null) return directory === (await realpath(cluster).catch(() => cluster));
  }
  return (await processCommand(pid)).includes(`-D ${cluster} `);
}
