import { hash } from '@node-rs/argon2';
import t from 'tap';
import { DEMO_USERS } from '#app/demo/demo-data.js';
import { insertUsers } from '#src/people/stores/user-changes.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { keyOf, tokenOf } from '#test/support/credentials.js';
import { recordStatements } from '#test/support/statements.js';

const URL = '/api/v1/users';
const PUBLIC_FIELDS = ['avatar_url', 'bio', 'created_at', 'id', 'nickname', 'tags', 'username'];

const { app, client, signedIn, createUser, clock } = await createTestApp(t);
await insertUsers(app.db, DEMO_USERS);
const admin = await signedIn({ username: 'root', role: 'admin', email: 'root@example.org' });
const anyone = client();

type Item = { id: number; username: string };
const names = (reply: { json: { items: Item[] } }) => reply.json.items.map((item) => item.username);

t.test('searches, sorts and pages lists', async (t) => {
  t.same(names(await anyone.get(`${URL}?q=li`)), ['alice', 'charlie']);
  t.same(names(await anyone.get(`${URL}?q=LI&sort=-username`)), ['charlie', 'alice']);
  t.same(names(await anyone.get(`${URL}?q=user_&size=3&page=4`)), ['user_10']);

  const page = (await anyone.get(`${URL}?size=5&page=2&sort=username`)).json;
  t.match(page, { total: 17, page: 2, size: 5, pages: 4, has_next: true, has_prev: true });
  t.same(names({ json: page }), ['frank', 'root', 'user_01', 'user_02', 'user_03']);
  t.equal((await anyone.get(`${URL}?size=10`)).json.pages, 2);

  const beyond = (await anyone.get(`${URL}?page=999`)).json;
  t.match(beyond, { items: [], total: 17, page: 999, has_next: false, next_cursor: null });
});

t.test('takes two statements for a list of any length, one by cursor', async (t) => {
  const byNumber = await recordStatements(() => anyone.get(`${URL}?q=user&size=100`));
  t.equal(byNumber.length, 2);
  const byCursor = await recordStatements(() => anyone.get(`${URL}?cursor=&size=100`));
  t.equal(byCursor.length, 1);
});

t.test('treats wildcards of LIKE as text in q', async (t) => {
  for (const q of ['%', '_x_', '\\', 'a%e', 'ali_e']) {
    t.same(names(await anyone.get(`${URL}?q=${encodeURIComponent(q)}`)), [], q);
  }
  t.equal((await anyone.get(`${URL}?q=_`)).json.total, 10, 'usernames with an underscore');
});

t.test('treats SQL in parameters as text', async (t) => {
  for (const q of ["' OR 1=1 --", "'; drop table users; --", '$1', "\\'"]) {
    t.same(names(await anyone.get(`${URL}?q=${encodeURIComponent(q)}`)), [], q);
  }
  const sort = await anyone.get(`${URL}?sort=${encodeURIComponent('id; drop table users')}`);
  t.equal(sort.status, 422);
  t.equal((await anyone.get(URL)).json.total, 17);
});

t.test('rejects invalid queries with every error at once', async (t) => {
  const reply = await anyone.get(`${URL}?sort=password_hash&page=0&size=101&cursor=x`);
  t.equal(reply.status, 422);
  t.same(
    reply.json.detail.map(({ type, loc }: { type: string; loc: string[] }) => [type, ...loc]),
    [
      ['greater_than_equal', 'query', 'page'],
      ['less_than_equal', 'query', 'size'],
      ['literal_error', 'query', 'sort'],
    ],
  );
  for (const query of [
    'size=0',
    'size=ten',
    'page=1.5',
    'sort=',
    `q=${'x'.repeat(101)}`,
    'q=%00',
  ]) {
    t.equal((await anyone.get(`${URL}?${query}`)).status, 422, query);
  }
  t.equal((await anyone.get(`${URL}?unknown=1`)).status, 200, 'ignores unknown parameters');
});

t.test('links the neighbouring pages', async (t) => {
  const { headers } = await anyone.get(`${URL}?q=user&size=3&page=2`);
  t.equal(
    headers['link'],
    [
      `<${URL}?q=user&size=3&page=1>; rel="first"`,
      `<${URL}?q=user&size=3&page=1>; rel="prev"`,
      `<${URL}?q=user&size=3&page=3>; rel="next"`,
      `<${URL}?q=user&size=3&page=4>; rel="last"`,
    ].join(', '),
  );
  const walked = await anyone.get(`${URL}?size=3&cursor=`);
  t.match(walked.headers['link'], new RegExp(`cursor=${walked.json.next_cursor}.*rel="next"`));
});

