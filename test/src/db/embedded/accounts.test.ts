import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import {
  copyCheckout,
  Holder,
  isRoot,
  NOBODY,
  postmasterPid,
  query,
  rootOnly,
  sharedBinaries,
  temporaryDirectory,
} from './support.js';

const start = (dataDirectory: string) => startEmbeddedPostgres({ dataDirectory, durable: false });
/** Uid under which a case for an unprivileged user starts its service. */
const unprivileged = isRoot ? { uid: NOBODY } : {};

t.test('runs PostgreSQL under uid 65534 if started as root', rootOnly, async (t) => {
  const dataDirectory = join(temporaryDirectory(t), 'data');
  const server = await start(dataDirectory);
  const pid = postmasterPid(join(dataDirectory, 'cluster'));
  t.equal(statSync(`/proc/${pid}`).uid, NOBODY);
  t.equal(statSync(join(dataDirectory, 'cluster')).uid, NOBODY);
  await server.stop();
});

t.test('runs PostgreSQL as the owner of the directory if started as root', rootOnly, async (t) => {
  const dataDirectory = join(temporaryDirectory(t), 'data');
  mkdirSync(dataDirectory);
  chownSync(dataDirectory, NOBODY, NOBODY);
  const server = await start(dataDirectory);
  await query(server.url, 'CREATE TABLE kept AS SELECT 1 AS n');
  await server.stop();
  const holder = new Holder(t, { dataDirectory }, { uid: NOBODY });
  t.strictSame(await query(await holder.url(), 'SELECT n FROM kept'), [{ n: 1 }]);
  t.strictSame(await holder.stop(), { stopped: true });
  t.strictSame(await query((await start(dataDirectory)).url, 'SELECT n FROM kept'), [{ n: 1 }]);
});

