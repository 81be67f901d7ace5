import t, { type Test } from 'tap';
import { SESSION_COOKIE } from '#plugins/sessions.js';
import { insertUser } from '#src/people/stores/user-changes.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Reply } from '#test/support/client.js';
import { keyOf } from '#test/support/credentials.js';
import { holdRequest } from '#test/support/held-request.js';
import { untilWaiting } from '#test/support/waiting.js';

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;
const testApp = await createTestApp(t);
const { app, client, clock, createUser, databaseUrl, signedIn } = testApp;
await createUser({ username: 'alice', email: 'Alice@example.com' });

const session = async (who: ReturnType<typeof client>) =>
  (await who.get('/api/v1/auth/session')).json;
const countSessions = async () =>
  (await app.pg.query('select count(*)::int as n from sessions')).rows[0].n;

t.test('signs in and out', async (t) => {
  const alice = client();
  t.same(await session(alice), { status: 'not_logged_in' });
  t.same((await alice.signIn('alice', PASSWORD)).json, { status: 'login_ok' });
  t.same(await session(alice), { status: 'logged_in', username: 'alice' });
  t.same((await alice.post('/api/v1/auth/logout')).json, { status: 'logged_out' });
  t.equal(alice.cookie(SESSION_COOKIE), undefined, 'the cookie is cleared');
  t.same(await session(alice), { status: 'not_logged_in' });
  t.equal((await client().post('/api/v1/auth/logout')).status, 200, 'also without a session');
});

t.test('accepts the username in any case, or the email address', async (t) => {
  for (const name of ['ALICE', 'alice@EXAMPLE.com']) {
    const alice = client();
    t.equal((await alice.signIn(name, PASSWORD)).status, 200, name);
    t.equal((await session(alice)).username, 'alice');
  }
});

t.test('answers the same to every failed login', async (t) => {
  await createUser({ username: 'asleep', is_active: false });
  await insertUser(app.db, { username: 'no_password' });
  const bodies = [];
  for (const [username, password] of [
    ['alice', 'wrong'],
    ['nobody', PASSWORD],
    ['asleep', PASSWORD],
    ['no_password', PASSWORD],
    ['alice', `${PASSWORD}\u0000`],
    ["alice' --", PASSWORD],
  ] as const) {
    const reply = await client().post('/api/v1/auth/login', { username, password });
    t.equal(reply.status, 401, username);
    t.equal(reply.headers['www-authenticate'], 'Bearer');
    t.equal(reply.headers['set-cookie'], undefined);
    bodies.push(reply.text);
  }
  t.equal(new Set(bodies).size, 1);
  t.equal((await client().post('/api/v1/auth/login', { username: 'alice' })).status, 422);
});

t.test('creates a new session id at login and stores only its hash', async (t) => {
  const alice = client();
  await alice.signIn('alice', PASSWORD);
  const first = alice.cookie(SESSION_COOKIE);
  await alice.signIn('alice', PASSWORD);
  const second = alice.cookie(SESSION_COOKIE);
  t.ok(first && second && first !== second);

  const replayed = client();
  replayed.setCookie(SESSION_COOKIE, String(first));
  t.same(await session(replayed), { status: 'not_logged_in' }, 'the old id is invalid');

  const planted = client();
  const anonymous = String(second).split('.')[0];
  planted.setCookie(SESSION_COOKIE, `${anonymous}.forged`);
  t.same(await session(planted), { status: 'not_logged_in' }, 'invalid signature');
  planted.setCookie(SESSION_COOKIE, 'x');
  t.equal((await planted.get('/api/v1/users')).status, 200, 'no error is logged');

  const { rows } = await app.pg.query(`select encode(id_hash, 'escape') as id from sessions`);
  for (const { id } of rows) t.notOk(String(second).startsWith(id));
});