t.test('rejects a cursor that the list did not issue', async (t) => {
  const { next_cursor } = (await anyone.get(`${URL}?size=2&sort=username`)).json;
  t.equal((await anyone.get(`${URL}?sort=username&cursor=${next_cursor}`)).status, 200);
  const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const bad = {
    'of another order': next_cursor,
    'not JSON': 'zzz',
    'of another shape': forged({ id: 1 }),
    'with a key of another type': forged(['id', 'x', 1]),
    'with a moment that is none': forged(['created_at', 'yesterday', 1]),
  };
  for (const [name, cursor] of Object.entries(bad)) {
    const sort = name.includes('moment') ? 'created_at' : 'id';
    const reply = await anyone.get(`${URL}?sort=${sort}&cursor=${cursor}`);
    t.equal(reply.status, 422, name);
    t.same(reply.json.detail[0].loc, ['query', 'cursor'], name);
  }
  const huge = await anyone.get(`${URL}?cursor=${forged(['id', 2 ** 40, 2 ** 40])}`);
  t.not(huge.status, 500, 'numbers beyond the range of the column cause no error');
});

t.test('shows and searches public fields only', async (t) => {
  for (const item of (await anyone.get(URL)).json.items) {
    t.same(Object.keys(item).sort(), PUBLIC_FIELDS);
  }
  const { id } = (await anyone.get(`${URL}?q=alice`)).json.items[0];
  t.same(Object.keys((await anyone.get(`${URL}/${id}`)).json).sort(), PUBLIC_FIELDS);
  t.equal((await anyone.get(`${URL}?q=example.org`)).json.total, 0, 'not by email address');
  t.equal((await admin.get(`${URL}?q=example.org`)).json.total, 1, 'administrators may');

  const bob = await signedIn({ username: 'bobby', email: 'bobby@example.com' });
  const me = (await bob.get(`${URL}?q=bobby`)).json.items[0];
  t.notOk('email' in me, 'a list shows public fields even of the viewer');
  t.equal((await bob.get(`${URL}/${me.id}`)).json.email, 'bobby@example.com', 'all own fields');
  t.notOk('email' in (await bob.get(`${URL}/${id}`)).json, 'public fields of others');
});

t.test('shows inactive users to administrators only', async (t) => {
  const { id } = await createUser({ username: 'ghost', is_active: false });
  t.equal((await anyone.get(`${URL}/${id}`)).status, 404);
  t.equal((await anyone.get(`${URL}?q=ghost`)).json.total, 0);
  t.equal((await admin.get(`${URL}/${id}`)).json.is_active, false);
});

t.test('returns nulls for unset fields', async (t) => {
  const { id } = (await admin.post(URL, { username: 'bare' })).json;
  t.match((await admin.get(`${URL}/${id}`)).json, {
    email: null,
    age: null,
    address: null,
    avatar_url: null,
    last_login_at: null,
    nickname: '',
    bio: '',
    tags: [],
    role: 'author',
    is_active: true,
  });
});

t.test('creates a user with all fields', async (t) => {
  const whole = {
    username: 'john',
    email: 'John@example.com',
    nickname: '约翰 😀',
    bio: 'A few\nwords',
    avatar_url: 'https://example.com/j.png',
    age: 30,
    tags: ['staff', 'a "quoted", {one}'],
    address: { street: 'Main St 123', city: 'Shenzhen', zipcode: '518000' },
    role: 'editor',
    is_active: true,
  };
  const reply = await admin.post(URL, { ...whole, password_hash: 'x', id: 1, unknown: true });
  t.equal(reply.status, 201);
  t.match(reply.json, whole);
  t.equal(reply.headers['location'], `${URL}/${reply.json.id}`);
  t.match(reply.headers['etag'], /^"[^"]+"$/);
  t.same((await admin.get(`${URL}/${reply.json.id}`)).json, reply.json);
});

t.test('stores, shows and exports an email address in any script', async (t) => {
  for (const [index, email] of ['ü@exämple.com', '用户@例子.公司', 'ß@example.com'].entries()) {
    const { status, json } = await admin.post(URL, { username: `script${index}`, email });
    t.match([status, json.email], [201, email]);
    t.equal((await admin.get(`${URL}/${json.id}`)).json.email, email);
    t.equal((await admin.patch(`${URL}/${json.id}`, { bio: 'x' })).json.email, email);
    t.ok((await admin.get(`${URL}/export.json`)).text.includes(email));
    await admin.delete(`${URL}/${json.id}`);
  }
});

