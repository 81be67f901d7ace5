import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import pg from 'pg';
import t from 'tap';
import { insertUsers } from '#src/people/stores/user-changes.js';
import { createTestApp, type TestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { keyOf } from '#test/support/credentials.js';
import { openConnections } from '#test/support/open-connections.js';
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
    /2,tricky,'=1\+1,"a ""quote"", a comma\nand a line",,"x, y",/,
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

t.test('exports CSV whose cells stay one cell and no formula', async (t) => {
  const texts = [
    'a\nb,2,c',
    'a\rb',
    'a\r\n9,forged',
    'a;=1+1',
    'a\t@SUM(A1)',
    'a\n-1+1',
    'a; "+1',
    ';＝1',
    '\t=1',
    '"quoted"',
    '-5',
    'a - b = c',
    ' =1',
    '\u00a0=1',
    '"=1',
    '\n=1',
    '\r\n=1',
    '＝1',
    '＠SUM(A1)',
    "=cmd|' /C calc'!A0",
    "x;\t=cmd|' /C calc'!A0",
    'x\r=1',
    'x\n\n=1',
    'x\r\n\r\ny',
    'x\t\ty',
    'x;\ry',
    'a; b; c',
  ];
  const test = await createTestApp(t);
  for (const [index, bio] of texts.entries()) {
    await test.createUser({ username: `user${index}`, bio, tags: ['a;=1', '=2'] });
  }
  const { text } = await test.client().get(`${URL}.csv`);
  const rows = parse(text, { record_delimiter: '\r\n' }) as string[][];
  t.equal(rows.length, 1 + texts.length, 'one record for each user');
  const disarmed = rows.slice(1).map(([, , , bio = '']) => bio);
  t.same(disarmed, [
    'a\nb,2,c',
    'a\rb',
    'a\r\n9,forged',
    "a;'=1+1",
    "a\t'@SUM(A1)",
    "a\n'-1+1",
    'a;\' "+1',
    ";'＝1",
    "'\t'=1",
    '"quoted"',
    "'-5",
    'a - b = c',
    "' =1",
    "'\u00a0=1",
    '\'"=1',
    "'\n'=1",
    "'\r\n'=1",
    "'＝1",
    "'＠SUM(A1)",
    "'=cmd|' /C calc'!A0",
    "x;'\t'=cmd|' /C calc'!A0",
    "x\r'=1",
    "x\n\n'=1",
    'x\r\n\r\ny',
    "x\t'\ty",
    "x;'\ry",
    'a; b; c',
  ]);
  t.equal(rows[1]?.[5], "a;'=1, =2");
  for (const line of text.split(/\r\n|[\r\n;\t]/)) t.notMatch(line, /^[\s"]*[=+\-@＝＋－＠]/);
  for (const separator of [';', '\t']) {
    const lines = parse(text, {
      delimiter: separator,
      record_delimiter: ['\r\n', '\n'],
      relax_quotes: true,
      relax_column_count: true,
      quote: null,
    }) as string[][];
    for (const cell of lines.flat()) t.notMatch(cell, /^["]?[=+\-@＝＋－＠\t\r]/);
  }
});

t.test('begins CSV with a byte order mark if asked to', async (t) => {
  t.match((await client().get(`${URL}.csv?bom=1`)).text, /^\ufeffid,/);
  t.match((await client().get(`${URL}.csv?bom=false`)).text, /^id,/);
  t.equal((await client().get(`${URL}.csv?bom=maybe`)).status, 422);
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
  t.equal(tooSoon.status, 429, 'one at a time per IP address');
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

/**
 * Makes reading the user `broken` fail, with an error of the database. The first batch of an export
 * is read before it.
 */
async function breakRow({ app }: TestApp): Promise<void> {
  await insertUsers(
    app.db,
    Array.from({ length: 700 }, (_, index) => ({ username: `some${index}`, bio: 'x'.repeat(500) })),
  );
  const [id] = await insertUsers(app.db, [{ username: 'broken' }]);
  const { rows } = await app.pg.query<{ names: string }>(`
    select string_agg(quote_ident(column_name), ', ' order by ordinal_position) as names
    from information_schema.columns where table_name = 'users' and column_name <> 'age'`);
  // An expensive function is called after the rows are limited.
  await app.pg.query(`
    create function age_of(id integer) returns integer language plpgsql stable cost 100000 as $$
    begin
      return 1 / (id - ${id});
    end $$`);
  await app.pg.query('alter table users rename to whole_users');
  await app.pg.query(`
    create view users as select ${rows[0]?.names}, age_of(id) as age from whole_users`);
}

/** Requests a path over a raw connection, and returns all bytes and how the connection ended. */
async function readRaw({ app }: TestApp, path: string, headers = {}, version = '1.1') {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  let error: NodeJS.ErrnoException | null = null;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', (thrown) => {
    error = thrown;
  });
  const lines = Object.entries({ host: 'x', connection: 'close', ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`GET ${path} HTTP/${version}\r\n${head}\r\n`);
  await new Promise((resolve) => socket.once('close', resolve));
  return { text, error };
}

t.test('ends in an error that the client sees if a row fails', async (t) => {
  const test = await createTestApp(t);
  const { id } = await test.createUser({ username: 'root', role: 'admin' });
  const key = await keyOf(test, id, ['users:read']);
  await breakRow(test);
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  for (const path of [`${URL}.csv`, `${URL}.json`]) {
    const whole = await readRaw(test, path);
    t.match(whole, { text: /\r\n0\r\n\r\n$/, error: null }, `${path} without the broken field`);

    const broken = await readRaw(test, path, key);
    t.match(broken.text, /^HTTP\/1\.1 200 OK\r\n/);
    t.match(broken.text, 'some10');
    t.notMatch(broken.text, /\r\n0\r\n\r\n$/, `${path} has no last chunk`);

    // Without chunks, only a reset tells the end from that of the body.
    const old = await readRaw(test, path, key, '1.0');
    t.match(old.error, { code: 'ECONNRESET' }, `${path} of HTTP/1.0`);
  }
  t.equal((await test.client().get('/health')).status, 200);
});

t.test('ends in an error that the client sees if a row cannot be serialized', async (t) => {
  const test = await createTestApp(t);
  const { id } = await test.createUser({ username: 'root', role: 'admin' });
  const key = await keyOf(test, id, ['users:read']);
  await insertUsers(
    test.app.db,
    Array.from({ length: 700 }, (_, index) => ({ username: `some${index}`, bio: 'x'.repeat(500) })),
  );
  await test.app.pg.query(`update users set address = '{"city": "c"}' where username = 'some699'`);
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  const broken = await readRaw(test, `${URL}.json`, key);
  t.match(broken.text, 'some10');
  t.notMatch(broken.text, /\r\n0\r\n\r\n$/);
  t.equal((await test.client().get('/health')).status, 200, 'the service goes on');
});

t.test('answers 500 if an export fails before its first row', async (t) => {
  const test = await createTestApp(t);
  await test.app.pg.query('alter table users rename column nickname to renamed');
  for (const path of [`${URL}.csv`, `${URL}.json`]) {
    const reply = await test.client().get(path);
    t.equal(reply.status, 500);
    t.match(reply.headers['content-type'], /^application\/json/);
    t.equal(reply.headers['content-disposition'], undefined, 'no file');
  }
});

/** At a kilobyte each, they exceed every buffer between service and client. */
const USERS = 25_000;

/** Inserts so many users that an export exceeds every buffer between service and client. */
async function fill({ app }: TestApp): Promise<void> {
  await app.pg.query(
    `insert into users (username, username_folded, bio)
     select 'user_' || n, 'user_' || n, repeat('x', 1000)
     from generate_series(1, ${USERS}) n`,
  );
}

/** Requests an export over a raw connection; reads no more than fills the socket's own buffer. */
async function stall({ app }: TestApp, path = `${URL}.csv`, address = '127.0.0.1', headers = '') {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', localAddress: address });
  socket.on('error', () => undefined); // The service destroys the connection.
  const closed = once(socket, 'close');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  await until(() => socket.bytesRead > 0);
  return {
    socket,
    /** Reads what is left, until the connection is closed; returns the end of it. */
    async rest() {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text = (text + chunk.toString('latin1')).slice(-1000);
      });
      await closed;
      return { text, bytes: socket.bytesRead };
    },
  };
}

/** Returns the status of an export that is aborted as soon as it has begun. */
async function statusOf({ app }: TestApp, headers: Record<string, string> = {}): Promise<number> {
  const { port } = app.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path: `${URL}.csv`, headers }, (response) => {
      response.on('error', () => undefined); // The test aborts it itself.
      resolve(response.statusCode ?? 0);
      call.destroy();
    });
    call.on('error', reject);
    call.end();
  });
}

