import { createHash } from 'node:crypto';
import t from 'tap';
import { MAX_API_KEYS } from '#schemas/api-keys.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { lastMail } from '#test/support/mails.js';
import { recordStatements } from '#test/support/statements.js';
import { untilWaiting } from '#test/support/waiting.js';

const URL = '/api/v1/me/api-keys';
const USERS = '/api/v1/users';
const MINUTE = 60_000;
const KEY = { name: 'x', scopes: ['me:read'], current_password: PASSWORD };

const { app, client, clock, databaseUrl, signedIn, createUser } = await createTestApp(t);
const admin = await signedIn({ username: 'root', role: 'admin', email: 'root@example.com' });
const alice = await signedIn({ username: 'alice', email: 'alice@example.com' });
const bob = await signedIn({ username: 'bob' });
const anyone = client();

const later = (milliseconds: number) =>
  new Date(clock.read().getTime() + milliseconds).toISOString();

async function newKey(
  owner: Client,
  scopes: string[] = ['users:read'],
  more: Record<string, unknown> = {},
): Promise<{ id: number; key: string; prefix: string }> {
  const body = { name: 'test', scopes, current_password: PASSWORD, ...more };
  const { status, json } = await owner.post(URL, body);
  if (status !== 201) throw new Error(`No key: ${JSON.stringify(json)}`);
  return json;
}

const withKey = (key: string) => ({ 'x-api-key': key });
const ask = (key: string, url = USERS) => anyone.get(url, withKey(key));

t.test('shows a key once and stores only its hash', async (t) => {
  const reply = await alice.post(URL, {
    name: 'Nightly backup',
    scopes: ['users:read', 'me:read', 'users:read'],
    current_password: PASSWORD,
    key: 'of my own',
    user_id: 1,
  });
  t.equal(reply.status, 201);
  t.equal(reply.headers['cache-control'], 'no-store');
  const { key, ...shown } = reply.json;
  t.match(key, /^alt_[0-9a-f]{8}_[A-Za-z0-9_-]{43}$/);
  t.equal(shown.prefix, key.slice(0, 12));
  t.match(shown, {
    name: 'Nightly backup',
    scopes: ['users:read', 'me:read'],
    created_at: clock.read().toISOString(),
    last_used_at: null,
    expires_at: null,
  });

  const list = await alice.get(URL);
  t.match(list.json, { total: 1, items: [shown] });
  t.same(Object.keys(list.json.items[0]), Object.keys(shown));
  t.notMatch(list.text, key);

  const { rows } = await app.pg.query('select key_hash, t::text as all from api_keys t');
  t.equal(rows.length, 1);
  t.same(rows[0].key_hash, createHash('sha256').update(key).digest());
  t.notOk(rows[0].all.includes(key.slice(13)), 'the row does not contain the secret');
});

t.test('creates a different key each time, even under the same Idempotency-Key', async (t) => {
  const again = { 'idempotency-key': 'the-same' };
  const body = { ...KEY, name: 'twice' };
  const [one, two] = [await bob.post(URL, body, again), await bob.post(URL, body, again)];
  t.same([one.status, two.status], [201, 201]);
  t.not(one.json.key, two.json.key);
  t.equal(two.headers['idempotent-replayed'], undefined);
  const { rows } = await app.pg.query('select count(*)::int as n from idempotency_keys');
  t.equal(rows[0].n, 0, 'stores no response with a secret');
});

