import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  EmbeddedPostgresError,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '#src/db/embedded/index.js';
import { deepPath, processesIn, query, temporaryDirectory } from './support.js';

const start = (dataDirectory: string, more: Partial<EmbeddedPostgresOptions> = {}) =>
  startEmbeddedPostgres({ dataDirectory, durable: false, ...more });

t.test('creates a database on the first start and finds it again later', async (t) => {
  const dataDirectory = join(temporaryDirectory(t), 'not/yet/there');
  const first = await startEmbeddedPostgres({ dataDirectory });
  t.match(first.url, /^postgresql:\/\//);
  const facts = await query(
    first.url,
    `SELECT current_database() AS database, current_user AS user, inet_server_addr() AS address,
       current_setting('server_version_num')::int / 10000 AS major,
       current_setting('server_encoding') AS encoding, current_setting('TimeZone') AS timezone,
       current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
       lower('ÄÖÜ') AS lower, to_tsvector('simple', '你好，世界')::text AS words`,
  );
  t.strictSame(facts, [
    {
      database: 'althing',
      user: 'althing',
      address: null,
      major: 18,
      encoding: 'UTF8',
      timezone: 'UTC',
      fsync: 'on',
      commit: 'on',
      lower: 'äöü',
      words: "'世界':2 '你好':1",
    },
  ]);
  await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  const cluster = join(dataDirectory, 'cluster');
  t.ok(processesIn(cluster).length > 1);
  await Promise.all([first.stop(), first.stop()]);
  await first.stop();
  t.strictSame(processesIn(cluster), []);
  t.notOk(existsSync(join(cluster, 'postmaster.pid')));
  t.strictSame(readdirSync(join(dataDirectory, 'owners')), []);
  t.strictSame(readdirSync(join(dataDirectory, 'run')), []);

  const began = performance.now();
  const second = await startEmbeddedPostgres({ dataDirectory });
  t.comment(`later start: ${Math.round(performance.now() - began)} ms`);
  t.strictSame(await query(second.url, 'SELECT n FROM kept'), [{ n: 7 }]);
  await second.stop();
});

t.test("lets only the server's account access its socket and files", async (t) => {
  const dataDirectory = join(temporaryDirectory(t), 'data');
  const server = await start(dataDirectory);
  for (const name of ['cluster', 'run']) {
    t.equal(statSync(join(dataDirectory, name)).mode & 0o077, 0, name);
  }
  t.strictSame(await query(server.url, 'SHOW listen_addresses'), [{ listen_addresses: '' }]);
  await server.stop();
});

t.test('applies default and custom settings, and rejects unsupported ones', async (t) => {
  const dataDirectory = join(temporaryDirectory(t), 'data');
  const server = await start(dataDirectory, {
    settings: { work_mem: '9MB', timezone: 'Asia/Aden' },
  });
  const sql = `SELECT current_setting('fsync') AS fsync, current_setting('work_mem') AS work_mem,
    current_setting('full_page_writes') AS pages, current_setting('synchronous_commit') AS commit,
    current_setting('TimeZone') AS timezone`;
  t.strictSame(await query(server.url, sql), [
    { fsync: 'off', work_mem: '9MB', pages: 'off', commit: 'off', timezone: 'Asia/Aden' },
  ]);
  await server.stop();
  await t.rejects(start(dataDirectory, { settings: { listen_addresses: '*' } }), {
    name: 'EmbeddedPostgresError',
    message: /does not take the setting "listen_addresses"/,
  });
  await t.rejects(start(dataDirectory, { settings: { no_such_thing: '1' } }), {
    message:
      /FATAL: {2}unrecognized configuration parameter "no_such_thing"\): correct the setting/,
  });
  await (await start(dataDirectory)).stop();
});