t.test('hides the cookie from scripts', async (t) => {
  const { headers } = await client().post('/api/v1/auth/login', {
    username: 'alice',
    password: PASSWORD,
  });
  const cookie = String(headers['set-cookie']);
  t.match(cookie, /HttpOnly/);
  t.match(cookie, /SameSite=Lax/);
  t.match(cookie, /Path=\//);
  t.notMatch(cookie, /Secure/, 'over plain HTTP');

  const proxied = await createTestApp(t, { TRUST_PROXY: '1' });
  await proxied.createUser({ username: 'alice' });
  const secure = await proxied
    .client()
    .post(
      '/api/v1/auth/login',
      { username: 'alice', password: PASSWORD },
      { 'x-forwarded-proto': 'https' },
    );
  t.match(String(secure.headers['set-cookie']), /Secure/, 'over TLS');
});

t.test('creates no session for anonymous readers', async (t) => {
  const before = await countSessions();
  const reply = await client().get('/api/v1/users');
  t.equal(reply.headers['set-cookie'], undefined);
  await client().get('/api/v1/auth/csrf');
  t.equal(await countSessions(), before);
});

t.test('expires a session 30 minutes after its last use', async (t) => {
  const alice = client();
  await alice.signIn('alice', PASSWORD);
  for (let round = 0; round < 3; round += 1) {
    clock.advance(20 * MINUTE);
    t.equal((await session(alice)).status, 'logged_in', `used after ${20 * (round + 1)} minutes`);
  }
  clock.advance(31 * MINUTE);
  t.equal((await session(alice)).status, 'not_logged_in');
  const write = await alice.post('/api/v1/users', { username: 'late' });
  t.equal(write.status, 401, 'answers 401 after expiry');
});

t.test('keeps a remembered session for 30 days', async (t) => {
  const login = { username: 'alice', password: PASSWORD };
  const expiry = (reply: Reply): number => {
    const [, expires = ''] = /Expires=([^;]+)/.exec(String(reply.headers['set-cookie'])) ?? [];
    return Date.parse(expires) - Date.now();
  };
  const near = (milliseconds: number, expected: number) =>
    Math.abs(milliseconds - expected) < MINUTE;

  const alice = client();
  const begun = await alice.post('/api/v1/auth/login', { ...login, remember: true });
  t.ok(near(expiry(begun), 30 * DAY), 'and its cookie');
  clock.advance(29 * DAY);
  const reply = await alice.get('/api/v1/me');
  t.equal(reply.status, 200, 'used after 29 days');
  t.ok(near(expiry(reply), DAY), 'the cookie ends with the session');
  clock.advance(DAY);
  t.equal((await alice.get('/api/v1/me')).status, 401, 'answers 401 after its end');

  t.ok(near(expiry(await client().post('/api/v1/auth/login', login)), 30 * MINUTE));
});

t.test('ends a session after 30 days, however often it is used', async (t) => {
  const alice = client();
  const begin = clock.read().getTime();
  const login = { username: 'alice', password: PASSWORD };
  await alice.post('/api/v1/auth/login', login);
  const end = begin + 30 * DAY;
  const uses = [];
  while (clock.read().getTime() + 29 * MINUTE < end) {
    clock.advance(29 * MINUTE);
    uses.push((await alice.get('/api/v1/auth/session')).json.status);
  }
  t.same([...new Set(uses)], ['logged_in'], `after each of ${uses.length} uses`);
  const { items } = (await alice.get('/api/v1/me/sessions')).json;
  const own = items.find(({ current }: { current: boolean }) => current);
  t.equal(own.expires_at, new Date(end).toISOString());
  clock.advance(end - clock.read().getTime());
  t.same(await session(alice), { status: 'not_logged_in' });
});

t.test('ends sessions at the configured age, also those that have begun before', async (t) => {
  const alice = client();
  const login = { username: 'alice', password: PASSWORD, remember: true };
  await alice.post('/api/v1/auth/login', login);
  const cookie = String(alice.cookie(SESSION_COOKIE));
  const strict = await createTestApp(
    t,
    { SESSION_MAX_DAYS: 7 },
    { databaseUrl, clock: clock.read },
  );
  const other = strict.client();
  other.setCookie(SESSION_COOKIE, cookie);
  const list = async () => (await other.get('/api/v1/me/sessions?size=100')).json.items;
  const [{ created_at, expires_at }] = await list();
  t.equal(Date.parse(expires_at) - Date.parse(created_at), 7 * DAY);
  clock.advance(7 * DAY);
  t.same(await session(other), { status: 'not_logged_in' });
  t.equal((await session(alice)).status, 'logged_in', 'where the limit is 30 days');
});

t.test('binds a session to the browser and platform', async (t) => {
  const agents = {
    firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0',
    newer: 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:161.0) Gecko/20100101 Firefox/161.0',
    windows: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0',
    chrome: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36',
    curl: 'curl/8.9.1',
  };
  const alice = client();
  const ask = async (agent: string) =>
    (await alice.get('/api/v1/me', { 'user-agent': agent })).status;
  const login = { username: 'alice', password: PASSWORD };
  await alice.post('/api/v1/auth/login', login, { 'user-agent': agents.firefox });
  const cookie = String(alice.cookie(SESSION_COOKIE));
  t.equal(await ask(agents.newer), 200, 'in any version');
  for (const name of ['windows', 'chrome', 'curl'] as const) {
    t.equal(await ask(agents[name]), 401, name);
    t.equal(alice.cookie(SESSION_COOKIE), cookie, 'keeps its cookie');
    t.equal(await ask(agents.firefox), 200, "the owner's session continues");
  }

  const thief = client();
  thief.setCookie(SESSION_COOKIE, cookie);
  await thief.post('/api/v1/auth/logout', undefined, { 'user-agent': agents.chrome });
  t.equal(await ask(agents.firefox), 200, 'another browser cannot sign the owner out');
  thief.setCookie(SESSION_COOKIE, cookie);
  await createUser({ username: 'thief' });
  const own = { username: 'thief', password: PASSWORD };
  await thief.post('/api/v1/auth/login', own, { 'user-agent': agents.chrome });
  t.not(thief.cookie(SESSION_COOKIE), cookie);
  t.equal(await ask(agents.firefox), 200, 'nor by signing in');
});