t.test('rejects an invalid key with every error at once', async (t) => {
  const bad: [name: string, body: object, ...loc: string[][]][] = [
    ['nothing', {}, ['body', 'name'], ['body', 'scopes']],
    ['empty', { name: '', scopes: [] }, ['body', 'name'], ['body', 'scopes']],
    ['a long name', { name: 'x'.repeat(101), scopes: ['me:read'] }, ['body', 'name']],
    ['an unknown scope', { name: 'x', scopes: ['me:read', 'all'] }, ['body', 'scopes', '1']],
    ['no date', { name: 'x', scopes: ['me:read'], expires_at: 'soon' }, ['body', 'expires_at']],
  ];
  for (const [name, body, ...locs] of bad) {
    const { status, json } = await alice.post(URL, { current_password: PASSWORD, ...body });
    t.equal(status, 422, name);
    const found = json.detail.map(({ loc }: { loc: unknown[] }) => loc.map(String).slice(0, 3));
    t.same(found, locs, name);
  }
  const total = (await alice.get(URL)).json.total;
  for (const moment of [later(0), later(-1), '2001-01-01 00:00', '0001-01-01T00:00:00+12:00', 0]) {
    const { status, json } = await alice.post(URL, {
      ...KEY,
      expires_at: moment,
    });
    t.equal(status, 422, String(moment));
    t.match(json.detail, [
      {
        type: 'value_error',
        loc: ['body', 'expires_at'],
        msg: 'Value error, this timestamp must be in the future',
        input: moment,
        ctx: { error: {} },
      },
    ]);
  }
  t.equal((await alice.get(URL)).json.total, total, 'nothing was written');
});

t.test('requires the current password, throttled like every password check', async (t) => {
  const limited = await createTestApp(t, { LOGIN_ATTEMPTS: 3 });
  const nora = await limited.signedIn({ username: 'nora', email: 'nora@example.com' });
  const post = (current_password?: string) =>
    nora.post(URL, { name: 'x', scopes: ['me:read'], current_password });
  const missing = await post();
  t.match(
    [missing.status, missing.json.detail],
    [422, [{ type: 'missing', loc: ['body', 'current_password'] }]],
  );
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const refused = await post(`Wrong-Horse-${attempt}`);
    t.match(
      [refused.status, refused.json.detail],
      [422, [{ loc: ['body', 'current_password'], msg: /the current password is incorrect/ }]],
    );
    t.notMatch(refused.text, /Wrong-Horse/);
  }
  t.match(await post(PASSWORD), { status: 429, json: { code: 'too_many_attempts' } });
  t.equal((await nora.get(URL)).json.total, 0);
  t.equal(await lastMail(limited), undefined, 'no mail without a key');
  limited.clock.advance(1000);
  t.equal((await post(PASSWORD)).status, 201);
});

t.test('notifies the owner of a new key, in the language of the request', async (t) => {
  await newKey(alice, ['users:read'], { name: 'Sneaky\nkey {username}' });
  t.match(await lastMail({ app }), {
    to: 'alice@example.com',
    subject: 'An API key was created',
    text: /The API key "Sneaky key \{username\}" was created for your account alice\./,
  });
  await alice.post(URL, { ...KEY, name: '备份' }, { 'accept-language': 'zh' });
  const mail = await lastMail({ app });
  t.match(mail, { to: 'alice@example.com', subject: '已创建 API 密钥', text: /“备份”/ });
  t.notMatch(mail?.text, /alt_/, 'without the key');
  await newKey(bob);
  t.equal(await lastMail({ app }), mail, 'nobody without an address');
});

t.test('stores the expiry in UTC, whatever its offset', async (t) => {
  const given = [
    ['2101-01-31T09:30:00', '2101-01-31T09:30:00.000Z'],
    ['2101-01-31T09:30:00+05:30', '2101-01-31T04:00:00.000Z'],
    ['9999-12-31T23:59:59-12:00', '9999-12-31T23:59:59.999Z'],
  ] as const;
  for (const [expires_at, shown] of given) {
    const { status, json } = await alice.post(URL, { ...KEY, expires_at });
    t.same([status, json.expires_at], [201, shown], expires_at);
  }
});

t.test('accepts a key in both headers, overriding a cookie', async (t) => {
  const { key } = await newKey(admin);
  for (const headers of [
    withKey(key),
    { authorization: `Bearer ${key}` },
    { authorization: `bearer  ${key}` },
  ]) {
    const { status, json } = await anyone.get(`${USERS}?q=root`, headers);
    t.match([status, json.items], [200, [{ username: 'root', email: 'root@example.com' }]]);
    const besideCookie = await alice.get(`${USERS}?q=root`, headers);
    t.ok('email' in besideCookie.json.items[0], 'authenticates by the key, not by the cookie');
  }
  const public_ = await ask((await newKey(alice)).key, `${USERS}?q=root`);
  t.notOk('email' in public_.json.items[0], 'sees what the user of the key may see');
});

