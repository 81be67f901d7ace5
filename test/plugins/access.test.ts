import type { FastifyInstance } from 'fastify';
import t from 'tap';
import type { Access } from '#plugins/access.js';
import { UserParams } from '#schemas/users.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';

const ACCESSES = ['public', 'user', 'read', 'create', 'update', 'delete', 'admin'] as const;
const URL = '/api/v1/access-test';

/** Owners of the test's resources, by the id of the resource. */
const owners = new Map<number, number>();

function routes(app: FastifyInstance): void {
  const hide = true as const;
  const answer = async () => ({ reached: true });
  for (const access of ACCESSES) {
    const config = { access, scope: 'users:read' } as const;
    app.get(`${URL}/${access}`, { schema: { hide }, config }, answer);
  }
  const ownerOf = async (_db: unknown, id: number) => owners.get(id) ?? null;
  app.get(
    `${URL}/things/:id`,
    {
      schema: { hide, params: UserParams },
      config: { access: 'owner', scope: 'me:read', ownerOf },
    },
    answer,
  );
  app.get(
    `${URL}/signed-in`,
    { schema: { hide }, config: { access: 'user', scope: null } },
    answer,
  );
  app.post(
    `${URL}/body`,
    {
      schema: { hide, body: { type: 'array', maxItems: 1 } },
      config: { access: 'update', scope: 'me:write' },
    },
    answer,
  );
}

const { app, client, signedIn } = await createTestApp(t, {}, { routes });

async function somebody(username: string, permissions: number): Promise<Client> {
  const client = await signedIn({ username });
  await app.pg.query('update users set permissions = $1 where username = $2', [
    permissions,
    username,
  ]);
  return client;
}

const people: [name: string, client: Client, reaches: Access[]][] = [
  ['anonymous', client(), ['public']],
  ['guest 1', await somebody('guest', 1), ['public', 'user', 'read']],
  ['author 7', await somebody('author', 7), ['public', 'user', 'read', 'create', 'update']],
  [
    'editor 15',
    await somebody('editor', 15),
    ['public', 'user', 'read', 'create', 'update', 'delete'],
  ],
  ['admin 143', await somebody('admin', 143), [...ACCESSES]],
  ['custom 0', await somebody('nothing', 0), ['public', 'user']],
  ['custom 2', await somebody('writer', 2), ['public', 'user', 'create']],
  ['custom 9', await somebody('sweeper', 9), ['public', 'user', 'read', 'delete']],
  ['custom 128', await somebody('chief', 128), [...ACCESSES]],
];

t.test('admits each role to the operations that it may call', async (t) => {
  for (const [name, client, reaches] of people) {
    for (const access of ACCESSES) {
      const { status, json } = await client.get(`${URL}/${access}`);
      const refused =
        name === 'anonymous'
          ? [401, 'not_authenticated']
          : [403, access === 'admin' ? 'admin_required' : 'forbidden'];
      const expected = reaches.includes(access) ? [200, undefined] : refused;
      t.same([status, json.code], expected, `${name}: ${access}`);
    }
  }
});

t.test('admits the owner and administrators, and answers 403 to others', async (t) => {
  const { rows } = await app.pg.query(`select id from users where username = 'guest'`);
  owners.set(7, rows[0].id);
  for (const [name, client] of people) {
    const { status } = await client.get(`${URL}/things/7`);
    const passes = ['guest 1', 'admin 143', 'custom 128'].includes(name);
    t.equal(status, passes ? 200 : name === 'anonymous' ? 401 : 403, name);
    const missing = await client.get(`${URL}/things/8`);
    t.equal(missing.status, name === 'anonymous' ? 401 : 404, `${name}: unknown id`);
    const invalid = await client.get(`${URL}/things/x`);
    t.equal(invalid.status, name === 'anonymous' ? 401 : 422, `${name}: invalid id`);
  }
});

t.test('admits an API key that has the scope', async (t) => {
  const [, guest] = people[1] ?? [];
  const body = { name: 'test', scopes: ['users:read'], current_password: PASSWORD };
  const { key } = (await guest?.post('/api/v1/me/api-keys', body))?.json ?? {};
  const ask = async (path: string) => {
    const { status, json } = await client().get(`${URL}/${path}`, { 'x-api-key': key });
    return [status, json.code];
  };
  t.same(await ask('public'), [200, undefined]);
  t.same(await ask('read'), [200, undefined]);
  t.same(await ask('create'), [403, 'forbidden'], 'never exceeds the permissions of the user');
  t.same(await ask('things/7'), [403, 'insufficient_scope']);
  t.same(await ask('signed-in'), [403, 'key_not_allowed']);
});

t.test('answers 401 and 403 before the body is parsed and validated', async (t) => {
  const [guest, author] = [people[1]?.[1], people[2]?.[1]];
  const send = async (client: Client | undefined, payload: string) =>
    (
      await client?.request({
        method: 'POST',
        url: `${URL}/body`,
        payload,
        headers: { 'content-type': 'application/json' },
      })
    )?.status;
  for (const payload of ['[1]', '[1, 2]', '{"malformed":', 'x'.repeat(1_000_000)]) {
    t.equal(await send(client(), payload), 401);
    t.equal(await send(guest, payload), 403);
  }
  t.equal(await send(author, '[1]'), 200);
  t.equal(await send(author, '[1, 2]'), 422);
});

t.test('rejects an incomplete declaration at startup', async (t) => {
  const handler = async () => ({});
  const nobody = async () => null;
  const start = (url: string, config: object) =>
    createTestApp(
      t,
      {},
      { routes: (app) => void app.get(url, { schema: { hide: true }, config }, handler) },
    );
  await t.rejects(start('/a', { access: 'admin' }), {
    message: '/a declares an access but no scope',
  });
  await t.rejects(start('/b', { access: 'owner', scope: null }), {
    message: /\/b must declare both/,
  });
  await t.rejects(start('/c', { access: 'user', scope: null, ownerOf: nobody }), {
    message: /\/c must declare both/,
  });
  await start('/d', { access: 'owner', scope: null, ownerOf: nobody });
});
