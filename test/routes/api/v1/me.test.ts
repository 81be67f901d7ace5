import t from 'tap';
import { SESSION_COOKIE } from '#plugins/sessions.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { keyOf, tokenOf } from '#test/support/credentials.js';
import { untilWaiting } from '#test/support/waiting.js';

const URL = '/api/v1/me';
const USERS = '/api/v1/users';

const testApp = await createTestApp(t);
const { app, client, clock, createUser, signedIn } = testApp;
const admin = await signedIn({ username: 'root', role: 'admin' });

const idOf = async (who: Client): Promise<number> => (await who.get(URL)).json.id;
const remove = (who: Client, password: string, headers: Record<string, string> = {}) =>
  who.request({ method: 'DELETE', url: URL, headers, payload: { password } });
const audit = async (actorId: number) =>
  (
    await app.pg.query(
      'select action, resource, resource_id, before, after, credential from audit_log where actor_id = $1 order by id',
      [actorId],
    )
  ).rows;
const countRows = async (table: 'sessions' | 'api_keys', userId: number): Promise<number> =>
  (await app.pg.query(`select 1 from ${table} where user_id = $1`, [userId])).rows.length;

t.test('returns all own fields, and 304 if they are unchanged', async (t) => {
  const alice = await signedIn({ username: 'alice', email: 'alice@example.com' });
  const first = await alice.get(URL);
  t.match(first.json, { username: 'alice', email: 'alice@example.com', role: 'author' });
  t.equal((await client().get(URL)).status, 401);

  const tag = String(first.headers['etag']);
  const again = await alice.get(URL, { 'if-none-match': tag });
  t.match([again.status, again.text], [304, '']);
  const { headers } = await alice.get(`${USERS}/${first.json.id}`);
  t.equal(headers['etag'], tag, 'the same resource');
  await alice.patch(URL, { bio: 'new' });
  t.equal((await alice.get(URL, { 'if-none-match': tag })).status, 200);
});

t.test('changes profile fields only', async (t) => {
  const ben = await signedIn({ username: 'ben', email: 'ben@example.com' });
  const id = await idOf(ben);
  clock.advance(1000);
  const reply = await ben.patch(URL, { nickname: 'Benny', age: 30 });
  t.match([reply.status, reply.json], [200, { nickname: 'Benny', age: 30, username: 'ben' }]);
  t.equal(reply.headers['etag'], (await ben.get(URL)).headers['etag']);

  const others = {
    username: 'king',
    email: 'king@example.com',
    is_active: false,
    role: 'admin',
    permissions: 143,
    password: 'x',
    id: 1,
  };
  t.match((await ben.patch(URL, others)).json, {
    id,
    username: 'ben',
    email: 'ben@example.com',
    is_active: true,
    permissions: 7,
  });
  t.equal((await ben.patch(URL, { age: 151 })).status, 422);
  t.equal((await client().patch(URL, { bio: 'x' })).status, 401);

  const [change] = (await audit(id)).filter(({ action }) => action === 'account.change');
  t.same(change, {
    action: 'account.change',
    resource: 'user',
    resource_id: String(id),
    before: { nickname: '', age: null },
    after: { nickname: 'Benny', age: 30 },
    credential: 'session',
  });
});

t.test('rejects the second of two updates with the same ETag', async (t) => {
  const carl = await signedIn({ username: 'carl' });
  const tag = String((await carl.get(URL)).headers['etag']);
  const both = await Promise.all([
    carl.patch(URL, { nickname: 'one' }, { 'if-match': tag }),
    carl.patch(URL, { nickname: 'two' }, { 'if-match': tag }),
  ]);
  t.same(both.map(({ status }) => status).sort(), [200, 412]);
  t.equal((await remove(carl, PASSWORD, { 'if-match': tag })).status, 412);
  t.equal((await carl.get(URL)).status, 200);
});

t.test('enforces the scopes of API keys', async (t) => {
  const { id } = await createUser({ username: 'dora' });
  const reads = await keyOf(testApp, id, ['me:read']);
  const writes = await keyOf(testApp, id, ['me:write']);
  const anyone = client();
  t.match((await anyone.get(URL, reads)).json, { id });
  t.match((await anyone.get(URL, writes)).json, { code: 'insufficient_scope' });
  t.equal((await anyone.patch(URL, { bio: 'x' }, writes)).status, 200);
  t.match((await anyone.patch(URL, { bio: 'x' }, reads)).json, { code: 'insufficient_scope' });
  t.match((await remove(anyone, PASSWORD, writes)).json, { code: 'key_not_allowed' });
});

t.test('requires the password for deletion, and does not repeat it', async (t) => {
  const emma = await signedIn({ username: 'emma' });
  const reply = await remove(emma, 'a Wrong guess 1');
  t.equal(reply.status, 422);
  t.same(reply.json.detail, [
    {
      type: 'value_error',
      loc: ['body', 'password'],
      msg: 'Value error, the current password is incorrect',
      input: '[redacted]',
      ctx: { error: {} },
    },
  ]);
  t.equal((await emma.delete(URL)).status, 422, 'without a body');
  t.equal((await remove(client(), PASSWORD)).status, 401);
  emma.dropCsrfToken();
  t.match((await remove(emma, PASSWORD)).json, { code: 'csrf_failed' });
  t.equal((await emma.get(URL)).status, 200, 'still exists');
});

