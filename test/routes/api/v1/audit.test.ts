import pg from 'pg';
import t from 'tap';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { lastToken } from '#test/support/mails.js';
import { type RecordedStatement, recordCalls, recordStatements } from '#test/support/statements.js';

const URL = '/api/v1/audit';
const USERS = '/api/v1/users';

const { app, client, clock, createUser, databaseUrl, signedIn } = await createTestApp(t);
const admin = await signedIn({ username: 'root', role: 'admin' });
const anyone = client();

type Entry = { id: number; action: string; resource_id: string };
const list = async (query: string) => (await admin.get(`${URL}?${query}`)).json;
const newest = async () => (await list('size=1')).items[0];
const count = async () => (await list('size=1')).total;

t.test('records actor, action, time, IP address and request', async (t) => {
  clock.advance(1000);
  const { json: user } = await admin.post(
    USERS,
    { username: 'alice', email: 'alice@example.com', password: 'Quiet-Harbour-77' },
    { 'x-request-id': 'create-alice' },
  );
  const root = (await list('action=session.begin')).items.at(-1).actor;
  t.match(root, { username: 'root' });
  const { id, ...entry } = await newest();
  t.ok(id > 0);
  t.same(entry, {
    at: clock.read().toISOString(),
    last_at: clock.read().toISOString(),
    count: 1,
    actor: root,
    credential: 'session',
    action: 'user.create',
    resource: 'user',
    resource_id: String(user.id),
    address: '127.0.0.1',
    request_id: 'create-alice',
    before: null,
    after: {
      username: 'alice',
      email: 'alice@example.com',
      nickname: '',
      bio: '',
      avatar_url: null,
      age: null,
      tags: [],
      address: null,
      role: 'author',
      is_active: true,
    },
    erased_at: null,
  });
});

t.test('records the previous and new values of any shape', async (t) => {
  const { json: user } = await admin.post(USERS, { username: 'shapes', tags: ['a'] });
  const address = { street: 'Main St "123"', city: '深圳', zipcode: null };
  await admin.patch(`${USERS}/${user.id}`, { address, tags: ['a', 'b'], bio: '' });
  t.match(await newest(), {
    action: 'user.change',
    before: { address: null, tags: ['a'] },
    after: { address, tags: ['a', 'b'] },
  });
  t.same(Object.keys((await newest()).after).sort(), ['address', 'tags']);
  await admin.delete(`${USERS}/${user.id}`);
  t.match(await newest(), {
    action: 'user.delete',
    resource_id: String(user.id),
    before: { role: 'author', permissions: 7 },
    after: null,
  });
  t.notOk('username' in (await newest()).before, 'the log keeps no name of a deleted user');

  // Stored values are returned whole, even those that no schema defines.
  const after = { deep: { er: [{ still: [null, 1.5, 'x'] }] }, 'odd key\n"': true, '': {} };
  await app.pg.query(
    `insert into audit_log (action, resource, after) values ('job.retry', 'job', $1)`,
    [JSON.stringify(after)],
  );
  t.same((await newest()).after, after);
});

t.test('records one entry per item of a bulk request, with one statement', async (t) => {
  const before = await count();
  const statements = await recordStatements(async () => {
    await admin.post(`${USERS}/bulk`, [{ username: 'one' }, { username: 'two' }]);
  });
  t.equal(statements.filter((text) => /insert into audit_log/.test(text)).length, 1);
  t.equal(await count(), before + 2);
  const { id } = (await admin.get(`${USERS}?q=two`)).json.items[0];
  t.match(await newest(), {
    action: 'user.create',
    resource_id: String(id),
    after: { username: 'two' },
  });
});

t.test('records nothing if nothing changes', async (t) => {
  const { id } = (await admin.get(`${USERS}?q=two`)).json.items[0];
  const before = await count();
  t.equal((await admin.patch(`${USERS}/${id}`, {})).status, 200);
  t.equal(await count(), before);
});