for (const format of ['csv', 'json']) {
  t.test(`breaks the transfer of a client that stops reading ${format}`, async (t) => {
    const exportLimits = { window: 500, minBytes: 100_000, lifetime: 60_000 };
    const test = await createTestApp(t, {}, { exportLimits });
    await fill(test);
    await test.app.listen({ host: '127.0.0.1', port: 0 });
    const stalled = await stall(test, `${URL}.${format}`);
    await until(async () => (await openConnections(test.app.server)) === 0);
    const { pool } = test.app.pg;
    await until(() => pool.totalCount === pool.idleCount);
    t.equal(await statusOf(test), 200, 'the place is free');
    const { text, bytes } = await stalled.rest();
    t.ok(bytes < USERS * 1000, `${bytes} bytes`);
    t.notMatch(text, /\r\n0\r\n\r\n$/, 'without the end that a complete response has');
  });
}

t.test('ends the export of a client that reads far too slowly', async (t) => {
  const exportLimits = { window: 500, minBytes: 1_000_000, lifetime: 600_000 };
  const test = await createTestApp(t, {}, { exportLimits });
  await fill(test);
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = test.app.server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined); // The service destroys the connection.
  socket.write(`GET ${URL}.csv HTTP/1.1\r\nHost: x\r\n\r\n`);
  let bytes = 0;
  const reading = setInterval(() => {
    bytes += socket.read(1000)?.length ?? 0;
  }, 20);
  await until(async () => (await openConnections(test.app.server)) === 1);
  await until(async () => (await openConnections(test.app.server)) === 0);
  clearInterval(reading);
  t.ok(bytes > 0 && bytes < USERS * 100, `${bytes} bytes were read`);
  socket.destroy();
});

