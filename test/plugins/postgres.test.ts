import { CompiledQuery } from 'kysely';
import t from 'tap';
import { MAX_POST_LENGTH } from '#schemas/posts.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client, Reply } from '#test/support/client.js';

/** A text that takes long to render, but not too long on a busy machine. */
const SLOW = '- a\n'.repeat(MAX_POST_LENGTH / 12);

/** Passwords that take long to hash. */
const SLOW_PASSWORDS = { memoryCost: 65_536, timeCost: 8, parallelism: 1 };

const ONE_CONNECTION = { DB_POOL_MIN: 0, DB_POOL_MAX: 1, DB_CONNECT_TIMEOUT: 60 };

const { app, client, signedIn, createUser } = await createTestApp(t, ONE_CONNECTION, {
  passwordCost: SLOW_PASSWORDS,
});
const anyone = client();
const ann = await signedIn({ username: 'ann', role: 'editor', email: 'ann@example.org' });

t.test('connections do not compile statements', async (t) => {
  const { rows } = await app.db.executeQuery<{ jit: string }>(
    CompiledQuery.raw("select current_setting('jit') as jit"),
  );
  t.same(rows, [{ jit: 'off' }]);
});

t.test('reads arrays of texts as they are written', async (t) => {
  const lists = [
    [],
    ['a'],
    ['a', 'b c'],
    ['null', 'NULL', null],
    [''],
    ['a,b', '"', '\\', '{x}', 'ä 山'],
  ];
  const rows = await Promise.all(
    lists.map((list) =>
      app.db.executeQuery<{ texts: unknown }>(
        CompiledQuery.raw('select $1::text[] as texts', [list]),
      ),
    ),
  );
  t.same(
    rows.map(({ rows: [row] }) => row?.texts),
    lists,
  );
});

/** Returns the number of others' requests that are answered while this one runs. */
async function answeredDuring(
  call: () => Promise<Reply>,
): Promise<{ count: number; reply: Reply }> {
  let isRunning = true;
  const running = call().finally(() => {
    isRunning = false;
  });
  let count = 0;
  while (isRunning) {
    const { status } = await anyone.get(`/api/v1/users?q=${count}`);
    if (isRunning && status === 200) count += 1;
  }
  return { count, reply: await running };
}

/** Operations that render or hash for long, by name. */
const OPERATIONS: Record<string, () => Promise<() => Promise<Reply>>> = {
  'posts-create': async () => () => ann.post('/api/v1/posts', { title: 'a', content: SLOW }),
  'posts-create with a key': async () => () =>
    ann.post('/api/v1/posts', { title: 'a', content: SLOW }, { 'idempotency-key': 'slow' }),
  'posts-update': async () => {
    const url = await newPost();
    return () => ann.patch(url, { content: SLOW });
  },
  'posts-replace': async () => {
    const url = await newPost();
    return () => ann.put(url, { title: 'b', content: SLOW });
  },
  'auth-login': async () => {
    await createUser({ username: 'bob' });
    return () => client().signIn('bob', PASSWORD);
  },
  'tokens-create': async () => () =>
    client().postForm('/api/v1/auth/token', { username: 'bob', password: PASSWORD }),
  'registrations-create': async () => () =>
    client().post('/api/v1/auth/register', {
      username: 'new',
      email: 'new@example.org',
      password: 'Another-Pass-7',
      confirm_password: 'Another-Pass-7',
      agree_terms: true,
    }),
  'passwords-change': async () => () =>
    ann.post('/api/v1/auth/change-password', {
      current_password: PASSWORD,
      new_password: 'Another-Pass-7',
      confirm_password: 'Another-Pass-7',
    }),
  'passwords-reset': async () => {
    await anyone.post('/api/v1/auth/forgot-password', { email: 'ann@example.org' });
    await app.runJobs();
    const texts = app.outbox?.mails.map(({ text }) => text).join('\n') ?? '';
    const token = /\b[\w-]{43}\b/.exec(texts)?.[0];
    return () =>
      anyone.post('/api/v1/auth/reset-password', {
        token,
        new_password: 'Another-Pass-8',
        confirm_password: 'Another-Pass-8',
      });
  },
  'emails-change': async () => {
    const carol = await withSession('carol');
    return () =>
      carol.post('/api/v1/me/email', { email: 'carol2@example.org', password: PASSWORD });
  },
  'me-delete': async () => {
    const dave = await withSession('dave');
    return () =>
      dave.request({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } });
  },
};

async function newPost(): Promise<string> {
  return `/api/v1/posts/${(await ann.post('/api/v1/posts', { title: 'b', content: 'b' })).json.id}`;
}

function withSession(username: string): Promise<Client> {
  return signedIn({ username, role: 'author', email: `${username}@example.org` });
}

for (const [name, prepare] of Object.entries(OPERATIONS)) {
  t.test(`${name}: leaves the only connection to others while it computes`, async (t) => {
    const call = await prepare();
    const { count, reply } = await answeredDuring(call);
    t.ok(reply.status < 300, `${reply.status} ${reply.text.slice(0, 200)}`);
    // While the connection is held, a single request would wait, however long it takes.
    t.ok(count > 5, `${count} requests were answered meanwhile`);
  });
}