t.test('records the credential, or null for anonymous requests', async (t) => {
  const { key, id } = (
    await admin.post('/api/v1/me/api-keys', {
      name: 'x',
      scopes: ['users:write', 'audit:read'],
      current_password: PASSWORD,
    })
  ).json;
  t.match(await newest(), { action: 'api_key.create', resource: 'api_key', resource_id: `${id}` });
  const headers = { 'x-api-key': key };
  t.equal((await anyone.post(USERS, { username: 'by_key' }, headers)).status, 201);
  t.match(await newest(), { credential: 'key', actor: { username: 'root' } });
  t.equal((await anyone.get(URL, headers)).status, 200);

  await client().signIn('root', PASSWORD);
  t.match(await newest(), {
    action: 'session.begin',
    resource: 'session',
    actor: { username: 'root' },
    credential: null,
  });
  await app.pg.query(
    `insert into audit_log (action, resource) values ('account.register', 'user')`,
  );
  t.match(await newest(), { actor: null, credential: null, address: null, before: null });
});

t.test('records wrong passwords of those who are signed in, repeats in one entry', async (t) => {
  const { id } = await createUser({ username: 'mistyping', email: 'mistyping@example.com' });
  const browser = client();
  await browser.signIn('mistyping', PASSWORD);
  const wrong = 'a-Secret-typed-2';
  const key = { name: 'x', scopes: ['me:read'], current_password: wrong };
  const change = { new_password: 'Battery-Staple-8', confirm_password: 'Battery-Staple-8' };
  const confirm = { email: 'new@example.com', password: wrong };
  for (const reply of [
    await browser.post('/api/v1/me/api-keys', key),
    await browser.post('/api/v1/auth/change-password', { current_password: wrong, ...change }),
    await browser.post('/api/v1/me/email', confirm),
    await browser.request({ method: 'DELETE', url: '/api/v1/me', payload: { password: wrong } }),
  ]) {
    t.equal(reply.status, 422, reply.text);
  }
  const found = await admin.get('/api/v1/audit?action=account.password_refused');
  t.equal(found.json.total, 1);
  t.match(found.json.items[0], {
    resource: 'user',
    resource_id: String(id),
    count: 4,
    actor: null,
    address: '127.0.0.1',
    before: null,
    after: null,
  });
  t.notMatch(found.text, 'typed');
  t.equal(
    (await browser.post('/api/v1/me/api-keys', { ...key, current_password: PASSWORD })).status,
    201,
  );
  t.equal(
    (await admin.get('/api/v1/audit?action=account.password_refused')).json.items[0].count,
    4,
  );
});

t.test('records wrong passwords of those who confirm a registration', async (t) => {
  const test = await createTestApp(t);
  const auditor = await test.signedIn({ username: 'auditor', role: 'admin' });
  const passwords = { password: PASSWORD, confirm_password: PASSWORD };
  const registration = { username: 'newcomer', email: 'newcomer@example.com', agree_terms: true };
  await test.client().post('/api/v1/auth/register', { ...registration, ...passwords });
  const token = await lastToken(test);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const body = { token, password: 'a-Secret-typed-3' };
    t.equal((await test.client().post('/api/v1/auth/verify-email', body)).status, 401);
  }
  const found = await auditor.get('/api/v1/audit?action=account.password_refused');
  t.match(found.json, { total: 1, items: [{ count: 3, resource: 'user', resource_id: null }] });
  t.notMatch(found.text, /typed|newcomer/);
});

t.test('records a failed login without the input', async (t) => {
  const { id } = (await admin.get('/api/v1/me')).json;
  await client().signIn('root', 'a-Secret-typed-1');
  t.match(await newest(), {
    action: 'account.sign_in_refused',
    resource: 'user',
    resource_id: String(id),
    actor: null,
    before: null,
    after: null,
  });
  await client().signIn('a-Secret-typed-1', 'x');
  const entry = await newest();
  t.match(entry, { action: 'account.sign_in_refused', resource_id: null });
  t.notMatch(JSON.stringify(entry), 'typed');
});

