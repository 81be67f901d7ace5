import t from 'tap';
import { createTestApp, PASSWORD } from '#test/support/app.js';

const USERS = '/api/v1/users';
const { app, client, createUser, signedIn } = await createTestApp(t);
const admin = await signedIn({ username: 'root', role: 'admin' });

let number = 0;
/** Creates a user; returns the operation that assigns their role. */
async function newUser(role: 'guest' | 'author' | 'editor' | 'admin' = 'author') {
  number += 1;
  const { id } = await createUser({ username: `user${number}`, role });
  return { id, user: `${USERS}/${id}`, role: `${USERS}/${id}/role` };
}

/** Signs in a user with a custom permission mask. */
async function signedInWith(permissions: number) {
  number += 1;
  const username = `masked${number}`;
  const somebody = await signedIn({ username });
  await app.pg.query('update users set permissions = $1 where username = $2', [
    permissions,
    username,
  ]);
  return somebody;
}

t.test('lists roles to anyone', async (t) => {
  const { status, json } = await client().get('/api/v1/roles');
  t.equal(status, 200);
  t.same(json, {
    roles: [
      { name: 'guest', permissions: 1, allows: ['read'] },
      { name: 'author', permissions: 7, allows: ['read', 'create', 'update'] },
      { name: 'editor', permissions: 15, allows: ['read', 'create', 'update', 'delete'] },
      { name: 'admin', permissions: 143, allows: ['read', 'create', 'update', 'delete', 'admin'] },
    ],
    permissions: [
      { name: 'read', bit: 1 },
      { name: 'create', bit: 2 },
      { name: 'update', bit: 4 },
      { name: 'delete', bit: 8 },
      { name: 'admin', bit: 128 },
    ],
  });
});

t.test('assigns a role by name or by mask', async (t) => {
  const url = await newUser();
  for (const [body, role, permissions] of [
    [{ role: 'guest' }, 'guest', 1],
    [{ role: 'editor' }, 'editor', 15],
    [{ role: 'admin' }, 'admin', 143],
    [{ role: 'author' }, 'author', 7],
    [{ permissions: 15 }, 'editor', 15],
    [{ permissions: 5 }, 'custom', 5],
    [{ permissions: 0 }, 'custom', 0],
    [{ permissions: 128 }, 'custom', 128],
    [{ permissions: 143 }, 'admin', 143],
  ] as const) {
    const reply = await admin.put(url.role, body);
    t.match([reply.status, reply.json], [200, { role, permissions }], JSON.stringify(body));
    const read = await admin.get(url.user);
    t.same(read.json, reply.json);
    t.equal(read.headers['etag'], reply.headers['etag']);
  }
});

t.test('requires either a role or valid permissions', async (t) => {
  const url = await newUser();
  const bad: [body: unknown, loc: string[], msg: RegExp][] = [
    [{}, ['body'], /exactly one of role and permissions/],
    [{ role: 'author', permissions: 7 }, ['body'], /exactly one of role and permissions/],
    [{ permissions: 16 }, ['body', 'permissions'], /bits that are not permissions/],
    [{ permissions: 64 + 1 }, ['body', 'permissions'], /bits that are not permissions/],
    [{ permissions: 144 }, ['body', 'permissions'], /less than or equal to 143/],
    [{ permissions: -1 }, ['body', 'permissions'], /greater than or equal to 0/],
    [{ permissions: 1.5 }, ['body', 'permissions'], /integer/],
    [{ role: 'custom' }, ['body', 'role'], /'guest', 'author', 'editor' or 'admin'/],
    [{ role: 'king' }, ['body', 'role'], /'guest', 'author', 'editor' or 'admin'/],
  ];
  for (const [body, loc, msg] of bad) {
    const { status, json } = await admin.put(url.role, body);
    t.match([status, json.detail], [422, [{ loc, msg }]], JSON.stringify(body));
  }
  t.match((await admin.get(url.user)).json, { role: 'author', permissions: 7 });
});

t.test('rejects granting permissions that the viewer lacks', async (t) => {
  const half = await signedInWith(129);
  const url = await newUser('guest');
  for (const body of [
    { permissions: 1 | 4 },
    { role: 'author' },
    { role: 'editor' },
    { role: 'admin' },
    { permissions: 2 },
  ]) {
    const { status, json } = await half.put(url.role, body);
    t.match([status, json.code], [403, 'beyond_own_permissions'], JSON.stringify(body));
  }
  t.equal((await admin.get(url.user)).json.permissions, 1);
  t.equal((await half.put(url.role, { permissions: 129 })).status, 200, 'own permissions');

  for (const role of ['author', 'editor', 'admin']) {
    const { status, json } = await half.post(USERS, { username: 'beyond', role });
    t.match([status, json.code], [403, 'beyond_own_permissions'], `creating ${role}`);
    const bulk = [
      { username: 'within', role: 'guest' },
      { username: 'beyond', role },
    ];
    t.equal((await half.post(`${USERS}/bulk`, bulk)).status, 403, 'in bulk too');
  }
  t.equal((await admin.get(`${USERS}?q=within`)).json.total, 0);
  t.equal((await half.post(USERS, { username: 'guest_of_half', role: 'guest' })).status, 201);
});

