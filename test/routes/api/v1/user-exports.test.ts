import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { insertUsers } from '#src/people/stores/user-changes.js';
import { createTestApp } from '#test/support/app.js';
import { until } from '#test/support/waiting.js';

const URL = '/api/v1/users/export';
const { app, client, signedIn, createUser } = await createTestApp(t);
const admin = await signedIn({ username: 'root', role: 'admin', email: 'root@example.com' });
await createUser({
  username: 'tricky',
  nickname: '=1+1',
  bio: 'a "quote", a comma\nand a line',
  tags: ['x', 'y'],
  address: { street: 's', city: 'c', zipcode: null },
});
await createUser({ username: 'ghost', is_active: false });

t.test('exports CSV with a header and a line per user', async (t) => {
  const reply = await client().get(`${URL}.csv`);
  t.equal(reply.headers['content-type'], 'text/csv; charset=utf-8');
  t.match(reply.headers['content-disposition'], /attachment; filename=users\.csv/);
  t.match(reply.text, /^id,username,nickname,bio,avatar_url,tags,created_at\r\n1,root,/);
  t.match(
    reply.text,
    /2,tricky,'=1\+1,"a ""quote"", a comma\nand a line",,x;y,/,
    'quoted, with formulas disabled',
  );
  t.notMatch(reply.text, /ghost|example\.com|argon2/, 'public fields only');

  const whole = await admin.get(`${URL}.csv`);
  t.match(
    whole.text,
    /^[^\r]*,email,age,address,email_verified_at,role,permissions,is_active,updated_at,last_login_at\r\n/,
  );
  t.match(whole.text, /ghost/);
  t.notMatch(whole.text, /argon2|password/);
});

t.test('exports JSON as one array', async (t) => {
  const anyone = await client().get(`${URL}.json`);
  t.same(
    anyone.json.map(({ username }: { username: string }) => username),
    ['root', 'tricky'],
  );
  t.notOk('email' in anyone.json[0]);
  const whole = await admin.get(`${URL}.json`);
  t.equal(whole.json.length, 3);
  t.match(whole.json[1], { nickname: '=1+1', address: { street: 's' }, tags: ['x', 'y'] });
  t.same(Object.keys(whole.json[1]), Object.keys((await admin.get('/api/v1/users/2')).json));
});

t.test('exports an empty table as an empty array', async (t) => {
  const empty = await createTestApp(t);
  t.same((await empty.client().get(`${URL}.json`)).json, []);
  t.match((await empty.client().get(`${URL}.csv`)).text, /^id,username,[^\n]*\r?\n?$/);
});

t.test('answers HEAD with the headers without reading users', async (t) => {
  const reply = await client().request({ method: 'HEAD', url: `${URL}.csv` });
  t.match([reply.status, reply.text], [200, '']);
  t.equal(reply.headers['content-length'], undefined);
  t.equal(reply.headers['content-type'], 'text/csv; charset=utf-8');
});

t.test('serves a reader slower than the statement timeout', async (t) => {
  const slow = await createTestApp(t, { DB_STATEMENT_TIMEOUT: 1 });
  const total = 40_000;
  for (let from = 0; from < total; from += 1000) {
    await insertUsers(
      slow.app.db,
      Array.from({ length: 1000 }, (_, index) => ({
        username: `s${from + index}`,
        bio: 'x'.repeat(500),
      })),
    );
  }
  const origin = await slow.app.listen({ host: '127.0.0.1', port: 0 });
  const response = await fetch(`${origin}${URL}.csv`);
  let lines = 0;
  let portions = 0;
  // Node's web streams are iterable, which the type of `fetch` does not declare.
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    for (const byte of chunk) if (byte === 0x0a) lines += 1;
    portions += 1;
    if (portions < 30) await sleep(100);
  }
  t.equal(lines, total + 1);
});

t.test('holds no connection for a reader who stalls, and limits concurrent exports', async (t) => {
  for (let part = 0; part < 60; part += 1) {
    await insertUsers(
      app.db,
      Array.from({ length: 1000 }, (_, index) => ({
        username: `p${part}_${index}`,
        bio: 'x'.repeat(500),
      })),
    );
  }
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const start = (localAddress = '127.0.0.1') =>
    new Promise<{ status: number; stop: () => void }>((resolve, reject) => {
      const call = request(
        { host: '127.0.0.1', port, path: `${URL}.csv`, localAddress },
        (response) => {
          response.on('error', () => undefined); // The test aborts it itself.
          response.pause();
          resolve({ status: response.statusCode ?? 0, stop: () => call.destroy() });
        },
      );
      call.on('error', reject);
      call.end();
    });
  const busy = () => app.pg.pool.totalCount - app.pg.pool.idleCount;

  const first = await start();
  t.equal(first.status, 200);
  await until(() => busy() === 0);
  const tooSoon = await start();
  t.equal(tooSoon.status, 503, 'one at a time per IP address');
  tooSoon.stop();
  const second = await start('127.0.0.2');
  t.equal(second.status, 200);
  const third = await start('127.0.0.3');
  t.equal(third.status, 503, 'anonymous clients share two slots');
  third.stop();
  t.equal((await admin.get(`${URL}.csv`)).status, 200, 'authenticated users have others');

  first.stop();
  second.stop();
  let again = await start();
  await until(async () => {
    if (again.status === 200) return true;
    again.stop();
    again = await start();
    return false;
  });
  again.stop();
});

t.test('exports every user once, in batches', async (t) => {
  const { app, client } = await createTestApp(t);
  for (const [from, count] of [
    [0, 1000],
    [1000, 250],
  ] as const) {
    const users = Array.from({ length: count }, (_, n) => ({ username: `u${from + n}` }));
    await insertUsers(app.db, users);
    const { json } = await client().get(`${URL}.json`);
    const ids = json.map(({ id }: { id: number }) => id);
    t.equal(new Set(ids).size, from + count);
    t.same(
      ids,
      ids.toSorted((one: number, other: number) => one - other),
    );
  }
});