t.test('keeps entries of deleted users', async (t) => {
  const { id } = await createUser({ username: 'leaver', role: 'admin' });
  const leaver = client();
  await leaver.signIn('leaver', PASSWORD);
  await leaver.post(USERS, { username: 'left_behind' });
  await admin.patch(`${USERS}/${id}`, { username: 'renamed' });
  t.match((await list(`actor_id=${id}`)).items[0].actor, { id, username: 'renamed' });
  await admin.delete(`${USERS}/${id}`);
  const { items, total } = await list(`actor_id=${id}`);
  t.equal(total, 2);
  for (const { actor } of items) t.same(actor, { id, username: null });
});

t.test('records nothing for rejected requests', async (t) => {
  const { headers, json } = await admin.post(USERS, { username: 'contested' });
  const url = `${USERS}/${json.id}`;
  await admin.patch(url, { bio: 'newer' });
  const before = await count();
  const stale = { 'if-match': String(headers['etag']) };
  const refused = [
    [409, await admin.post(USERS, { username: 'CONTESTED' })],
    [409, await admin.post(`${USERS}/bulk`, [{ username: 'fine' }, { username: 'contested' }])],
    [409, await admin.patch(url, { username: 'alice' })],
    [412, await admin.patch(url, { bio: 'x' }, stale)],
    [412, await admin.put(`${url}/role`, { role: 'guest' }, stale)],
    [412, await admin.delete(url, stale)],
    [404, await admin.delete(`${USERS}/2000000000`)],
    [422, await admin.post(USERS, {})],
    [403, await (await signedIn({ username: 'author' })).post(USERS, { username: 'x1' })],
    [401, await anyone.delete(url)],
  ] as const;
  for (const [status, reply] of refused) t.equal(reply.status, status);
  t.equal(await count(), before + 1, 'the login of the author');
});

t.test('makes no change without its entry', async (t) => {
  const other = await createTestApp(t);
  const boss = await other.signedIn({ username: 'boss', role: 'admin' });
  const { json: user } = await boss.post(USERS, { username: 'kept' });
  const { rows: before } = await other.app.pg.query('select * from users order by id');
  await other.app.pg.query('alter table audit_log rename to elsewhere');
  for (const reply of [
    await boss.post(USERS, { username: 'unwritten' }),
    await boss.post(`${USERS}/bulk`, [{ username: 'unwritten' }]),
    await boss.patch(`${USERS}/${user.id}`, { bio: 'x' }),
    await boss.put(`${USERS}/${user.id}/role`, { role: 'guest' }),
    await boss.delete(`${USERS}/${user.id}`),
  ]) {
    t.equal(reply.status, 500);
  }
  const { rows: after } = await other.app.pg.query('select * from users order by id');
  t.same(after, before);
});

t.test('records a replayed request once', async (t) => {
  const key = { 'idempotency-key': 'audit-1' };
  const before = await count();
  for (let attempt = 0; attempt < 2; attempt += 1) {
    t.equal((await admin.post(USERS, { username: 'retried' }, key)).status, 201);
  }
  t.equal(await count(), before + 1);
});

t.test('prevents changes and deletions of entries in the database itself', async (t) => {
  const superuser = new pg.Client({ connectionString: databaseUrl });
  await superuser.connect();
  t.teardown(() => superuser.end());
  const { rows } = await superuser.query('show is_superuser');
  t.equal(rows[0].is_superuser, 'on');
  const { rows: before } = await superuser.query('select * from audit_log order by id');
  for (const statement of [
    `update audit_log set action = 'user.change'`,
    'update audit_log set id = default where id = 1',
    'delete from audit_log',
    'delete from audit_log where id = 1',
    'truncate audit_log',
    'truncate audit_log, users cascade',
    `insert into audit_log (id, action, resource) overriding system value values (1, 'x', 'y')
     on conflict (id) do update set action = 'x'`,
    `merge into audit_log using (select 1 as id) s on audit_log.id = s.id
     when matched then delete`,
  ]) {
    await t.rejects(superuser.query(statement), { code: '42501' }, statement);
  }
  const { rows: after } = await superuser.query('select * from audit_log order by id');
  t.same(after, before);
});