t.test('rejects invalid values with every error, and writes nothing', async (t) => {
  const { total } = (await admin.get(URL)).json;
  const reply = await admin.post(URL, { username: 'a', age: 200 });
  t.equal(reply.status, 422);
  t.same(reply.json, {
    detail: [
      {
        type: 'string_too_short',
        loc: ['body', 'username'],
        msg: 'String should have at least 2 characters',
        input: 'a',
        ctx: { min_length: 2 },
      },
      {
        type: 'less_than_equal',
        loc: ['body', 'age'],
        msg: 'Input should be less than or equal to 150',
        input: 200,
        ctx: { le: 150 },
      },
    ],
  });
  const bad: Record<string, unknown> = {
    'no body': undefined,
    'a list': [],
    'no username': {},
    'a username that begins with a digit': { username: '1a' },
    'a long username': { username: 'a'.repeat(51) },
    'a long emoji nickname': { username: 'ok', nickname: '😀'.repeat(51) },
    'a bad e-mail address': { username: 'ok', email: 'nobody' },
    'a script as avatar': { username: 'ok', avatar_url: 'javascript:alert(1)' },
    'an age that is no number': { username: 'ok', age: 'old' },
    'a tag that is no text': { username: 'ok', tags: [1] },
    'an address without a city': { username: 'ok', address: { street: 'x' } },
    'an unknown role': { username: 'ok', role: 'king' },
    'null for what is not nullable': { username: 'ok', nickname: null },
    'a character that cannot be stored': { username: 'ok', nickname: 'a\u0000b' },
  };
  for (const [name, body] of Object.entries(bad)) {
    t.equal((await admin.post(URL, body)).status, 422, name);
  }
  t.equal((await admin.get(URL)).json.total, total);
});

t.test('rejects a taken username or email address in any case', async (t) => {
  const { total } = (await admin.get(URL)).json;
  const name = await admin.post(URL, { username: 'ALICE' });
  t.equal(name.status, 409);
  t.match(name.json, {
    code: 'duplicate',
    errors: [{ loc: ['body', 'username'], input: 'ALICE' }],
  });
  const mail = await admin.post(URL, { username: 'alice2', email: 'Alice@EXAMPLE.com' });
  t.match(mail.json, { code: 'duplicate', errors: [{ loc: ['body', 'email'] }] });
  t.match(mail.json.detail, /email/);
  const { id } = (await admin.get(`${URL}?q=bob&sort=username`)).json.items[0];
  t.equal((await admin.patch(`${URL}/${id}`, { username: 'Alice' })).status, 409);
  t.equal((await admin.put(`${URL}/${id}`, { username: 'Alice' })).status, 409);
  t.equal((await admin.patch(`${URL}/${id}`, { username: 'BOB' })).status, 200, 'except their own');
  t.equal((await admin.get(URL)).json.total, total);
});

t.test('replaces with PUT, updates with PATCH', async (t) => {
  const { id } = (
    await admin.post(URL, { username: 'kim', email: 'kim@example.com', age: 5, tags: ['x'] })
  ).json;
  const patched = (
    await admin.patch(`${URL}/${id}`, { age: null, address: { street: 's', city: 'c' } })
  ).json;
  t.match(patched, { username: 'kim', email: 'kim@example.com', age: null, tags: ['x'] });
  t.match(patched.address, { street: 's', city: 'c', zipcode: null });

  const replaced = (await admin.put(`${URL}/${id}`, { username: 'kim2' })).json;
  t.match(replaced, { username: 'kim2', email: null, tags: [], address: null, role: 'author' });
  t.equal((await admin.put(`${URL}/${id}`, {})).status, 422, 'all or nothing');

  const { etag } = (await admin.get(`${URL}/${id}`)).headers;
  const same = await admin.patch(`${URL}/${id}`, {});
  t.match(same, { status: 200, json: { username: 'kim2' }, headers: { etag } }, 'nothing changes');
});

