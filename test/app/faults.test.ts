/** Client-visible behaviour while the database is down, slow, full or out of connections. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { SESSION_COOKIE } from '#plugins/sessions.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateUp } from '#src/db/migrator.js';
import { jobQueue } from '#src/queue/install.js';
import { enqueue, findJob } from '#src/queue/store.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Reply } from '#test/support/client.js';
import { holdRequest } from '#test/support/held-request.js';
import { countJobs, eventually, NOTICE } from '#test/support/jobs.js';
import { recordLog } from '#test/support/log.js';
import { startSmtpServer } from '#test/support/smtp.js';

function assertUnavailable(t: Test, { status, json, headers }: Reply, name: string): void {
  t.equal(status, 503, name);
  t.equal(json.code, 'service_unavailable', name);
  t.match(headers['retry-after'], /^\d+$/, name);
}

t.test('recovers after the database stops under load', async (t) => {
  const started = await startServer(t);
  const { dataDirectory } = started;
  let { server } = started;
  t.teardown(() => server.stop());
  const connectTimeout = 2;
  const { client, signedIn } = await createTestApp(
    t,
    { DB_CONNECT_TIMEOUT: connectTimeout },
    { databaseUrl: server.url },
  );
  const admin = await signedIn({ username: 'root', role: 'admin' });
  const anyone = client();

  let stopping = false;
  let slowest = 0;
  const refusals: Reply[] = [];
  const seen = new Map<number, number>();
  const load = async (worker: number) => {
    for (let turn = 0; !stopping; turn += 1) {
      const begin = performance.now();
      const reply =
        turn % 3 === 0
          ? await admin.post('/api/v1/users', { username: `w${worker}_${turn}` })
          : await anyone.get('/api/v1/users');
      slowest = Math.max(slowest, performance.now() - begin);
      seen.set(reply.status, (seen.get(reply.status) ?? 0) + 1);
      if (reply.status === 503) {
        refusals.push(reply);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const workers = Array.from({ length: 20 }, (_, worker) => load(worker));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await server.stop();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  t.equal((await anyone.get('/health')).status, 200, 'the process survives');
  assertUnavailable(t, await anyone.get('/ready'), 'ready');
  assertUnavailable(t, await admin.get('/api/v1/auth/session'), 'a session cannot be looked up');

  server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  await new Promise((resolve) => setTimeout(resolve, 500));
  stopping = true;
  await Promise.all(workers);
  t.ok(refusals.every(({ headers }) => /^\d+$/.test(String(headers['retry-after']))));
  t.same([...seen.keys()].sort(), [200, 201, 503], 'only success and 503');
  t.ok(slowest < 5 * connectTimeout * 1000, `slowest: ${Math.round(slowest)} ms`);

  t.equal((await anyone.get('/ready')).status, 200, 'serves requests again');
  t.equal((await admin.post('/api/v1/users', { username: 'after' })).status, 201);
  const { rows } = await query(
    server.url,
    `select count(*)::int as n from users where username like 'w%'`,
  );
  t.ok(rows[0].n >= Number(seen.get(201)), 'keeps every acknowledged write');
});

t.test('answers 503 if the database is down when a session is renewed', async (t) => {
  const { server, dataDirectory } = await startServer(t);
  const { app, clock, signedIn, client } = await createTestApp(t, {}, { databaseUrl: server.url });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const admin = await signedIn({ username: 'root', role: 'admin' });
  const cookie = `${SESSION_COOKIE}=${encodeURIComponent(String(admin.cookie(SESSION_COOKIE)))}`;
  clock.advance(2 * 60_000);
  const body = JSON.stringify({ username: 'root', password: PASSWORD });
  const held = await holdRequest(origin, '/api/v1/auth/login', { cookie }, body);
  await server.stop();
  const reply = await held.release();
  t.equal(reply.status, 503);
  t.match(JSON.parse(reply.text), { code: 'service_unavailable' });
  t.notMatch(reply.text, dataDirectory);
  t.equal((await client().get('/health')).status, 200);
  const health = await admin.get('/health');
  t.equal(health.status, 200, 'health checks with a cookie do not query the database');
});

t.test('answers 503 while the database is frozen', async (t) => {
  const { server } = await startServer(t);
  const { app, client } = await createTestApp(
    t,
    { DB_STATEMENT_TIMEOUT: 1, DB_CONNECT_TIMEOUT: 1 },
    { databaseUrl: server.url },
  );
  t.equal((await client().get('/api/v1/users')).status, 200);
  const { rows } = await app.pg.query<{ pid: number }>('select pid from pg_stat_activity');
  const { rows: own } = await app.pg.query<{ path: string }>(
    `select current_setting('data_directory') as path`,
  );
  const postmaster = Number(
    readFileSync(join(String(own[0]?.path), 'postmaster.pid'), 'utf8').split('\n')[0],
  );
  const processes = [postmaster, ...rows.map(({ pid }) => pid)];
  for (const pid of processes) process.kill(pid, 'SIGSTOP');
  try {
    assertUnavailable(t, await client().get('/api/v1/users'), 'frozen');
    t.equal((await client().get('/health')).status, 200);
  } finally {
    for (const pid of processes) process.kill(pid, 'SIGCONT');
  }
  t.equal((await client().get('/api/v1/users')).status, 200, 'recovers');
});

t.test('answers 503 within the timeout if the pool is exhausted, and recovers', async (t) => {
  const { app, client } = await createTestApp(t, {
    DB_POOL_MIN: 0,
    DB_POOL_MAX: 1,
    DB_CONNECT_TIMEOUT: 1,
  });
  const held = await app.pg.pool.connect();
  assertUnavailable(t, await client().get('/api/v1/users'), 'no connection free');
  t.equal((await client().get('/health')).status, 200);
  held.release();
  t.equal((await client().get('/api/v1/users')).status, 200);
});

t.test('answers 503 if a statement takes too long', async (t) => {
  const { app, client, databaseUrl } = await createTestApp(t, { DB_STATEMENT_TIMEOUT: 1 });
  const locker = new pg.Client({ connectionString: databaseUrl });
  await locker.connect();
  await locker.query('begin');
  await locker.query('lock table users in access exclusive mode');
  assertUnavailable(t, await client().get('/api/v1/users'), 'waiting for a lock');
  await locker.query('rollback');
  await locker.end();
  t.equal((await client().get('/api/v1/users')).status, 200);
  await eventually(() => app.pg.pool.totalCount === app.pg.pool.idleCount);
  t.pass('loses no connection');
});

t.test('resumes jobs after the database comes back, including a running one', async (t) => {
  const { server, dataDirectory } = await startServer(t);
  const held: (() => void)[] = [];
  let taken = 0;
  const smtp = await startSmtpServer(t, {
    onData(stream, _session, callback) {
      stream.resume();
      held.push(() => {
        taken += 1;
        callback();
      });
    },
  });
  const { logger, lines } = recordLog();
  const { app, client } = await createTestApp(
    t,
    { SMTP_URL: smtp.url, DB_CONNECT_TIMEOUT: 1 },
    { databaseUrl: server.url, logger },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const id = await enqueue(app.db, 'notice', NOTICE);
  await eventually(() => held.length === 1);

  await server.stop();
  held.shift()?.();
  await eventually(() => lines.some(({ msg }) => String(msg).startsWith('could not record')));
  await eventually(() => lines.some(({ msg }) => msg === 'cannot run jobs, retrying'));
  t.equal((await client().get('/health')).status, 200, 'the process lives');

  const again = await startEmbeddedPostgres({ dataDirectory, durable: false });
  t.teardown(() => again.stop());
  await eventually(() => held.length === 1);
  t.match(await findJob(app.db, id), { state: 'running', attempts: 2 });
  held.shift()?.();
  await eventually(async () => (await countJobs(app)) === 0);
  t.equal(taken, 2, 'at least once: nothing recorded that it was done');
  const next = await enqueue(app.db, 'notice', NOTICE);
  await eventually(() => held.length === 1);
  held.shift()?.();
  await eventually(async () => (await findJob(app.db, next)) === null);
  t.notMatch(JSON.stringify(lines), /alice/);
});

t.test(
  'stops within the shutdown timeout although the database of the job queue is frozen',
  async (t) => {
    const grace = 5;
    const { server } = await startServer(t);
    const { app } = await createTestApp(
      t,
      { SHUTDOWN_TIMEOUT: grace },
      { databaseUrl: server.url },
    );
    await app.listen({ host: '127.0.0.1', port: 0 });
    const listening = async () =>
      (await query(server.url, `select pid from pg_stat_activity where query like 'LISTEN%'`)).rows;
    await eventually(async () => (await listening()).length === 1);
    const { rows } = await query(
      server.url,
      `select pid from pg_stat_activity where application_name = 'althing-jobs'`,
    );
    for (const { pid } of rows) process.kill(pid, 'SIGSTOP');
    try {
      const begin = performance.now();
      await app.close();
      const took = performance.now() - begin;
      t.ok(took < 2 * grace * 1000, `${Math.round(took)} ms`);
    } finally {
      for (const { pid } of rows) process.kill(pid, 'SIGCONT');
    }
  },
);

t.test('reveals only the request id of an internal error', async (t) => {
  const { client, databaseUrl } = await createTestApp(t);
  await query(databaseUrl, 'alter table users rename column nickname to moniker');
  const reply = await client().get('/api/v1/users', { 'x-request-id': 'trace-me' });
  t.equal(reply.status, 500);
  t.same(reply.json, {
    detail: 'Internal Server Error',
    code: 'internal_error',
    request_id: 'trace-me',
  });
});

/** A migrated server for one test. */
t.test('logs one warning without a stack for a restart of the database', async (t) => {
  const { server, dataDirectory } = await startServer(t);
  const { logger, lines } = recordLog();
  const { app, client } = await createTestApp(
    t,
    { DB_CONNECT_TIMEOUT: 1, DB_POOL_MIN: 5 },
    { databaseUrl: server.url, logger },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const anyone = client();
  // Connections of every kind: of requests, of the cache and of the queue.
  await Promise.all(Array.from({ length: 10 }, () => anyone.get('/api/v1/posts?q=x')));
  await anyone.get('/api/v1/posts');
  const before = lines.length;
  await server.stop();
  const replies = await Promise.all(Array.from({ length: 10 }, () => anyone.get('/api/v1/users')));
  t.ok(replies.every(({ status }) => status === 503));
  const again = await startEmbeddedPostgres({ dataDirectory, durable: false });
  t.teardown(() => again.stop());
  await eventually(async () => (await anyone.get('/ready')).status === 200);
  await eventually(() => lines.some(({ msg }) => /^listening on .* again$/.test(String(msg))));
  const loud = lines.slice(before).filter(({ level }) => Number(level) >= 40);
  t.equal(loud.length, 1, JSON.stringify(loud));
  t.match(loud[0], { level: 40, reason: /./, err: undefined });
  t.ok(
    lines.slice(before).filter(({ level }) => level === 20).length > 5,
    'the rest is for debugging',
  );
});

async function startServer(t: Test): Promise<{ server: EmbeddedPostgres; dataDirectory: string }> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'althing-fault-'));
  t.teardown(() => rm(dataDirectory, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  t.teardown(() => server.stop());
  await migrateUp(server.url, readMigrations(), [jobQueue]);
  return { server, dataDirectory };
}

async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}