t.test('lists newest or oldest first', async (t) => {
  const { rows } = await app.pg.query<{ id: string }>('select id from audit_log order by id');
  const ids = rows.map(({ id }) => Number(id));
  const idsOf = ({ items }: { items: Entry[] }) => items.map(({ id }) => id);
  const page = await list('size=5&page=2');
  t.match(page, { total: ids.length, page: 2, has_prev: true });
  t.same(idsOf(page), [...ids].reverse().slice(5, 10));
  for (const sort of ['id', '-id']) {
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next: Awaited<ReturnType<typeof list>> = await list(
        `size=7&sort=${sort}&cursor=${cursor}`,
      );
      seen.push(...idsOf(next));
      cursor = next.next_cursor;
    }
    t.same(seen, sort === 'id' ? ids : [...ids].reverse(), sort);
  }
  const { headers } = await admin.get(`${URL}?action=user.create&size=1`);
  t.match(headers['link'], /<\/api\/v1\/audit\?action=user\.create&size=1&page=2>; rel="next"/);
});

t.test('supports every filter, alone and combined', async (t) => {
  clock.advance(60_000);
  const since = clock.read().toISOString();
  const editor = await signedIn({ username: 'filtered', role: 'admin' });
  const { id } = (await admin.get(`${USERS}?q=filtered`)).json.items[0];
  const made = (await editor.post(USERS, { username: 'made' }, { 'x-request-id': 'r-1' })).json;
  clock.advance(60_000);
  const until = clock.read().toISOString();
  await editor.patch(`${USERS}/${made.id}`, { bio: 'x' }, { 'x-request-id': 'r-2' });
  const actions = async (query: string) =>
    (await list(`sort=id&size=100&${query}`)).items.map(({ action }: Entry) => action);

  t.same(await actions(`actor_id=${id}`), ['session.begin', 'user.create', 'user.change']);
  t.same(await actions(`actor_id=${id}&action=user.change`), ['user.change']);
  t.same(await actions(`actor_id=${id}&resource=session`), ['session.begin']);
  t.same(await actions(`resource=user&resource_id=${made.id}`), ['user.create', 'user.change']);
  t.same(await actions('request_id=r-2'), ['user.change']);
  t.same(await actions('request_id=r-1&resource_id=0'), []);
  t.same(await actions(`since=${since}&until=${until}`), ['session.begin', 'user.create']);
  t.same(await actions(`since=${until}`), ['user.change'], 'since is inclusive, until exclusive');
  t.same(await actions(`actor_id=${id}&until=${since}`), []);
  t.equal((await list(`actor_id=${id}`)).total, 3, 'the count is filtered too');
  t.same(await actions('since=9999-12-31T23:59:59-12:00'), []);
  t.equal((await list('since=0001-01-01T00:00:00%2B12:00')).total, await count());
  t.same(await actions(`request_id=${encodeURIComponent("' or 1=1 --")}`), []);

  for (const bad of [
    'actor_id=x',
    'actor_id=0',
    'action=user.fly',
    `resource=${'x'.repeat(65)}`,
    `request_id=${'x'.repeat(65)}`,
    'resource_id=%00',
    'since=yesterday',
    'sort=at',
    'cursor=x',
  ]) {
    t.equal((await admin.get(`${URL}?${bad}`)).status, 422, bad);
  }
});

t.test('requires an administrator', async (t) => {
  t.match((await anyone.get(URL)).json, { code: 'not_authenticated' });
  const editor = await signedIn({ username: 'editress', role: 'editor' });
  t.match((await editor.get(URL)).json, { code: 'admin_required' });
  const body = { name: 'x', scopes: ['users:read'], current_password: PASSWORD };
  const { key } = (await admin.post('/api/v1/me/api-keys', body)).json;
  t.match((await anyone.get(URL, { 'x-api-key': key })).json, { code: 'insufficient_scope' });
});