t.test('starts as root below a directory closed to others', rootOnly, async (t) => {
  const closed = join(temporaryDirectory(t), 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const dataDirectory = join(closed, 'deep/data');
  const first = await start(dataDirectory);
  await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  await first.stop();
  t.equal(statSync(closed).mode & 0o777, 0o700, 'permissions are unchanged');
  const cluster = join(dataDirectory, 'cluster');
  const home = dirname(readlinkSync(cluster));
  t.match(home, /^\/var\/lib\/althing\/data-/);
  t.equal(statSync(home).uid, 0);

  const second = await start(dataDirectory);
  t.strictSame(await query(second.url, 'SELECT n FROM kept'), [{ n: 7 }]);

  await t.test('does not share the database with a copy of the directory', async (t) => {
    const copy = join(closed, 'copy');
    cpSync(dataDirectory, copy, { recursive: true, verbatimSymlinks: true });
    await t.rejects(start(copy), /points to the database of .*deep\/data: remove the link/);
    rmSync(join(copy, 'cluster'));
    const server = await start(copy);
    await t.rejects(query(server.url, 'SELECT n FROM kept'), { code: '42P01' });
    await server.stop();
  });
  await second.stop();

  // The database stays where it is when the path to it becomes accessible.
  chmodSync(closed, 0o755);
  const third = await start(dataDirectory);
  t.strictSame(await query(third.url, 'SELECT n FROM kept'), [{ n: 7 }]);
  await third.stop();

  // Removing the data directory must give an empty database.
  chmodSync(closed, 0o700);
  rmSync(cluster);
  const fourth = await start(dataDirectory);
  await t.rejects(query(fourth.url, 'SELECT n FROM kept'), { code: '42P01' });
  await fourth.stop();
  rmSync(home, { recursive: true });
});

t.test('names a path that was closed to others later, as root', rootOnly, async (t) => {
  const directory = temporaryDirectory(t);
  const parent = join(directory, 'parent');
  await (await start(join(parent, 'data'))).stop();
  chmodSync(parent, 0o700);
  await t.rejects(start(join(parent, 'data')), {
    message: new RegExp(`belongs to uid 65534, which may not pass ${parent}: run chmod o\\+x`),
  });
  chmodSync(parent, 0o711);
  await (await start(join(parent, 'data'))).stop();
  const cluster = join(parent, 'data/cluster');
  chownSync(cluster, 0, 0);
  await t.rejects(start(join(parent, 'data')), /belongs to root.*run chown -R 65534:65534/);
});

t.test('starts as root in a closed checkout without library links', rootOnly, async (t) => {
  const shared = sharedBinaries();
  if (!existsSync(shared)) t.teardown(() => rmSync(shared, { recursive: true }));
  const closed = join(temporaryDirectory(t), 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const checkout = join(closed, 'checkout');
  copyCheckout(checkout);
  const started = ['one', 'two'].map(
    (name) => new Holder(t, { dataDirectory: join(checkout, name) }, { checkout }),
  );
  for (const holder of started) {
    t.strictSame(await query(await holder.url(), 'SELECT 1 AS one'), [{ one: 1 }]);
    t.strictSame(await holder.stop(), { stopped: true });
  }
  t.equal(statSync(shared).uid, 0);
  t.equal(statSync(shared).mode & 0o022, 0);
  t.strictSame(
    readdirSync(dirname(shared)).filter((name) => name.startsWith('.')),
    [],
  );
});

t.test('starts as an unprivileged user', async (t) => {
  const directory = temporaryDirectory(t);
  const dataDirectory = join(directory, 'own/data');
  mkdirSync(dirname(dataDirectory));
  if (isRoot) chownSync(dirname(dataDirectory), NOBODY, NOBODY);
  for (const expected of [0, 1]) {
    const holder = new Holder(t, { dataDirectory }, unprivileged);
    const url = await holder.url();
    await query(url, 'CREATE TABLE IF NOT EXISTS kept (n int)');
    t.equal((await query(url, 'SELECT * FROM kept')).length, expected);
    await query(url, 'INSERT INTO kept VALUES (1)');
    t.strictSame(await holder.stop(), { stopped: true });
  }
  t.equal(statSync(dataDirectory).mode & 0o077, 0);
});

t.test('starts unprivileged with binaries of another user, without library links', async (t) => {
  const directory = temporaryDirectory(t);
  const binaries = copyCheckout(join(directory, 'checkout'));
  const libraries = join(binaries, 'native/lib');
  if (!isRoot) {
    chmodSync(libraries, 0o555);
    t.teardown(() => chmodSync(libraries, 0o755));
  }
  const own = join(directory, 'own');
  mkdirSync(own);
  if (isRoot) chownSync(own, NOBODY, NOBODY);
  const holder = new Holder(
    t,
    { dataDirectory: join(own, 'data') },
    { ...unprivileged, checkout: join(directory, 'checkout') },
  );
  t.strictSame(await query(await holder.url(), 'SELECT 1 AS one'), [{ one: 1 }]);
  t.strictSame(await holder.stop(), { stopped: true });
  t.notOk(readdirSync(libraries).some((name) => lstatSync(join(libraries, name)).isSymbolicLink()));
});

t.test('creates library links during concurrent starts', async (t) => {
  const directory = temporaryDirectory(t);
  const checkout = join(directory, 'checkout');
  const libraries = join(copyCheckout(checkout), 'native/lib');
  const holders = ['one', 'two', 'three'].map(
    (name) => new Holder(t, { dataDirectory: join(directory, name) }, { checkout }),
  );
  for (const holder of holders) await holder.url();
  const names = readdirSync(libraries);
  const links = names.filter((name) => lstatSync(join(libraries, name)).isSymbolicLink());
  t.ok(links.length > 0 && links.every((name) => existsSync(join(libraries, name))));
  t.notOk(
    names.some((name) => /\.\d+-\w+$/.test(name)),
    'no temporary links remain',
  );
  for (const holder of holders) t.strictSame(await holder.stop(), { stopped: true });
});

t.test('rejects directories of another user in one sentence', async (t) => {
  const directory = temporaryDirectory(t);
  const closed = join(directory, 'closed');
  mkdirSync(closed, { mode: 0o555 });
  const { error } = await new Holder(
    t,
    { dataDirectory: join(closed, 'data') },
    unprivileged,
  ).next();
  t.match(error, /closed\/data cannot be used \(EACCES.*\): correct its permissions/);
  if (!isRoot) return;
  const dataDirectory = join(directory, 'data');
  mkdirSync(dataDirectory, { mode: 0o777 });
  chmodSync(dataDirectory, 0o777);
  await (await start(dataDirectory)).stop();
  chmodSync(join(dataDirectory, 'owners'), 0o777);
  chownSync(join(dataDirectory, 'cluster'), 12345, 12345);
  const second = await new Holder(t, { dataDirectory }, unprivileged).next();
  t.match(second.error, /belongs to uid 12345, not to the current user \(uid 65534\)/);
});

t.test('reports a full disk', rootOnly, async (t) => {
  const disk = join(temporaryDirectory(t), 'disk');
  mkdirSync(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=755', 'tmpfs', disk]);
  if (mounted.status !== 0) {
    t.comment('skipped: needs the permission to mount a small disk');
    return;
  }
  try {
    await t.rejects(start(join(disk, 'data')), {
      name: 'EmbeddedPostgresError',
      message: /No space left on device.*: free some disk space, or set DATABASE_URL/,
    });
    t.strictSame(readdirSync(join(disk, 'data')).sort(), ['owners']);
  } finally {
    spawnSync('umount', ['-l', disk]);
  }
});