t.test('ends an export after its lifetime, however it is read', async (t) => {
  const exportLimits = { window: 60_000, lifetime: 1000 };
  const test = await createTestApp(t, {}, { exportLimits });
  await fill(test);
  const origin = await test.app.listen({ host: '127.0.0.1', port: 0 });
  const response = await fetch(`${origin}${URL}.csv`);
  let chunks = 0;
  await t.rejects(async () => {
    for await (const _chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      chunks += 1;
      if (chunks < 20) await sleep(100);
    }
  }, 'a broken transfer');
  await until(async () => (await statusOf(test)) === 200);
});

t.test('does not blame a client for a slow database', async (t) => {
  const exportLimits = { window: 200, minBytes: 1_000_000_000, lifetime: 60_000 };
  const test = await createTestApp(t, {}, { exportLimits });
  await test.createUser({ username: 'alice' });
  const origin = await test.app.listen({ host: '127.0.0.1', port: 0 });
  const other = new pg.Client({ connectionString: test.databaseUrl });
  await other.connect();
  t.teardown(() => other.end());
  await other.query('begin; lock table users in access exclusive mode');
  const reply = fetch(`${origin}${URL}.csv`);
  await sleep(600);
  await other.query('commit');
  t.match(await (await reply).text(), /1,alice/);
});

t.test('leaves the pool to other requests while clients stall', async (t) => {
  const test = await createTestApp(t, { DB_POOL_MIN: 1, DB_POOL_MAX: 1 });
  await fill(test);
  const alice = await test.signedIn({ username: 'alice' });
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  const cookie = `Cookie: althing_session=${alice.cookie('althing_session')}\r\n`;
  const agent = 'User-Agent: lightMyRequest\r\n';
  const stalled = [
    await stall(test),
    await stall(test, `${URL}.json`, '127.0.0.2'),
    await stall(test, `${URL}.csv`, '127.0.0.3', cookie + agent),
  ];
  for (let index = 0; index < 20; index += 1) {
    t.equal((await test.client().get('/api/v1/users/1')).status, 200);
  }
  t.equal(await openConnections(test.app.server), stalled.length, 'all are still open');
  const again = await alice.get(`${URL}.csv`);
  t.match([again.status, again.json.code], [429, 'too_many_exports'], 'one place per user');
  for (const { socket } of stalled) socket.destroy();
});

t.test('gives one place to a network of strangers', async (t) => {
  const test = await createTestApp(t, { TRUST_PROXY: '1' });
  await fill(test);
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  const from = (address: string) => `X-Forwarded-For: ${address}\r\n`;
  const first = await stall(test, `${URL}.csv`, '127.0.0.1', from('2001:db8::1'));
  const ask = (address: string) => statusOf(test, { 'x-forwarded-for': address });
  t.equal(await ask('2001:db8::2'), 429);
  t.equal(await ask('2001:db8:0:1::1'), 200);
  first.socket.destroy();
  await until(async () => (await ask('2001:db8::2')) === 200);
});

t.test('users cannot take the places of administrators', async (t) => {
  const test = await createTestApp(t);
  await fill(test);
  const users = [];
  for (const username of ['ann', 'ben', 'cay']) {
    users.push(await test.signedIn({ username, role: 'editor' }));
  }
  const admins = [];
  for (const username of ['root', 'toor']) {
    admins.push(await test.signedIn({ username, role: 'admin' }));
  }
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  const headersOf = (client: Client) =>
    `Cookie: althing_session=${client.cookie('althing_session')}\r\nUser-Agent: lightMyRequest\r\n`;
  const slow = (client?: Client) =>
    stall(test, `${URL}.csv`, '127.0.0.1', client === undefined ? '' : headersOf(client));
  const stalled = [await slow(users[0]), await slow(users[1])];
  const again = await users[0]?.get(`${URL}.csv`);
  t.match(again, { status: 429, json: { code: 'too_many_exports' } }, 'the own share');
  t.match(again?.headers['retry-after'], /^\d+$/);
  const third = await users[2]?.get(`${URL}.csv`);
  t.match(third, { status: 503, json: { code: 'too_busy' } }, 'the total');
  stalled.push(await slow(admins[0]));
  t.equal((await admins[0]?.get(`${URL}.csv`))?.status, 429);
  const other = await slow(admins[1]);
  t.match(String(other.socket.read(12)), /^HTTP\/1\.1 200/, 'administrators have places');
  for (const { socket } of [...stalled, other]) socket.destroy();
});
