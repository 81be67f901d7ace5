import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lchown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasInOrder } from '#src/lib/has-in-order.js';
import { type ClusterLocation, notACluster } from './cluster-location.js';
import { EmbeddedPostgresError, USE_OWN_SERVER } from './embedded-postgres-error.js';
import { describeSpawnFailure, type NativeBinaries } from './native-binaries.js';
import { giveToOwnerOf, identity } from './server-account.js';
import { lastMeaningfulLine, remedyFor } from './server-log.js';
import { SUPERUSER, USES_TCP } from './server-url.js';

const UNFINISHED = 'cluster.new-';
const PASSWORD = 'password';
const NOT_DURABLE = 'not-durable';

/**
 * Values of `lc_ctype`, in order of preference. Case conversion, sorting and matching use
 * PostgreSQL's `builtin` provider and are the same on every system and after every system upgrade.
 * Only the full-text parser asks the C library which characters are letters; without a UTF-8 locale
 * it would treat all non-ASCII punctuation as letters.
 */
const CHARACTER_LOCALES = ['C.UTF-8', 'en_US.UTF-8', 'C'];

/**
 * Ensures that `location.cluster` is a data directory of the binaries' major version, and creates
 * it if it does not exist. It gets its name only when complete, so an interrupted creation is never
 * mistaken for a database.
 *
 * @param durable whether to wait until the files are on disk
 * @throws {EmbeddedPostgresError} with PostgreSQL's message
 */
export async function ensureCluster(
  location: ClusterLocation,
  binaries: NativeBinaries,
  durable: boolean,
): Promise<void> {
  const { cluster, home } = location;
  for (const name of await readdir(home)) {
    // Left by an interrupted creation; no other can be running, because the caller holds the lock.
    if (name.startsWith(UNFINISHED)) {
      await rm(join(home, name), { recursive: true, force: true }).catch(() => {});
    }
  }
  if (existsSync(cluster)) return checkVersion(cluster, binaries);
  const unfinished = join(home, `${UNFINISHED}${randomBytes(6).toString('hex')}`);
  await mkdir(unfinished, { mode: 0o700 });
  try {
    if (location.account !== null) {
      await lchown(unfinished, location.account.uid, location.account.gid);
    }
    const passwordFile = USES_TCP ? await writePassword(location) : null;
    await initialize(unfinished, passwordFile, location, binaries, durable);
    await rename(unfinished, cluster);
    if (durable) await flushDirectory(home);
  } finally {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {});
  }
}

async function checkVersion(cluster: string, binaries: NativeBinaries): Promise<void> {
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => null);
  if (version === null || !existsSync(join(cluster, 'global', 'pg_control'))) {
    throw notACluster(cluster);
  }
  if (version.trim() !== binaries.major) {
    throw new EmbeddedPostgresError(
      `the database in ${cluster} was made by PostgreSQL ${version.trim()}, but the embedded one is ${binaries.major}: ` +
        `dump it with the old version and restore it into a new data directory, ${USE_OWN_SERVER}`,
    );
  }
}

async function initialize(
  directory: string,
  passwordFile: string | null,
  location: ClusterLocation,
  binaries: NativeBinaries,
  durable: boolean,
): Promise<void> {
  const options = [
    ...['-D', directory, '-U', SUPERUSER, '--encoding=UTF8', '--no-instructions'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
    ...(passwordFile === null
      ? ['--auth-local=trust', '--auth-host=reject']
      : ['--auth=scram-sha-256', `--pwfile=${passwordFile}`]),
    ...(durable ? [] : ['--no-sync']),
  ];
  let output = '';
  for (const locale of CHARACTER_LOCALES) {
    const result = await runInitdb([...options, `--lc-ctype=${locale}`], location, binaries);
    if (result.code === 0) return;
    output = result.output;
    if (!isLocaleProblem(output)) break;
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL could not create a database in ${location.home} (${lastMeaningfulLine(output)}): ${remedyFor(output)}, ${USE_OWN_SERVER}`,
  );
}

function isLocaleProblem(output: string): boolean {
  return (
    /invalid locale name|could not be determined/.test(output) ||
    hasInOrder(output, 'locale ', ' incompatible')
  );
}

function runInitdb(
  options: string[],
  { account }: ClusterLocation,
  binaries: NativeBinaries,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    // Detached, so that Ctrl-C in the terminal does not interrupt it.
    const child = spawn(binaries.initdb, options, {
      ...identity(account),
      cwd: '/',
      detached: process.platform !== 'win32',
      env: binaries.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-65_536);
      });
    }
    child.once('error', async (error) => {
      const message = await describeSpawnFailure(binaries.initdb, error);
      reject(new EmbeddedPostgresError(message, { cause: error }));
    });
    child.once('close', (code) => resolve({ code, output }));
  });
}

async function writePassword({ home, account }: ClusterLocation): Promise<string> {
  const path = join(home, PASSWORD);
  await writeFile(path, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (account === null) await giveToOwnerOf(home, path);
  else await lchown(path, account.uid, account.gid);
  return path;
}

/** Returns the superuser's password of a database reached over TCP, or null. */
export async function readPassword(home: string): Promise<string | null> {
  return readFile(join(home, PASSWORD), 'utf8').catch(() => null);
}

async function flushDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  await handle.sync().catch(() => {});
  await handle.close();
}

/**
 * Records that the server is about to run without fsync; or, if it is to be durable again, flushes
 * the files that earlier runs left unflushed. Must be called while no server runs.
 *
 * @throws {EmbeddedPostgresError} if the files cannot be flushed
 */
export async function flushWhenDurable(
  location: ClusterLocation,
  binaries: NativeBinaries,
  durable: boolean,
): Promise<void> {
  const note = join(location.home, NOT_DURABLE);
  if (!durable) {
    await writeFile(note, '', { mode: 0o600 });
    await giveToOwnerOf(location.home, note);
  } else if (existsSync(note)) {
    const options = ['--sync-only', '-D', location.cluster];
    const { code, output } = await runInitdb(options, location, binaries);
    if (code !== 0) {
      throw new EmbeddedPostgresError(
        `the database in ${location.cluster} could not be written to the disk (${lastMeaningfulLine(output)}): ${remedyFor(output)}, ${USE_OWN_SERVER}`,
      );
    }
    await rm(note);
  }
}