t.test('supports a path that is too long for a socket', async (t) => {
  const dataDirectory = deepPath(temporaryDirectory(t));
  const server = await start(dataDirectory);
  const socket = new URL(server.url).searchParams.get('host') ?? '';
  t.ok(Buffer.byteLength(socket) < 93);
  t.equal(statSync(socket).mode & 0o077, 0);
  t.strictSame(await query(server.url, 'SELECT 1 AS one'), [{ one: 1 }]);
  await server.stop();
  t.notOk(existsSync(socket));
  await (await start(dataDirectory)).stop();
});

t.test('supports a path with every special character', async (t) => {
  const dataDirectory = join(temporaryDirectory(t), 'a b,c"d\'e%2f%zz$HOME&f=g?h#ü');
  const server = await start(dataDirectory);
  t.strictSame(await query(server.url, 'SELECT 1 AS one'), [{ one: 1 }]);
  await server.stop();
});

t.test('runs several servers at once', async (t) => {
  const directory = temporaryDirectory(t);
  const names = ['one', 'two', 'three'];
  const servers = await Promise.all(names.map((name) => start(join(directory, name))));
  for (const [index, server] of servers.entries()) {
    await query(server.url, `CREATE TABLE mine AS SELECT ${index} AS n`);
  }
  for (const [index, server] of servers.entries()) {
    t.strictSame(await query(server.url, 'SELECT n FROM mine'), [{ n: index }]);
  }
  await Promise.all(servers.map((server) => server.stop()));
});

t.test('limits the size of the log', async (t) => {
  const dataDirectory = join(temporaryDirectory(t), 'data');
  mkdirSync(dataDirectory);
  writeFileSync(join(dataDirectory, 'postgres.log'), 'x'.repeat(6 * 1024 * 1024));
  const server = await start(dataDirectory);
  await t.rejects(query(server.url, 'SELECT no_such_column'));
  await server.stop();
  t.match(readFileSync(join(dataDirectory, 'postgres.log'), 'utf8'), /no_such_column/);
  t.ok(statSync(join(dataDirectory, 'postgres.log')).size < 10_000);
  t.equal(statSync(join(dataDirectory, 'postgres.log.1')).size, 6 * 1024 * 1024);
});

t.test('rejects an unusable data directory in one sentence', async (t) => {
  const directory = temporaryDirectory(t);
  const refused = async (dataDirectory: string, pattern: RegExp) => {
    const error = await start(dataDirectory).then(
      async (server) => {
        await server.stop();
        throw new Error(`${dataDirectory} was accepted`);
      },
      (error: unknown) => error,
    );
    t.type(error, EmbeddedPostgresError);
    const message = error instanceof Error ? error.message : '';
    t.match(message, pattern);
    t.match(message, /DATABASE_URL|remove the link/);
    t.notMatch(message, /\n|\bat .*\.ts:/);
    // The failed start must release the directory for the next one.
    const owners = join(dataDirectory, 'owners');
    if (existsSync(owners)) t.strictSame(readdirSync(owners), []);
  };

  writeFileSync(join(directory, 'file'), '');
  await refused(join(directory, 'file'), /file is not a directory/);
  await refused(join(directory, 'file/below'), /below is not a directory/);

  const own = join(directory, 'own');
  mkdirSync(own);
  writeFileSync(join(own, 'PG_VERSION'), '18\n');
  await refused(own, /is itself the data directory of a PostgreSQL server/);

  const dangling = join(directory, 'dangling');
  mkdirSync(dangling);
  symlinkSync(join(directory, 'gone/cluster'), join(dangling, 'cluster'));
  await refused(dangling, /was kept in .*gone\/cluster, which is gone: restore it/);

  const broken = join(directory, 'broken');
  await (await start(broken)).stop();
  const cluster = join(broken, 'cluster');
  writeFileSync(join(cluster, 'PG_VERSION'), '15\n');
  await refused(broken, /made by PostgreSQL 15, but the embedded one is 18/);
  writeFileSync(join(cluster, 'PG_VERSION'), '18\n');
  writeFileSync(join(cluster, 'global/pg_control'), Buffer.alloc(8192));
  await refused(broken, /could not be started on .*broken\/cluster \((FATAL|PANIC):/);
});