t.test('answers 401 to an unknown key, even on public operations', async (t) => {
  const { key } = await newKey(alice);
  const wrong = {
    'one character less': withKey(key.slice(0, -1)),
    'another case': withKey(key.toUpperCase()),
    'the visible part': withKey(key.slice(0, 12)),
    'no key at all': withKey('guess'),
    'an empty one': withKey(''),
    SQL: withKey("alt_' or 1=1 --"),
    'a Bearer that is a wrong key': { authorization: `Bearer ${key}x` },
    'an empty Bearer': { authorization: 'Bearer ' },
  };
  for (const [name, headers] of Object.entries(wrong)) {
    const reply = await anyone.get(USERS, headers);
    t.match([reply.status, reply.json.code], [401, 'invalid_token'], name);
    t.match(reply.headers['www-authenticate'], /^Bearer/, name);
    t.equal((await alice.get(USERS, headers)).status, 401, `${name}, with a valid cookie`);
  }
});

t.test('limits a key to its scopes', async (t) => {
  const { key } = await newKey(admin, ['me:read']);
  const refused = await ask(key);
  t.match([refused.status, refused.json.code], [403, 'insufficient_scope']);
  t.match(refused.headers['www-authenticate'], /error="insufficient_scope", scope="users:read"/);
  t.equal((await ask(key, '/api/v1/auth/session')).json.username, 'root');

  const reader = await newKey(admin, ['users:read']);
  t.equal((await anyone.post(USERS, { username: 'x1' }, withKey(reader.key))).status, 403);
  const all = await newKey(admin, ['users:read', 'users:write', 'me:read', 'me:write']);
  for (const reply of [
    await ask(all.key, URL),
    await anyone.post(URL, KEY, withKey(all.key)),
    await anyone.delete(`${URL}/1`, withKey(all.key)),
  ]) {
    t.match([reply.status, reply.json.code], [403, 'key_not_allowed'], 'no key manages keys');
  }
});

t.test('never exceeds the permissions of its user', async (t) => {
  const { key } = await newKey(alice, ['users:read', 'users:write']);
  for (const [method, url, payload] of [
    ['POST', USERS, { username: 'nobody' }],
    ['POST', `${USERS}/bulk`, [{ username: 'nobody' }]],
    ['PUT', `${USERS}/1/role`, { role: 'guest' }],
    ['DELETE', `${USERS}/1`, undefined],
  ] as const) {
    const request = { method, url, headers: withKey(key), ...(payload && { payload }) };
    const reply = await anyone.request(request as Parameters<Client['request']>[0]);
    t.match([reply.status, reply.json.code], [403, 'admin_required'], `${method} ${url}`);
  }
});

t.test('requires no CSRF token for a key, even with a cookie', async (t) => {
  const { key } = await newKey(admin, ['users:write']);
  const browser = client();
  await browser.signIn('alice', PASSWORD);
  browser.dropCsrfToken();
  t.equal((await browser.post(USERS, { username: 'bykey1' })).status, 403, 'cookie alone');
  t.equal((await browser.post(USERS, { username: 'bykey1' }, withKey(key))).status, 201);
  t.equal((await anyone.post(USERS, { username: 'bykey2' }, withKey(key))).status, 201);
});

t.test('expires to the millisecond', async (t) => {
  const { key } = await newKey(alice, ['users:read'], { expires_at: later(MINUTE) });
  clock.advance(MINUTE - 1);
  t.equal((await ask(key)).status, 200);
  clock.advance(1);
  t.match((await ask(key)).json, { code: 'invalid_token' });
  const { items } = (await alice.get(`${URL}?sort=-id`)).json;
  t.equal(items[0].expires_at, clock.read().toISOString(), 'stays listed');
});