t.test('answers 404 to an unknown id and 422 to an invalid one', async (t) => {
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const) {
    const body = method === 'PUT' ? { username: 'xy' } : method === 'PATCH' ? {} : undefined;
    const call = (id: string) =>
      admin.request({ method, url: `${URL}/${id}`, ...(body && { payload: body }) });
    t.match((await call('2000000000')).json, { detail: 'Not Found', code: 'not_found' }, method);
    for (const id of ['abc', '0', '-1', '1.5', '99999999999', '%00']) {
      t.equal((await call(id)).status, 422, `${method} ${id}`);
    }
  }
});

t.test('deletes the user and ends their sessions', async (t) => {
  const leaver = await signedIn({ username: 'leaver' });
  const { id } = (await leaver.get(`${URL}?q=leaver`)).json.items[0];
  const reply = await admin.delete(`${URL}/${id}`);
  t.equal(reply.status, 204);
  t.equal(reply.text, '');
  t.equal((await admin.get(`${URL}/${id}`)).status, 404);
  t.equal((await admin.delete(`${URL}/${id}`)).status, 404);
  t.equal((await leaver.get('/api/v1/auth/session')).json.status, 'not_logged_in');
});

t.test('keeps the last active administrator', async (t) => {
  const { id } = (await admin.get(`${URL}?q=root`)).json.items[0];
  for (const reply of [
    await admin.delete(`${URL}/${id}`),
    await admin.put(`${URL}/${id}/role`, { role: 'author' }),
    await admin.patch(`${URL}/${id}`, { is_active: false }),
    await admin.put(`${URL}/${id}`, { username: 'root', is_active: false }),
  ]) {
    t.match([reply.status, reply.json.code], [409, 'last_administrator']);
  }
  const second = await createUser({ username: 'second', role: 'admin' });
  const [first, other] = await Promise.all([
    admin.put(`${URL}/${id}/role`, { role: 'author' }),
    admin.put(`${URL}/${second.id}/role`, { role: 'author' }),
  ]);
  // The second request comes too late, or its viewer is no longer an administrator.
  t.match([first.status, other.status].sort().join(), /^200,(?:403|409)$/);
  const { rows } = await app.pg.query(`select 1 from users where role = 'admin' and is_active`);
  t.equal(rows.length, 1, 'even with two concurrent requests');
  const { json } = await client().get('/ready');
  t.ok(json);
  await app.pg.query(`update users set permissions = 143 where username = 'root'`);
});

t.test('does not count administrators who cannot sign in', async (t) => {
  const own = await createTestApp(t);
  const only = await own.signedIn({ username: 'only', role: 'admin' });
  t.equal((await only.post(URL, { username: 'ghost', role: 'admin' })).status, 201);
  const { id } = (await only.get('/api/v1/me')).json;
  t.match(await only.delete(`${URL}/${id}`), { status: 409, json: { code: 'last_administrator' } });
});

t.test('limits a key to its scopes on its own user', async (t) => {
  const own = await createTestApp(t);
  const { id } = await own.createUser({ username: 'boss', role: 'admin', email: 'b@example.com' });
  const reads = own.client().withHeaders(await keyOf(own, id, ['users:read']));
  t.notOk('email' in (await reads.get(`${URL}/${id}`)).json, 'less than with me:read');
  const writes = own.client().withHeaders(await keyOf(own, id, ['users:write']));
  t.match(await writes.patch(`${URL}/${id}`, { email: 'thief@example.com' }), {
    status: 403,
    json: { code: 'insufficient_scope' },
  });
  const both = own.client().withHeaders(await keyOf(own, id, ['users:write', 'me:write']));
  t.equal((await both.patch(`${URL}/${id}`, { nickname: 'Boss' })).status, 200);
});

t.test('rejects a cursor with a timestamp out of range', async (t) => {
  for (const moment of ['+275760-09-13T00:00:00.000Z', '-000001-01-01T00:00:00.000Z']) {
    const cursor = Buffer.from(JSON.stringify(['created_at', moment, 1])).toString('base64url');
    t.equal((await anyone.get(`${URL}?sort=created_at&cursor=${cursor}`)).status, 422, moment);
  }
});

