import t from 'tap';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { keyOf, tokenOf } from '#test/support/credentials.js';
import { recordStatements } from '#test/support/statements.js';
import { until } from '#test/support/waiting.js';

const URL = '/api/v1/me';
const SECOND = 1000;

type Headers = Record<string, string>;
type App = Awaited<ReturnType<typeof createTestApp>>;

const KEPT = { credentialLifetime: 2 * SECOND };
const one = await createTestApp(t, {}, KEPT);
const two = await createTestApp(t, {}, { ...KEPT, databaseUrl: one.databaseUrl });
two.clock.advance(one.clock.read().getTime() - two.clock.read().getTime());
let count = 0;

/** Creates a user with a credential of each kind. */
async function newUser() {
  count += 1;
  const username = `user${count}`;
  const user = await one.createUser({ username, role: 'author' });
  const login = { username, password: PASSWORD };
  const { headers } = await one.client().post('/api/v1/auth/login', login);
  const [cookie = ''] = [headers['set-cookie'] ?? []]
    .flat()
    .map((field) => String(field).split(';')[0] ?? '')
    .filter((field) => field.startsWith('althing_session='));
  const credentials: Record<'cookie' | 'token' | 'key', Headers> = {
    cookie: { cookie },
    token: await tokenOf(one, user.id),
    key: await keyOf(one, user.id, ['me:read']),
  };
  return { ...user, username, credentials };
}

async function statusOf({ client }: App, headers: Headers): Promise<number> {
  return (await client().get(URL, headers)).status;
}

/** The statements of a request that identify its credential. */
async function lookups({ client }: App, headers: Headers): Promise<string[]> {
  const statements = await recordStatements(() => client().get(URL, headers));
  return statements.filter((sql) => /from "(users|api_keys|sessions)" (inner|left) join/.test(sql));
}

/** Sends requests until the process keeps the credential. */
async function untilKept(app: App, headers: Headers): Promise<void> {
  await until(async () => (await lookups(app, headers)).length === 0);
}

for (const kind of ['cookie', 'token', 'key'] as const) {
  t.test(`${kind}: is looked up once in two seconds`, async (t) => {
    const headers = (await newUser()).credentials[kind];
    t.equal(await statusOf(one, headers), 200);
    await untilKept(one, headers);
    one.clock.advance(3 * SECOND);
    t.equal((await lookups(one, headers)).length, 1);
    t.same(await lookups(one, headers), []);
  });

  t.test(
    `${kind}: ends at once here and soon elsewhere when its user is deactivated`,
    async (t) => {
      const { id, credentials } = await newUser();
      const headers = credentials[kind];
      for (const app of [one, two]) await untilKept(app, headers);
      const admin = await one.signedIn({ username: `admin-${kind}`, role: 'admin' });
      const { status } = await admin.patch(`/api/v1/users/${id}`, { is_active: false });
      t.equal(status, 200);
      t.equal(await statusOf(one, headers), 401, 'in this process');
      await until(async () => (await statusOf(two, headers)) === 401);
    },
  );
}

t.test('a token session that is revoked ends at once, and no other', async (t) => {
  const { credentials } = await newUser();
  for (const headers of Object.values(credentials)) await untilKept(one, headers);
  const { status } = await one.client().request({
    method: 'POST',
    url: '/api/v1/auth/revoke',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: `token=${credentials.token['authorization']?.slice('Bearer '.length)}`,
  });
  t.equal(status, 200);
  t.equal(await statusOf(one, credentials.token), 401);
  t.equal(await statusOf(one, credentials.cookie), 200);
  t.equal(await statusOf(one, credentials.key), 200);
});

t.test('a login makes no other process forget what it keeps', async (t) => {
  const { credentials } = await newUser();
  await untilKept(two, credentials.token);
  const { username } = await newUser();
  await one.client().post('/api/v1/auth/login', { username, password: PASSWORD });
  const admin = await one.signedIn({ username: 'admin-login', role: 'admin' });
  t.same(await lookups(two, credentials.token), []);
  // A notification of the login would have arrived before this one.
  const { id } = await newUser();
  await admin.patch(`/api/v1/users/${id}`, { is_active: false });
  await until(async () => (await lookups(two, credentials.token)).length === 1);
});

t.test('rights that change count at once', async (t) => {
  const { id, credentials } = await newUser();
  const post = () =>
    one.client().post('/api/v1/categories', { name: `c${count}` }, credentials.token);
  await untilKept(one, credentials.token);
  t.equal((await post()).status, 403);
  await untilKept(one, credentials.token);
  const admin = await one.signedIn({ username: 'admin-rights', role: 'admin' });
  t.equal((await admin.put(`/api/v1/users/${id}/role`, { role: 'editor' })).status, 200);
  t.equal((await post()).status, 201);
});

t.test('keeps nothing while changes may be missed', async () => {
  const { credentials } = await newUser();
  await untilKept(two, credentials.token);
  await one.app.pg.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'althing-credentials' and datname = current_database()`,
  );
  await until(async () => (await lookups(two, credentials.token)).length === 1);
  await untilKept(two, credentials.token);
});