t.test('lets any administrator revoke permissions', async (t) => {
  const half = await signedInWith(129);
  const url = await newUser('editor');
  t.match((await half.put(url.role, { permissions: 1 | 4 })).json, { permissions: 5 });
  t.equal((await half.put(url.role, { permissions: 1 | 4 })).status, 200, 'unchanged bit');
  t.equal((await half.put(url.role, { role: 'author' })).status, 403, 'cannot be regranted');
  t.match((await half.put(url.role, { permissions: 0 })).json, { permissions: 0 });
});

t.test('protects an administrator from a lesser one', async (t) => {
  const bare = await signedInWith(128);
  const url = await newUser('admin');
  for (const reply of [
    await bare.put(url.role, { role: 'guest' }),
    await bare.patch(url.user, { is_active: false }),
    await bare.delete(url.user),
  ]) {
    t.match([reply.status, reply.json.code], [403, 'beyond_own_permissions']);
  }
  t.match((await admin.get(url.user)).json, { permissions: 143, is_active: true });
});

t.test('requires ADMIN to assign roles', async (t) => {
  const url = await newUser();
  const editor = await signedInWith(15);
  t.match((await editor.put(url.role, { role: 'guest' })).json, { code: 'admin_required' });
  t.match((await client().put(url.role, { role: 'guest' })).json, { code: 'not_authenticated' });
});

t.test('applies a change to open sessions at once', async (t) => {
  const url = await newUser('author');
  const username = `user${number}`;
  const open = client();
  await open.signIn(username, PASSWORD);
  const attempt = (name: string) => open.post(USERS, { username: name });
  t.equal((await attempt('too_early')).status, 403);
  await admin.put(url.role, { role: 'admin' });
  t.equal((await attempt('in_time')).status, 201);
  await admin.put(url.role, { role: 'editor' });
  t.equal((await attempt('too_late')).status, 403);
  t.equal((await open.get('/api/v1/auth/session')).json.status, 'logged_in', 'still valid');
});

t.test('rejects a stale If-Match', async (t) => {
  const url = await newUser();
  const tag = String((await admin.get(url.user)).headers['etag']);
  const first = await admin.put(url.role, { role: 'guest' }, { 'if-match': tag });
  t.equal(first.status, 200);
  const second = await admin.put(url.role, { role: 'editor' }, { 'if-match': tag });
  t.match([second.status, second.json.code], [412, 'precondition_failed']);
  t.equal(second.headers['etag'], first.headers['etag']);
  t.equal((await admin.get(url.user)).json.role, 'guest');
  t.equal((await admin.put(`${USERS}/2000000000/role`, { role: 'guest' })).status, 404);
});

t.test('keeps the last administrator, whatever their mask', async (t) => {
  const alone = await createTestApp(t);
  const last = await alone.signedIn({ username: 'last', role: 'admin' });
  const url = `${USERS}/1/role`;
  for (const body of [{ role: 'editor' }, { permissions: 15 }, { permissions: 0 }]) {
    const { status, json } = await last.put(url, body);
    t.match([status, json.code], [409, 'last_administrator'], JSON.stringify(body));
  }
  t.equal((await last.put(url, { permissions: 128 })).status, 200, 'ADMIN alone suffices');
  t.equal((await last.put(url, { role: 'admin' })).status, 403, 'cannot be undone');
  await alone.createUser({ username: 'asleep', role: 'admin', is_active: false });
  t.equal((await last.put(url, { permissions: 0 })).status, 409, 'not an inactive one');
  await alone.createUser({ username: 'second', role: 'admin' });
  t.equal((await last.put(url, { permissions: 0 })).status, 200);
});

t.test('records the previous and new role', async (t) => {
  const url = await newUser();
  await admin.put(url.role, { permissions: 5 }, { 'x-request-id': 'promotion' });
  await admin.put(url.role, { role: 'king' });
  const { rows } = await app.pg.query(
    `select action, resource, credential, request_id, before, after from audit_log
     where resource_id = $1 order by id`,
    [String(url.id)],
  );
  t.same(rows, [
    {
      action: 'user.role',
      resource: 'user',
      credential: 'session',
      request_id: 'promotion',
      before: { role: 'author', permissions: 7 },
      after: { role: 'custom', permissions: 5 },
    },
  ]);
});