t.test('deletes sessions and API keys with the account, and keeps only its id', async (t) => {
  const finn = await signedIn({ username: 'finn', email: 'finn@example.com' });
  const id = await idOf(finn);
  const elsewhere = client();
  await elsewhere.signIn('finn', PASSWORD);
  const token = await tokenOf(testApp, id);
  const key = await keyOf(testApp, id, ['me:read']);
  t.equal((await client().get(URL, token)).status, 200);
  t.match([await countRows('sessions', id), await countRows('api_keys', id)], [3, 1]);

  clock.advance(2 * 60_000);
  const reply = await remove(finn, PASSWORD);
  t.match([reply.status, reply.text], [204, '']);
  t.equal(finn.cookie(SESSION_COOKIE), undefined, 'clears the cookie and does not renew it');
  t.match([await countRows('sessions', id), await countRows('api_keys', id)], [0, 0]);
  t.equal((await admin.get(`${USERS}/${id}`)).status, 404);

  for (const reply of [
    await elsewhere.get(URL),
    await elsewhere.patch(URL, { bio: 'x' }),
    await elsewhere.get(`${URL}/sessions`),
    await client().get(URL, token),
    await client().get(URL, key),
    await client().post('/api/v1/auth/login', { username: 'finn', password: PASSWORD }),
  ]) {
    t.equal(reply.status, 401);
  }

  const entries = await audit(id);
  t.same(entries.at(-1), {
    action: 'account.delete',
    resource: 'user',
    resource_id: String(id),
    before: { role: 'author', permissions: 7 },
    after: null,
    credential: 'session',
  });
  t.ok(entries.length > 1);
  t.notMatch(JSON.stringify(entries), /finn/, 'audit entries keep the id without a username');
  t.equal((await admin.post(USERS, { username: 'finn' })).status, 201, 'the username is available');
});

t.test("deletes the token's user, and keeps the session of another user's cookie", async (t) => {
  const { id } = await createUser({ username: 'gina' });
  const token = await tokenOf(testApp, id);
  const hugo = await signedIn({ username: 'hugo' });
  t.equal((await remove(hugo, PASSWORD, token)).status, 204);
  t.equal((await client().get(URL, token)).status, 401);
  t.match((await hugo.get(URL)).json, { username: 'hugo' });
});

t.test('answers 401 to requests during deletion', async (t) => {
  const ivan = await signedIn({ username: 'ivan' });
  const id = await idOf(ivan);
  const holder = await app.pg.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('delete from users where id = $1', [id]);
    const waiting = Promise.all([ivan.patch(URL, { bio: 'x' }), remove(ivan, PASSWORD)]);
    await untilWaiting(app, 2);
    await holder.query('commit');
    for (const reply of await waiting) {
      t.match([reply.status, reply.json.code], [401, 'user_unavailable']);
    }
  } finally {
    holder.release();
  }
});

t.test('keeps the last administrator', async (t) => {
  t.match((await remove(admin, PASSWORD)).json, { code: 'last_administrator' });
  const second = await signedIn({ username: 'second', role: 'admin' });
  const replies = await Promise.all([remove(admin, PASSWORD), remove(second, PASSWORD)]);
  t.same(replies.map(({ status }) => status).sort(), [204, 409], 'not both succeed');
});

t.test('whatever a profile contains, everyone can list, read and export it', async (t) => {
  const test = await createTestApp(t);
  const ada = await test.signedIn({ username: 'ada' });
  const odd = [
    '\ufeff',
    '\u0085',
    '\u00a0',
    '\u001c',
    '\u180e',
    '\u200b',
    '\u2028',
    '\u3000',
    '\u00ad',
  ];
  const statuses = new Set<number>();
  for (const letter of odd) {
    for (const profile of [
      { avatar_url: `https://x/${letter}` },
      { nickname: `a${letter}b` },
      { bio: letter },
      { tags: [`t${letter}`] },
      { address: { street: letter, city: letter, zipcode: letter } },
    ]) {
      const { status } = await ada.patch('/api/v1/me', profile);
      statuses.add(status);
      const shown = `U+${letter.charCodeAt(0).toString(16)} in ${Object.keys(profile)}`;
      t.ok(status === 200 || status === 422, `${shown}: ${status}`);
    }
  }
  t.ok(statuses.has(200));
  for (const reader of [
    ada,
    test.client(),
    await test.signedIn({ username: 'root', role: 'admin' }),
  ]) {
    for (const path of ['', '/1', '/export.json', '/export.csv']) {
      t.equal((await reader.get(`/api/v1/users${path}`)).status, 200, path);
    }
    t.equal((await reader.get('/api/v1/users/export.json')).json[0].username, 'ada');
  }
});