t.test('revokes a deleted key at once; other users cannot delete it', async (t) => {
  const { id, key } = await newKey(alice);
  t.equal((await ask(key)).status, 200);
  for (const other of [bob, admin]) {
    t.match((await other.delete(`${URL}/${id}`)).json, { code: 'not_found' });
  }
  t.equal((await ask(key)).status, 200, 'still exists');
  const reply = await alice.delete(`${URL}/${id}`);
  t.same([reply.status, reply.text], [204, '']);
  t.equal((await ask(key)).status, 401);
  t.equal((await alice.delete(`${URL}/${id}`)).status, 404);
  for (const bad of ['x', '0', '99999999999']) {
    t.equal((await alice.delete(`${URL}/${bad}`)).status, 422, bad);
  }
});

t.test('ends with its user', async (t) => {
  const carol = await signedIn({ username: 'carol' });
  const { key } = await newKey(carol);
  const { id } = (await admin.get(`${USERS}?q=carol`)).json.items[0];
  await admin.patch(`${USERS}/${id}`, { is_active: false });
  t.match((await ask(key)).json, { code: 'user_unavailable' });
  await admin.patch(`${USERS}/${id}`, { is_active: true });
  t.equal((await ask(key)).status, 200, 'reactivated');
  await admin.delete(`${USERS}/${id}`);
  t.match([(await ask(key)).status, (await ask(key)).json.code], [401, 'invalid_token']);
});

t.test('applies a change of role to existing keys at once', async (t) => {
  const dan = await signedIn({ username: 'dan', role: 'admin' });
  const { key } = await newKey(dan, ['users:write']);
  t.equal((await anyone.post(USERS, { username: 'by_dan' }, withKey(key))).status, 201);
  await app.pg.query(`update users set permissions = 7 where username = 'dan'`);
  t.equal((await anyone.post(USERS, { username: 'by_dan2' }, withKey(key))).status, 403);
});

t.test('records the use of a key once a minute', async (t) => {
  const { id, key } = await newKey(alice);
  const noted = async () =>
    (await alice.get(`${URL}?sort=-id`)).json.items.find((item: { id: number }) => item.id === id)
      .last_used_at;
  const writes = async (count: number) =>
    (
      await recordStatements(() =>
        Promise.all(Array.from({ length: count }, () => ask(key, '/api/v1/auth/session'))),
      )
    ).filter((text) => text.startsWith('update "api_keys"')).length;
  t.equal(await noted(), null);
  await ask(key, '/api/v1/auth/session');
  const first = clock.read().toISOString();
  t.equal(await noted(), first, 'also without the scope, because the key was used');
  clock.advance(MINUTE - 1);
  t.equal(await writes(3), 0);
  t.equal(await noted(), first);
  clock.advance(1);
  t.ok((await writes(3)) > 0);
  t.equal(await noted(), clock.read().toISOString());
});

t.test('accepts a key whose use cannot be recorded', async (t) => {
  const { id, key } = await newKey(alice);
  const holder = await app.pg.pool.connect();
  try {
    await holder.query('begin');
    await holder.query(`select 1 from api_keys where id = ${id} for update`);
    t.equal((await ask(key)).status, 200, 'does not wait for the locked row');
    await holder.query('rollback');
  } finally {
    holder.release();
  }
  const unused = await newKey(admin, ['users:read', 'users:write']);
  const { rows } = await app.pg.query<{ name: string }>('select current_database() as name');
  await app.pg.query(`alter database ${rows[0]?.name} set default_transaction_read_only = on`);
  t.teardown(() => app.pg.query(`alter database ${rows[0]?.name} reset all`));
  const standby = (await createTestApp(t, {}, { databaseUrl })).client();
  t.equal((await standby.get(USERS, withKey(unused.key))).status, 200, 'read-only database');
  const write = await standby.post(USERS, { username: 'unwritten' }, withKey(unused.key));
  t.equal(write.status, 503, 'the database is indeed read-only');
});