t.test('requires the permission for writing', async (t) => {
  const author = await signedIn({ username: 'writer', role: 'author' });
  const editor = await signedIn({ username: 'editress', role: 'editor' });
  const calls = [
    ['POST', URL, { username: 'nobody' }],
    ['POST', `${URL}/bulk`, [{ username: 'nobody' }]],
    ['PUT', `${URL}/1`, { username: 'nobody' }],
    ['PATCH', `${URL}/1`, { nickname: 'x' }],
    ['PUT', `${URL}/1/role`, { role: 'admin' }],
    ['DELETE', `${URL}/1`, undefined],
  ] as const;
  for (const [method, url, payload] of calls) {
    const options = { method, url, ...(payload && { payload }) } as Parameters<
      typeof anyone.request
    >[0];
    const anonymous = await anyone.request(options);
    t.equal(anonymous.status, 401, `${method} ${url} anonymous`);
    t.equal(anonymous.headers['www-authenticate'], 'Bearer');
    t.equal((await author.request(options)).status, 403, `${method} ${url} author`);
    t.equal((await editor.request(options)).status, 403, `${method} ${url} editor`);
  }
  t.equal((await anyone.get(`${URL}?q=nobody`)).json.total, 0);
});

t.test('rejects the second of two updates with the same ETag', async (t) => {
  const created = await admin.post(URL, { username: 'contested' });
  const url = `${URL}/${created.json.id}`;
  const tag = String(created.headers['etag']);
  const both = await Promise.all([
    admin.patch(url, { nickname: 'one' }, { 'if-match': tag }),
    admin.patch(url, { nickname: 'two' }, { 'if-match': tag }),
  ]);
  t.same(both.map(({ status }) => status).sort(), [200, 412]);
  const winner = both.find(({ status }) => status === 200);
  const now = await admin.get(url);
  t.equal(now.json.nickname, winner?.json.nickname);
  t.equal(now.headers['etag'], winner?.headers['etag']);
  t.not(now.headers['etag'], tag);

  t.equal((await admin.put(url, { username: 'contested' }, { 'if-match': tag })).status, 412);
  const stale = await admin.delete(url, { 'if-match': tag });
  t.match([stale.status, stale.json.code], [412, 'precondition_failed']);
  t.equal(
    (await admin.delete(url, { 'if-match': `W/${now.headers['etag']}` })).status,
    412,
    'weak',
  );
  t.equal((await admin.delete(url, { 'if-match': `"x", ${now.headers['etag']}` })).status, 204);
});

t.test('answers 304 to a matching ETag', async (t) => {
  const { id } = (await anyone.get(`${URL}?q=diana`)).json.items[0];
  const first = await anyone.get(`${URL}/${id}`);
  const tag = String(first.headers['etag']);
  const again = await anyone.get(`${URL}/${id}`, { 'if-none-match': tag });
  t.match([again.status, again.text, again.headers['etag']], [304, '', tag]);
  t.equal((await anyone.get(`${URL}/${id}`, { 'if-none-match': `W/${tag}` })).status, 304);
  t.equal((await anyone.get(`${URL}/${id}`, { 'if-none-match': '*' })).status, 304);
  t.equal((await anyone.get(`${URL}/${id}`, { 'if-none-match': '"other"' })).status, 200);
  const head = { method: 'HEAD', url: `${URL}/${id}`, headers: { 'if-none-match': tag } };
  t.match(await anyone.request(head), { status: 304, text: '', headers: { etag: tag } });
  const whole = await admin.get(`${URL}/${id}`, { 'if-none-match': tag });
  t.equal(whole.status, 200, 'another representation has another ETag');

  clock.advance(1000);
  await admin.patch(`${URL}/${id}`, { bio: 'new' });
  t.equal((await anyone.get(`${URL}/${id}`, { 'if-none-match': tag })).status, 200);
});

t.test('shows a login to administrators, also by the ETag, but accepts If-Match', async (t) => {
  const { id } = await createUser({ username: 'comes_and_goes' });
  const before = await admin.get(`${URL}/${id}`);
  await client().signIn('comes_and_goes', PASSWORD);
  const after = await admin.get(`${URL}/${id}`, {
    'if-none-match': String(before.headers['etag']),
  });
  t.equal(after.status, 200);
  t.equal(after.json.last_login_at, clock.read().toISOString());
  t.equal(after.json.updated_at, before.json.updated_at);
  const match = { 'if-match': String(before.headers['etag']) };
  t.equal((await admin.patch(`${URL}/${id}`, { bio: 'changed' }, match)).status, 200);
});