t.test('contains no secrets', async (t) => {
  const secrets = [PASSWORD, 'ignored', '$argon2'];
  const somebody = await signedIn({ username: 'secretive', role: 'admin' });
  secrets.push(String(somebody.cookie('althing_session')).split('.')[0] ?? '');
  secrets.push((await somebody.get('/api/v1/auth/csrf')).json.csrf_token);
  const { key, id } = (
    await somebody.post('/api/v1/me/api-keys', {
      name: 'x',
      scopes: ['me:read'],
      current_password: PASSWORD,
    })
  ).json;
  secrets.push(key, key.slice(13));
  await somebody.delete(`/api/v1/me/api-keys/${id}`);
  await client().signIn('secretive', `${PASSWORD}wrong`);
  const { json: user } = await somebody.post(USERS, {
    username: 'given',
    password: 'Quiet-Harbour-77',
  });
  secrets.push('Quiet-Harbour-77');
  await somebody.put(`${USERS}/${user.id}/role`, { role: 'editor' });
  await somebody.patch(`${USERS}/${user.id}`, { password_hash: 'ignored', is_active: false });
  await somebody.post('/api/v1/auth/logout');

  const { rows } = await app.pg.query<{ line: string; action: string }>(
    'select action, t::text as line from audit_log t',
  );
  const { rows: stored } = await app.pg.query<{ hash: string }>(
    `select password_hash as hash from users where password_hash is not null
     union all select encode(id_hash, 'hex') from sessions
     union all select encode(key_hash, 'hex') from api_keys`,
  );
  secrets.push(...stored.map(({ hash }) => hash));
  t.ok(secrets.length > 10 && secrets.every((secret) => secret.length > 6));
  const actions = new Set(rows.map(({ action }) => action));
  for (const action of [
    'user.create',
    'user.change',
    'user.delete',
    'user.role',
    'api_key.create',
  ] as const) {
    t.ok(actions.has(action), `${action} was checked`);
  }
  for (const { line } of rows) {
    const found = secrets.find((secret) => line.includes(secret));
    t.equal(found, undefined, line.slice(0, 80));
  }
});

t.test('searches a long log by index', async (t) => {
  await app.pg.query(
    `insert into audit_log (at, actor_id, action, resource, resource_id, request_id)
     select now() - n * interval '1 second', 1000 + n % 1000, 'user.change', 'user',
            (n % 20000)::text, 'bulk-' || n
     from generate_series(1, 100000) n`,
  );
  await app.pg.query('analyze audit_log');
  for (const [query, found] of [
    ['actor_id=1007', 100],
    ['resource=user&resource_id=777', 5],
    ['request_id=bulk-4711', 1],
    ['actor_id=1007&action=user.change&since=2000-01-01T00:00:00', 100],
  ] as const) {
    let reply: Awaited<ReturnType<typeof list>>;
    const statements = await recordCalls(async () => {
      reply = await list(query);
    });
    t.equal(reply.total, found, query);
    const asked = statements.filter(({ text }) => text.includes('audit_log'));
    t.equal(asked.length, 2, `${query}: page and count`);
    const byCursor = await recordStatements(() => list(`${query}&cursor=`));
    t.equal(byCursor.filter((text) => text.includes('audit_log')).length, 1);
    for (const statement of asked) {
      const plan = await planOf(statement);
      t.notMatch(plan, /Seq Scan on audit_log/, `${query}: ${statement.text.slice(0, 40)}`);
      t.match(plan, /audit_log_(?:actor_id|resource|request_id)_idx/, query);
    }
  }
});

/** Returns the database's plan for a statement with its values. */
async function planOf({ text, values }: RecordedStatement): Promise<string> {
  const { rows } = await app.pg.query(`explain ${text}`, [...values]);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}