t.test('binds a session to the exact browser and the network, if so configured', async (t) => {
  const strong = await createTestApp(t, { SESSION_PROTECTION: 'strong', TRUST_PROXY: '1' });
  await strong.createUser({ username: 'alice' });
  const alice = strong.client();
  const sent = (address: string, agent = 'Firefox/150.0') => ({
    'x-forwarded-for': address,
    'user-agent': agent,
  });
  const ask = async (headers: Record<string, string>) =>
    (await alice.get('/api/v1/me', headers)).status;
  const login = { username: 'alice', password: PASSWORD };
  await alice.post('/api/v1/auth/login', login, sent('203.0.113.7'));
  t.equal(await ask(sent('203.0.113.7')), 200);
  t.equal(await ask(sent('203.0.113.8')), 401, 'another address');
  t.equal(await ask(sent('203.0.113.7', 'Firefox/151.0')), 401, 'another version');
  t.equal(await ask(sent('203.0.113.7')), 200, 'the session continues');
  await alice.post('/api/v1/auth/login', login, sent('2001:db8::1'));
  t.equal(await ask(sent('2001:db8::ffff')), 200, 'another address of the network');
  t.equal(await ask(sent('2001:db8:0:1::1')), 401, 'another network');
  await strong.app.pg.query('update sessions set address = null');
  t.equal(await ask(sent('2001:db8::1')), 401, 'a session without an address');
});

t.test('treats a forged cookie as anonymous', async (t) => {
  const alice = client();
  await alice.signIn('alice', PASSWORD);
  const cookie = String(alice.cookie(SESSION_COOKIE));
  const [id = '', signature = ''] = cookie.split('.');
  const swapped = `${id.startsWith('a') ? 'b' : 'a'}${id.slice(1)}`;
  for (const forged of [
    `${swapped}.${signature}`,
    `${id}.${signature.toLowerCase()}`,
    `${id}.`,
    `.${signature}`,
    id,
    '.',
    ` ${cookie}`,
    `${cookie}.${cookie}`,
    `${id}\u0000.${signature}`,
    'x'.repeat(4000),
    '%',
    '%FF%00',
    // Signed with the same secret, but for another purpose.
    String(alice.cookie('althing_csrf')),
  ]) {
    const stranger = client();
    stranger.setCookie(SESSION_COOKIE, forged);
    t.same(await session(stranger), { status: 'not_logged_in' }, forged.slice(0, 60));
    t.equal((await stranger.get('/api/v1/users')).status, 200);
    t.equal((await stranger.get('/api/v1/me')).status, 401);
  }
  t.equal((await alice.get('/api/v1/me')).status, 200);
});

t.test('renews a session once a minute at most', async (t) => {
  const alice = client();
  await alice.signIn('alice', PASSWORD);
  clock.advance(30 * 1000);
  t.equal((await alice.get('/api/v1/auth/session')).headers['set-cookie'], undefined);
  clock.advance(31 * 1000);
  t.ok((await alice.get('/api/v1/auth/session')).headers['set-cookie']);
});