t.test("lists only the viewer's own keys, in pages", async (t) => {
  const erin = await signedIn({ username: 'erin' });
  const ids: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    clock.advance(1);
    ids.push((await newKey(erin)).id);
  }
  const idsOf = (items: { id: number }[]) => items.map(({ id }) => id);
  const first = (await erin.get(`${URL}?size=2&sort=-created_at`)).json;
  t.match(first, { total: 5, pages: 3, has_next: true });
  t.same(idsOf(first.items), ids.slice(3).reverse());
  for (const sort of ['id', '-id', 'created_at', '-created_at']) {
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { json } = await erin.get(`${URL}?size=2&sort=${sort}&cursor=${cursor}`);
      seen.push(...idsOf(json.items));
      cursor = json.next_cursor;
    }
    t.same(seen, sort.startsWith('-') ? [...ids].reverse() : ids, sort);
  }
  t.equal((await erin.get(`${URL}?sort=key_hash`)).status, 422);
  t.equal((await erin.get(`${URL}?cursor=x`)).status, 422);
  const statements = await recordStatements(() => erin.get(`${URL}?size=100`));
  t.equal(statements.filter((text) => text.includes('api_keys')).length, 2);
});

t.test('allows fifty keys at most, even with concurrent requests', async (t) => {
  const frank = await signedIn({ username: 'frank' });
  for (let index = 0; index < MAX_API_KEYS - 2; index += 1) await newKey(frank);
  const replies = await Promise.all(
    Array.from({ length: 8 }, () => frank.post(URL, { ...KEY, name: 'last' })),
  );
  const count = (status: number) => replies.filter((reply) => reply.status === status).length;
  t.same([count(201), count(409)], [2, 6]);
  t.match(replies.find(({ status }) => status === 409)?.json, { code: 'too_many_keys' });
  const { items, total } = (await frank.get(URL)).json;
  t.equal(total, MAX_API_KEYS);
  await frank.delete(`${URL}/${items[0].id}`);
  t.equal((await frank.post(URL, KEY)).status, 201, 'allows another after one is deleted');
  t.equal((await bob.post(URL, KEY)).status, 201, 'others may');
});

t.test('requires a session to manage keys', async (t) => {
  for (const reply of [
    await anyone.get(URL),
    await anyone.post(URL, KEY),
    await anyone.delete(`${URL}/1`),
  ]) {
    t.match([reply.status, reply.json.code], [401, 'not_authenticated']);
  }
  bob.dropCsrfToken();
  t.match((await bob.post(URL, KEY)).json, { code: 'csrf_failed' });
  t.match((await bob.delete(`${URL}/1`)).json, { code: 'csrf_failed' });
  await bob.renewCsrfToken();
});

t.test('records creation and deletion in the audit log, without the key', async (t) => {
  const gina = await signedIn({ username: 'gina' });
  const { id, key, prefix } = await newKey(gina);
  await gina.delete(`${URL}/${id}`);
  const { rows } = await app.pg.query(
    `select action, actor_id, credential, before, after, t::text as all from audit_log t
     where resource = 'api_key' and resource_id = $1 order by id`,
    [String(id)],
  );
  const told = { name: 'test', prefix, scopes: ['users:read'], expires_at: null };
  t.match(rows, [
    { action: 'api_key.create', credential: 'session', before: null, after: told },
    { action: 'api_key.delete', credential: 'session', before: told, after: null },
  ]);
  for (const { all } of rows) t.notOk(all.includes(key.slice(13)));
});

t.test('creates no key without its audit entry', async (t) => {
  const other = await createTestApp(t);
  const heidi = await other.signedIn({ username: 'heidi' });
  await other.app.pg.query('alter table audit_log rename to elsewhere');
  t.equal((await heidi.post(URL, KEY)).status, 500);
  await other.app.pg.query('alter table elsewhere rename to audit_log');
  t.equal((await heidi.get(URL)).json.total, 0);
});

t.test('creates no key for a user deleted meanwhile', async (t) => {
  const { id } = await createUser({ username: 'ivan' });
  const ivan = client();
  await ivan.signIn('ivan', PASSWORD);
  const holder = await app.pg.pool.connect();
  try {
    await holder.query('begin');
    await holder.query(`delete from users where id = ${id}`);
    const asked = ivan.post(URL, KEY);
    await untilWaiting(app, 1);
    await holder.query('commit');
    t.match((await asked).json, { code: 'user_unavailable' });
  } finally {
    holder.release();
  }
});