t.test('does not reveal sign-ins and passwords by the ETag', async (t) => {
  const user = await signedIn({ username: 'discreet', email: 'discreet@example.com' });
  const { id } = (await user.get('/api/v1/me')).json;
  const post = { title: 'By somebody discreet', content: 'Words.', status: 'published' };
  const { location } = (await user.post('/api/v1/posts', post)).headers;
  const { headers } = await user.post(`${location}/comments`, { content: 'Words.' });
  const comment = String(headers['location']);
  await app.pg.query('update comments set is_approved = true');

  const observe = async () => ({
    public: (await anyone.get(`${URL}/${id}`)).headers['etag'],
    own: (await user.get(`${URL}/${id}`)).headers['etag'],
    me: (await user.get('/api/v1/me')).headers['etag'],
    list: (await anyone.get(`${URL}?q=discreet`)).text,
    export: (await anyone.get(`${URL}/export.json`)).text,
    table: (await anyone.get(`${URL}/export.csv`)).text,
    post: (await anyone.get(String(location))).headers['etag'],
    comment: (await anyone.get(comment)).headers['etag'],
  });
  const before = await observe();
  t.ok(Object.values(before).every(Boolean), 'sees everything');
  const own = { 'if-match': String(before.own) };
  const new_password = 'Battery-Staple-8';
  const change = { current_password: PASSWORD, new_password, confirm_password: new_password };
  const acts: Record<string, () => Promise<unknown>> = {
    'a session': () => client().signIn('discreet', PASSWORD),
    tokens: () =>
      client().postForm('/api/v1/auth/token', { username: 'discreet', password: PASSWORD }),
    'a wrong password': () => client().signIn('discreet', 'wrong'),
    'a renewed hash': async () => {
      const old = await hash(PASSWORD, { memoryCost: 16, timeCost: 1, parallelism: 1 });
      await app.pg.query('update users set password_hash = $1 where id = $2', [old, id]);
      t.equal((await client().signIn('discreet', PASSWORD)).status, 200);
    },
    'a new password': () => user.post('/api/v1/auth/change-password', change),
  };
  for (const [name, act] of Object.entries(acts)) {
    clock.advance(1000);
    await act();
    t.same(await observe(), before, name);
  }
  t.equal((await user.patch('/api/v1/me', { bio: 'mine' }, own)).status, 200, 'If-Match holds');
  const after = await observe();
  for (const name of ['public', 'own', 'me'] as const) t.not(after[name], before[name], name);
  t.not(after.own, after.public);
});

t.test('shows users to signed-in users only with PUBLIC_USERS=false', async (t) => {
  const closed = await createTestApp(t, { PUBLIC_USERS: false });
  const alice = await closed.signedIn({ username: 'alice' });
  const { id } = await closed.createUser({ username: 'bob' });
  const stranger = closed.client();
  const key = await keyOf(closed, id, ['users:read']);
  const narrow = await keyOf(closed, id, ['posts:read']);
  const token = await tokenOf(closed, id);
  for (const path of [
    '',
    '/',
    '?q=bob',
    '?cursor=&size=5',
    '?page=0',
    `/${id}`,
    '/999999',
    '/export.json',
    '/export.csv',
  ]) {
    const url = `${URL}${path}`;
    for (const method of ['GET', 'HEAD']) {
      const refused = await stranger.request({ method, url });
      // Validation may come first.
      const statuses = path === '?page=0' ? [401, 422] : [401];
      t.ok(statuses.includes(refused.status), `${method} ${url}: ${refused.status}`);
    }
    const refused = await stranger.get(url);
    t.notMatch(refused.text, /alice|bob/, 'tells no name');
    if (refused.status === 401) t.equal(refused.json.code, 'not_authenticated');
    const expected = path === '?page=0' ? 422 : path === '/999999' ? 404 : 200;
    for (const headers of [{}, token, key]) {
      const reader = Object.keys(headers).length === 0 ? alice : closed.client();
      t.equal((await reader.get(url, headers)).status, expected, `${url} for users`);
    }
    if (expected === 200) t.equal((await closed.client().get(url, narrow)).status, 403);
  }
  const item = (await alice.get(`${URL}/${id}`)).json;
  t.same(Object.keys(item).sort(), PUBLIC_FIELDS, 'other users still see public fields only');
  const tag = String((await alice.get(`${URL}/${id}`)).headers['etag']);
  t.equal((await stranger.get(`${URL}/${id}`, { 'if-none-match': tag })).status, 401);

  const post = await alice.post('/api/v1/posts', { title: 'Hello', content: 'World' });
  await alice.post(`/api/v1/posts/${post.json.id}/publish`);
  t.match((await stranger.get('/api/v1/posts')).json.items[0], { author: { username: 'alice' } });
  t.equal((await stranger.get('/api/v1/posts/by-author')).status, 200);
});
