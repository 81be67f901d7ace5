/** What clients see while the database is gone, slow, full or out of connections. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { startEmbeddedPostgres } from '../../src/db/embedded/index.js';
import { readMigrations } from '../../src/db/migration-files.js';
import { migrateUp } from '../../src/db/migrator.js';
import { createTestApp } from '../support/app.js';
import type { Reply } from '../support/client.js';

t.setTimeout(120_000);

function assertUnavailable(t: Test, { status, json, headers }: Reply, name: string): void {
  t.equal(status, 503, name);
  t.equal(json.code, 'service_unavailable', name);
  t.match(headers['retry-after'], /^\d+$/, name);
}

t.test('the database stops under load and comes back', async (t) => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'althing-fault-'));
  t.teardown(() => rm(dataDirectory, { recursive: true, force: true }));
  let server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  t.teardown(() => server.stop());
  await migrateUp(server.url, readMigrations());
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
  t.equal((await anyone.get('/health')).status, 200, 'the process lives');
  assertUnavailable(t, await anyone.get('/ready'), 'ready');
  assertUnavailable(t, await admin.get('/api/v1/auth/session'), 'a session cannot be looked up');

  server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  await new Promise((resolve) => setTimeout(resolve, 500));
  stopping = true;
  await Promise.all(workers);
  t.ok(refusals.every(({ headers }) => /^\d+$/.test(String(headers['retry-after']))));
  t.same([...seen.keys()].sort(), [200, 201, 503], 'nothing but success and 503');
  t.ok(slowest < (connectTimeout + 1) * 1000, `the slowest took ${Math.round(slowest)} ms`);

  t.equal((await anyone.get('/ready')).status, 200, 'service again');
  t.equal((await admin.post('/api/v1/users', { username: 'after' })).status, 201);
  const { rows } = await query(
    server.url,
    `select count(*)::int as n from users where username like 'w%'`,
  );
  t.ok(rows[0].n >= Number(seen.get(201)), 'every answered write is there');
});

t.test('a full pool is 503 within the time-out, and recovers', async (t) => {
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

t.test('a statement that takes too long is 503', async (t) => {
  const { app, client, databaseUrl } = await createTestApp(t, { DB_STATEMENT_TIMEOUT: 1 });
  const locker = new pg.Client({ connectionString: databaseUrl });
  await locker.connect();
  await locker.query('begin');
  await locker.query('lock table users in access exclusive mode');
  assertUnavailable(t, await client().get('/api/v1/users'), 'waiting for a lock');
  await locker.query('rollback');
  await locker.end();
  t.equal((await client().get('/api/v1/users')).status, 200);
  t.equal(app.pg.pool.totalCount - app.pg.pool.idleCount, 0, 'no connection is lost');
});

t.test('a fault of ours says nothing but its id', async (t) => {
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

async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}