/** Signs a user in and holds a request that would renew the session. */
async function holdOwnRequest(t: Test) {
  const held = await createTestApp(t);
  const origin = await held.app.listen({ host: '127.0.0.1', port: 0 });
  const alice = await held.signedIn({ username: 'alice' });
  const value = String(alice.cookie(SESSION_COOKIE));
  const cookie = `${SESSION_COOKIE}=${encodeURIComponent(value)}`;
  held.clock.advance(2 * MINUTE);
  const body = JSON.stringify({ username: 'alice', password: 'wrong' });
  const slow = await holdRequest(origin, '/api/v1/auth/login', { cookie }, body);
  return { held, alice, slow, value };
}

t.test('does not renew a session that ends during a request', async (t) => {
  const { held, alice, slow, value } = await holdOwnRequest(t);
  t.equal((await alice.post('/api/v1/auth/logout')).status, 200);
  t.equal((await slow.release()).status, 401);

  const thief = held.client();
  thief.setCookie(SESSION_COOKIE, value);
  t.same(await session(thief), { status: 'not_logged_in' });
});

t.test('does not renew a session that expires during a request', async (t) => {
  const { held, alice, slow } = await holdOwnRequest(t);
  held.clock.advance(29 * MINUTE);
  t.equal((await slow.release()).status, 401);
  t.equal((await alice.get('/api/v1/me')).status, 401);
});

t.test('records login and logout', async (t) => {
  const { id: anna } = await createUser({ username: 'anna' });
  const { id: otto } = await createUser({ username: 'otto' });
  const browser = client();
  await browser.signIn('anna', PASSWORD);
  await browser.signIn('otto', PASSWORD);
  await browser.post('/api/v1/auth/logout');
  await browser.post('/api/v1/auth/logout');
  const { rows } = await app.pg.query(
    `select actor_id, action, resource_id from audit_log
     where resource = 'session' and actor_id in ($1, $2) order by id`,
    [anna, otto],
  );
  const [first, , second] = rows.map(({ resource_id }) => resource_id);
  t.not(first, second);
  t.same(rows, [
    { actor_id: anna, action: 'session.begin', resource_id: first },
    { actor_id: anna, action: 'session.end', resource_id: first },
    { actor_id: otto, action: 'session.begin', resource_id: second },
    { actor_id: otto, action: 'session.end', resource_id: second },
  ]);
});

t.test('ends the session of the access token that signs out', async (t) => {
  const { id } = await createUser({ username: 'tokens_only' });
  const grant = async (fields: Record<string, string>) =>
    client().postForm('/api/v1/auth/token', fields);
  const signedIn = { username: 'tokens_only', password: PASSWORD };
  const [pair, other] = [(await grant(signedIn)).json, (await grant(signedIn)).json];
  const bearer = { authorization: `Bearer ${pair.access_token}` };
  const browser = client();
  await browser.signIn('alice', PASSWORD);
  const reply = await browser.post('/api/v1/auth/logout', undefined, bearer);
  t.match([reply.status, reply.json], [200, { status: 'logged_out' }]);

  t.match(await client().get('/api/v1/me', bearer), {
    status: 401,
    json: { code: 'invalid_token' },
  });
  const renewal = { grant_type: 'refresh_token', refresh_token: pair.refresh_token };
  t.match(await grant(renewal), { status: 401, json: { code: 'invalid_token' } });
  const repeated = await client().post('/api/v1/auth/logout', undefined, bearer);
  t.match(repeated, { status: 401, json: { code: 'invalid_token' } }, 'nothing is left to end');

  t.equal((await session(browser)).username, 'alice', 'the cookie did not speak');
  const others = { authorization: `Bearer ${other.access_token}` };
  t.equal((await client().get('/api/v1/me', others)).status, 200, 'keeps other sessions');
  const { rows } = await app.pg.query(
    `select action, credential from audit_log where actor_id = $1 and action = 'session.end'`,
    [id],
  );
  t.same(rows, [{ action: 'session.end', credential: 'token' }]);
});

