import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import t, { type Test } from 'tap';
import { createTestApp, type TestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { until, untilWaiting } from '#test/support/waiting.js';

const URL = '/api/v1/search';

/** Answered without a search. */
const READS = ['/api/v1/users', '/api/v1/roles', '/api/v1/tags', '/health'];

/** Everything that searches for a text. */
const SEARCHES = [
  `${URL}?q=`,
  `${URL}/suggest?q=`,
  '/api/v1/posts?q=',
  '/api/v1/users?q=',
  '/api/v1/tags?q=',
  '/api/v1/categories?q=',
];

const TABLES = 'posts, users, tags, categories';

/** Longer than a test holds a search, on a slow machine too. */
const PATIENT = { searchTimeout: 60_000 };
const SETTINGS = { DB_STATEMENT_TIMEOUT: 120 };

/** Keeps all statements on these tables waiting. */
async function hold(t: Test, { databaseUrl }: TestApp, tables: string) {
  const connection = new pg.Client({ connectionString: databaseUrl });
  await connection.connect();
  t.teardown(() => connection.end());
  await connection.query(`begin; lock table ${tables} in access exclusive mode`);
  return { release: () => connection.query('rollback') };
}

/** Returns the number of statements that wait for a table. */
async function countWaiting({ app }: TestApp): Promise<number> {
  const { rows } = await app.pg.query(
    `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
  );
  return rows.length;
}

/** Sends a GET from an address; each has another text, so that none shares the result of another. */
function asker({ app }: TestApp) {
  let count = 0;
  return async (path: string, remoteAddress: string) => {
    count += 1;
    const url = `${path}${path.endsWith('q=') ? `text${count}` : ''}`;
    const { statusCode, headers, json } = await app.inject({ method: 'GET', url, remoteAddress });
    return { status: statusCode, retryAfter: headers['retry-after'], code: json().code };
  };
}

t.test('refuses too many searches, and keeps connections for readers', async (t) => {
  const testApp = await createTestApp(t, SETTINGS, PATIENT);
  await insertTestPost(testApp.app, { title: 'Pooling' });
  const ask = asker(testApp);
  const { release } = await hold(t, testApp, 'comments');
  // One runs, eight wait.
  const first = Array.from({ length: 9 }, () => ask(`${URL}?q=`, '192.0.2.1'));
  await untilWaiting(testApp.app, 1);
  const beyond = await ask(`${URL}?q=`, '192.0.2.1');
  t.match(beyond, { status: 503, code: 'too_busy', retryAfter: /^\d+$/ });

  const others = [1, 2, 3, 4].map((n) => ask(`${URL}?q=`, `2001:db8::${n}`));
  await untilWaiting(testApp.app, 2);
  t.equal(await countWaiting(testApp), 2, 'searches hold two connections');
  t.equal(testApp.app.pg.pool.waitingCount, 0, 'and none waits for one');
  for (const url of READS) t.equal((await ask(url, '192.0.2.1')).status, 200, url);

  await release();
  for (const { status } of await Promise.all([...first, ...others])) t.equal(status, 200);
});

t.test('counts an IPv6 network as one client, and limits all that wait', async (t) => {
  const testApp = await createTestApp(t, SETTINGS, PATIENT);
  const ask = asker(testApp);
  const { release } = await hold(t, testApp, 'comments');
  const same = Array.from({ length: 9 }, (_, n) => ask(`${URL}?q=`, `2001:db8:1:1::${n + 1}`));
  await untilWaiting(testApp.app, 1);
  t.equal((await ask(`${URL}?q=`, '2001:db8:1:1:ffff::')).code, 'too_busy');
  const many = Array.from({ length: 40 }, (_, n) => ask(`${URL}?q=`, `198.51.100.${n}`));
  const refused = many.slice(25).map(async (each) => (await each).code);
  t.same(new Set(await Promise.all(refused)), new Set(['too_busy']));
  await release();
  const answers = await Promise.all([...same, ...many.slice(0, 25)]);
  t.same(new Set(answers.map(({ status }) => status)), new Set([200]));
});

t.test('limits everything that searches for a text', async (t) => {
  for (const path of SEARCHES) {
    await t.test(path, async (t) => {
      const testApp = await createTestApp(t, { ...SETTINGS, DB_POOL_MAX: 4 }, PATIENT);
      const ask = asker(testApp);
      const { release } = await hold(t, testApp, TABLES);
      const held = Array.from({ length: 9 }, () => ask(path, '192.0.2.1'));
      await untilWaiting(testApp.app, 1);
      const { status, code } = await ask(path, '192.0.2.1');
      t.same({ status, code }, { status: 503, code: 'too_busy' });
      t.equal(await countWaiting(testApp), 1);
      await release();
      for (const each of await Promise.all(held)) t.equal(each.status, 200);
    });
  }
});

t.test('ends a slow search, and gives its place away', async (t) => {
  const testApp = await createTestApp(t, { DB_STATEMENT_TIMEOUT: 2 });
  const ask = asker(testApp);
  const { release } = await hold(t, testApp, TABLES);
  const order: string[] = [];
  const reading = ask('/api/v1/posts', '192.0.2.2').then(() => order.push('read'));
  for (const path of SEARCHES) {
    const { status, code, retryAfter } = await ask(path, '192.0.2.1');
    t.match({ status, code, retryAfter }, { status: 503, code: 'service_unavailable' }, path);
    t.match(retryAfter, /^\d+$/);
    order.push('search');
    if (order.length === 1) t.same(order, ['search'], 'sooner than other statements');
  }
  await reading;
  await release();
  for (const path of SEARCHES) t.equal((await ask(path, '192.0.2.1')).status, 200, path);
});

t.test('forgets a waiting search whose client is gone', async (t) => {
  const testApp = await createTestApp(t, SETTINGS, PATIENT);
  const { app } = testApp;
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const { release } = await hold(t, testApp, 'comments');
  const get = (q: string) => {
    const sent = request({ port, host: '127.0.0.1', path: `${URL}?q=${q}` });
    const status = new Promise<number | undefined>((resolve) => {
      sent.on('error', () => resolve(undefined));
      sent.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
    });
    sent.end();
    return { status, leave: () => sent.destroy() };
  };
  const running = get('running');
  await untilWaiting(app, 1);
  const gone = Array.from({ length: 8 }, (_, n) => get(`gone${n}`));
  await until(() => app.searches.waitingCount === 8);
  for (const { leave } of gone) leave();
  await until(() => app.searches.waitingCount === 0);
  const next = Array.from({ length: 8 }, (_, n) => get(`next${n}`));
  await until(() => app.searches.waitingCount === 8);
  await release();
  t.equal(await running.status, 200);
  for (const { status } of next) t.equal(await status, 200);
});

t.test('answers those who share the search of a client that is gone', async (t) => {
  const testApp = await createTestApp(t, SETTINGS, PATIENT);
  const { app } = testApp;
  const ask = asker(testApp);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const { release } = await hold(t, testApp, 'comments');
  const held = ask(`${URL}?q=`, '127.0.0.1');
  await untilWaiting(app, 1);
  // Requests before and after it do not share a search.
  await until(() => app.sharedReads.isCaching);
  const first = request({ port, host: '127.0.0.1', path: `${URL}?q=shared` });
  first.on('error', () => undefined);
  first.end();
  await until(() => app.searches.waitingCount === 1);
  const second = ask(`${URL}?size=10&q=shared`, '192.0.2.9');
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(await countWaiting(testApp), 1, 'the second request shares the search of the first');
  first.destroy();
  await untilWaiting(app, 2);
  await release();
  t.equal((await held).status, 200);
  t.equal((await second).status, 200);
});
