import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import {
  Holder,
  isRoot,
  isRunning,
  NOBODY,
  place,
  postmasterPid,
  processesIn,
  query,
  waitFor,
} from './support.js';

/** A process of PostgreSQL may have ended since it was listed, as those of a connection do. */
function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const count = async (url: string) => (await query(url, 'SELECT count(*)::int AS n FROM kept'))[0];

t.test(
  'leaves the server running after Ctrl-C or kill -9 of the service; the next start takes it over',
  async (t) => {
    const { dataDirectory, cluster } = place(t);
    let holder = new Holder(t, { dataDirectory }, {});
    const url = await holder.url();
    await query(url, 'CREATE TABLE kept (n int)');
    const postmaster = postmasterPid(cluster);
    for (const [index, signal] of (['SIGINT', 'SIGKILL'] as const).entries()) {
      await query(url, `INSERT INTO kept VALUES (${index})`);
      await holder.kill(signal);
      t.equal(postmasterPid(cluster), postmaster, `the server survives ${signal}`);
      holder = new Holder(t, { dataDirectory }, {});
      t.equal(await holder.url(), url);
      t.strictSame(await count(url), { n: index + 1 });
      t.match(holder.logs, [new RegExp(`using the PostgreSQL server \\(pid ${postmaster}\\)`)]);
    }
    t.strictSame(await holder.stop(), { stopped: true });
    t.strictSame(processesIn(cluster), []);
  },
);

t.test('keeps every committed row after kill -9 of all processes', async (t) => {
  const { dataDirectory, cluster } = place(t);
  let written = 0;
  for (let round = 0; round < 3; round++) {
    const holder = new Holder(t, { dataDirectory }, {});
    const url = await holder.url();
    await query(url, 'CREATE TABLE IF NOT EXISTS kept (n int)');
    // The last insert of a round may be committed without a response.
    const { n } = (await count(url)) ?? {};
    t.ok(Number(n) >= written, `${n} rows for ${written} responses`);
    const writing = (async () => {
      while (written < 2000) {
        await query(url, 'INSERT INTO kept VALUES (1)');
        written++;
      }
    })().catch(() => {});
    await waitFor(() => written >= (round + 1) * 20);
    const pids = round === 1 ? processesIn(cluster) : [postmasterPid(cluster) ?? 0];
    for (const pid of pids) killIfRunning(pid);
    await holder.kill();
    await writing;
  }
  const began = performance.now();
  const server = await startEmbeddedPostgres({ dataDirectory });
  t.comment(`started after kill -9 of all processes: ${Math.round(performance.now() - began)} ms`);
  const { n } = (await count(server.url)) ?? {};
  t.ok(Number(n) >= written, `${n} rows for ${written} responses`);
  await server.stop();
});

t.test('ignores a pid in postmaster.pid that another process has now', async (t) => {
  const { dataDirectory, cluster } = place(t);
  await (await startEmbeddedPostgres({ dataDirectory, durable: false })).stop();
  const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const stranger = spawn('sleep', ['60'], { cwd: '/', ...identity });
  t.teardown(() => stranger.kill());
  const lines = [stranger.pid, cluster, 1_600_000_000, 5432, join(dataDirectory, 'run'), '', 1, 1];
  writeFileSync(join(cluster, 'postmaster.pid'), `${lines.join('\n')}\nready   \n`);
  const lock = join(dataDirectory, 'run/.s.PGSQL.5432.lock');
  writeFileSync(lock, `${stranger.pid}\n${cluster}\n1600000000\n5432\n\n`);
  const server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  t.strictSame(await query(server.url, 'SELECT 1 AS one'), [{ one: 1 }]);
  await server.stop();
  t.ok(isRunning(stranger.pid ?? 0));
});

t.test('starts after a killed first start', async (t) => {
  const { dataDirectory, cluster } = place(t);
  for (const file of ['PG_VERSION', 'global/pg_control']) {
    const holder = new Holder(t, { dataDirectory }, {});
    const unfinished = () =>
      existsSync(dataDirectory)
        ? readdirSync(dataDirectory).filter((name) => name.startsWith('cluster.new-'))
        : [];
    await waitFor(() => unfinished().some((name) => existsSync(join(dataDirectory, name, file))));
    await holder.kill();
    t.notOk(existsSync(cluster));
    t.equal(unfinished().length, 1);
  }
  const server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  t.strictSame(await query(server.url, 'SELECT 1 AS one'), [{ one: 1 }]);
  await server.stop();
});

t.test('replaces a server that a killed process started with other settings', async (t) => {
  const { dataDirectory, cluster } = place(t);
  const holder = new Holder(t, { dataDirectory, durable: false }, {});
  await query(await holder.url(), 'CREATE TABLE kept AS SELECT 1 AS n');
  const postmaster = postmasterPid(cluster);
  await holder.kill();
  const server = await startEmbeddedPostgres({ dataDirectory });
  t.not(postmasterPid(cluster), postmaster);
  t.strictSame(await query(server.url, 'SHOW fsync'), [{ fsync: 'on' }]);
  t.notOk(existsSync(join(dataDirectory, 'not-durable')), 'earlier writes are on disk');
  t.strictSame(await count(server.url), { n: 1 });
  await server.stop();
});

t.test('reports the end of the server while the service runs', async (t) => {
  const { dataDirectory, cluster } = place(t);
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const server = await startEmbeddedPostgres({ dataDirectory, durable: false, log });
  process.kill(postmasterPid(cluster) ?? 0, 'SIGKILL');
  await waitFor(() => lines.length > 0);
  t.match(lines, [/^PostgreSQL exited unexpectedly \(SIGKILL\); its log is .*postgres\.log$/]);
  await server.stop();
  t.match(readFileSync(join(dataDirectory, 'postgres.log'), 'utf8'), /ready to accept connections/);
  const again = await startEmbeddedPostgres({ dataDirectory, durable: false });
  await again.stop();
});

t.test('starts soon although a killed server is still computing', async (t) => {
  const { dataDirectory, cluster } = place(t);
  const holder = new Holder(t, { dataDirectory }, {});
  const url = await holder.url();
  await query(url, 'CREATE TABLE kept AS SELECT 1 AS n');
  const long = query(
    url,
    'SELECT count(*) FROM generate_series(1, 1e9::bigint) WHERE random() > 2',
  );
  const ended = t.rejects(long);
  await sleep(300);
  process.kill(postmasterPid(cluster) ?? 0, 'SIGKILL');
  await holder.kill();
  await sleep(100);
  const server = await startEmbeddedPostgres({ dataDirectory });
  t.strictSame(await count(server.url), { n: 1 });
  await ended;
  await server.stop();
  t.strictSame(processesIn(cluster), []);
});