t.test('does not pretend to end an API key', async (t) => {
  const { id } = await createUser({ username: 'key_holder' });
  const key = await keyOf(testApp, id, ['me:read']);
  for (const headers of [key, { authorization: `Bearer ${key['x-api-key']}` }]) {
    const reply = await client().post('/api/v1/auth/logout', undefined, headers);
    t.match([reply.status, reply.json.code], [403, 'key_not_allowed']);
  }
  t.equal((await client().get('/api/v1/me', key)).status, 200);
  const browser = client();
  await browser.signIn('key_holder', PASSWORD);
  t.equal((await browser.post('/api/v1/auth/logout', undefined, key)).status, 403);
  t.equal((await session(browser)).status, 'logged_in');
});

t.test('signs out a user who deletes their own account', async (t) => {
  await createUser({ username: 'other_admin', role: 'admin' });
  const leaver = await signedIn({ username: 'leaver', role: 'admin' });
  const { id } = (await leaver.get('/api/v1/users?q=leaver')).json.items[0];
  clock.advance(2 * MINUTE);
  t.equal((await leaver.delete(`/api/v1/users/${id}`)).status, 204);
  t.equal((await session(leaver)).status, 'not_logged_in');
});

t.test('ends the sessions of a deactivated user at once', async (t) => {
  const bob = await signedIn({ username: 'bob' });
  t.equal((await session(bob)).status, 'logged_in');
  await app.pg.query(`update users set is_active = false where username = 'bob'`);
  t.equal((await session(bob)).status, 'not_logged_in');
});

t.test('requires a new login after deactivation and reactivation', async (t) => {
  const admin = await signedIn({ username: 'switcher', role: 'admin' });
  const { id } = await createUser({ username: 'flip' });
  const flip = client();
  await flip.post('/api/v1/auth/login', { username: 'flip', password: PASSWORD, remember: true });
  await admin.patch(`/api/v1/users/${id}`, { is_active: false });
  t.equal((await flip.get('/api/v1/me')).status, 401);
  await admin.patch(`/api/v1/users/${id}`, { is_active: true });
  t.equal((await flip.get('/api/v1/me')).status, 401);
  t.equal((await flip.signIn('flip', PASSWORD)).status, 200);
});

t.test('starts no session for a user deactivated during login', async (t) => {
  const { id } = await createUser({ username: 'racer' });
  const login = { username: 'racer', password: PASSWORD };
  const holder = await app.pg.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('update users set is_active = false where id = $1', [id]);
    const signingIn = client().post('/api/v1/auth/login', login);
    await untilWaiting(app, 1);
    await holder.query('commit');
    const reply = await signingIn;
    t.match([reply.status, reply.json.code], [401, 'invalid_credentials']);
  } finally {
    holder.release();
  }
  const { rows } = await app.pg.query('select 1 from sessions where user_id = $1', [id]);
  t.equal(rows.length, 0, 'which would be valid again after reactivation');
});

t.test("requires the session's CSRF token for changes", async (t) => {
  const admin = await signedIn({ username: 'boss', role: 'admin' });
  t.equal((await admin.post('/api/v1/users', { username: 'first' })).status, 201);

  const withToken = (token: string) =>
    admin.post('/api/v1/users', { username: 'second' }, { 'x-csrf-token': token });
  admin.dropCsrfToken();
  for (const [name, token] of [
    ['none', ''],
    ['nonsense', 'x'],
    ['of nobody', (await client().get('/api/v1/auth/csrf')).json.csrf_token],
  ] as const) {
    const reply = await withToken(token);
    t.match([reply.status, reply.json?.code], [403, 'csrf_failed'], name);
  }
  const own = (await admin.get('/api/v1/auth/csrf')).json.csrf_token;
  t.equal((await withToken(own)).status, 201);

  t.equal((await admin.signIn('boss', PASSWORD)).status, 200, 'signing in requires none');
  t.equal((await withToken(own)).status, 403, 'token of the previous session');
  t.equal((await admin.get('/api/v1/users')).status, 200, 'reading requires none');
});

t.test('limits login attempts by IP address', async (t) => {
  const limited = await createTestApp(t, { LOGIN_RATE_LIMIT: 3 });
  const attempt = () =>
    limited.client().post('/api/v1/auth/login', { username: 'alice', password: 'guess' });
  const statuses = [];
  for (let index = 0; index < 4; index += 1) statuses.push((await attempt()).status);
  t.same(statuses, [401, 401, 401, 429]);
  t.match((await attempt()).headers, { 'retry-after': /^\d+$/ });
  t.equal((await limited.client().get('/api/v1/users')).status, 200, 'others are not limited');
});
