import t from 'tap';
import { createTestApp } from '#test/support/app.js';

const URL = '/api/v1/users';
const { app, clock, signedIn } = await createTestApp(t);
const admin = await signedIn({ username: 'root', role: 'admin' });
const key = (value: string) => ({ 'idempotency-key': value });
const total = async (q: string) => (await admin.get(`${URL}?q=${q}`)).json.total;

t.test('runs a repeated request once and replays the response', async (t) => {
  const first = await admin.post(URL, { username: 'once' }, key('k1'));
  const second = await admin.post(URL, { username: 'once' }, key('k1'));
  t.equal(first.headers['idempotent-replayed'], undefined);
  t.equal(second.headers['idempotent-replayed'], 'true');
  t.same([second.status, second.text], [first.status, first.text]);
  for (const name of ['location', 'etag']) t.equal(second.headers[name], first.headers[name]);
  t.equal(await total('once'), 1);
});

t.test('runs one of twenty concurrent requests; the others get its response or 409', async (t) => {
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => admin.post(URL, { username: 'storm' }, key('k2'))),
  );
  t.equal(await total('storm'), 1);
  const fresh = replies.filter(
    ({ status, headers }) => status === 201 && headers['idempotent-replayed'] === undefined,
  );
  t.equal(fresh.length, 1);
  for (const reply of replies) {
    if (reply.status === 201) t.equal(reply.text, fresh[0]?.text);
    else t.match([reply.status, reply.json.code], [409, 'request_in_progress']);
  }
});

t.test('rejects a different request under the same key', async (t) => {
  await admin.post(URL, { username: 'mine' }, key('k3'));
  const other = await admin.post(URL, { username: 'yours' }, key('k3'));
  t.equal(other.status, 422);
  t.same(other.json.detail[0].loc, ['header', 'idempotency-key']);
  t.equal((await admin.post(`${URL}/bulk`, [{ username: 'mine' }], key('k3'))).status, 422);
  t.equal(await total('yours'), 0);
});

t.test('keeps the keys of users apart', async (t) => {
  const second = await signedIn({ username: 'second', role: 'admin' });
  const mine = await admin.post(URL, { username: 'person1' }, key('shared'));
  const theirs = await second.post(URL, { username: 'person2' }, key('shared'));
  t.same([mine.status, theirs.status], [201, 201]);
  t.equal(theirs.json.username, 'person2');
});

t.test('runs a failed request again', async (t) => {
  const [first, second] = [
    await admin.post(URL, { username: 'ROOT' }, key('k4')),
    await admin.post(URL, { username: 'ROOT' }, key('k4')),
  ];
  t.same([first.status, second.status], [409, 409]);
  t.equal(second.headers['idempotent-replayed'], undefined);
  t.equal((await admin.post(URL, { username: 'x' }, key('k4'))).status, 422);
  t.equal((await admin.post(URL, { username: 'better' }, key('k4'))).status, 201);
});

t.test('stores responses for 24 hours', async (t) => {
  const hour = 60 * 60 * 1000;
  await admin.post(URL, { username: 'daily' }, key('k5'));
  clock.advance(23 * hour);
  await admin.signIn('root', 'Cedar-Lantern-42');
  t.equal((await admin.post(URL, { username: 'daily' }, key('k5'))).status, 201, 'replayed');
  clock.advance(2 * hour);
  await admin.signIn('root', 'Cedar-Lantern-42');
  t.equal((await admin.post(URL, { username: 'daily' }, key('k5'))).status, 409, 'runs again');
});

t.test('accepts keys of 1 to 255 characters', async (t) => {
  t.equal((await admin.post(URL, { username: 'long1' }, key('x'.repeat(255)))).status, 201);
  const long = await admin.post(URL, { username: 'long2' }, key('x'.repeat(256)));
  t.match([long.status, long.json.detail[0].type], [422, 'string_too_long']);
  t.equal((await admin.post(URL, { username: 'long3' }, key(''))).status, 422);
});

t.test('does not store a response that sets a cookie', async (t) => {
  const login = () =>
    admin.post('/api/v1/auth/login', { username: 'root', password: 'Cedar-Lantern-42' }, key('k6'));
  const [first, second] = [await login(), await login()];
  t.ok(second.headers['set-cookie']);
  t.not(String(second.headers['set-cookie']), String(first.headers['set-cookie']));
  const { rows } = await app.pg.query(`select * from idempotency_keys where key = 'k6'`);
  t.same(rows, []);
});
