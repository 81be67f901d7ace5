import pg from 'pg';
import t from 'tap';
import { eraseAuditEntries } from '#src/audit/erase-audit-entries.js';
import { MAX_ENTRIES, MAX_ENTRIES_PER_NETWORK } from '#src/audit/refusals.js';
import { enqueue } from '#src/queue/store.js';
import { createTestApp, PASSWORD, type TestApp } from '#test/support/app.js';
import { keyOf } from '#test/support/credentials.js';
import { makeJobsDue } from '#test/support/jobs.js';
import { recordCalls, recordStatements } from '#test/support/statements.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ACTION = 'account.sign_in_refused';
const CREATED = { agree_terms: true, password: PASSWORD, confirm_password: PASSWORD };

interface Entry {
  at: string;
  last_at: string;
  count: number;
  resource_id: string | null;
  address: string | null;
  after: Record<string, unknown> | null;
}

/** Returns functions that fail to sign in, and that list the entries about it, oldest first. */
function refusing({ client, app }: TestApp) {
  return {
    async fail(username: string, remoteAddress = '192.0.2.1') {
      const payload = { username, password: 'wrong' };
      const url = '/api/v1/auth/login';
      return (await client().request({ method: 'POST', url, payload, remoteAddress })).status;
    },
    async entries(): Promise<Entry[]> {
      const { rows } = await app.pg.query(
        `select at, resource_id, address, after, coalesce(r.last_at, at) as last_at,
           coalesce(r.count, 1) as count
         from audit_log left join audit_repeats r on entry_id = id
         where audit_log.action = $1 order by id`,
        [ACTION],
      );
      return rows;
    },
  };
}

const total = (entries: Entry[]) => entries.reduce((sum, { count }) => sum + count, 0);

async function runTrim(app: TestApp['app']): Promise<void> {
  await enqueue(app.db, 'trim_audit_log', {});
  await app.runJobs();
}

t.test('counts repeats of a refused attempt in one entry', async (t) => {
  const test = await createTestApp(t);
  const { fail, entries } = refusing(test);
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const { id } = await test.createUser({ username: 'alice', email: 'alice@example.com' });
  const began = test.clock.read().toISOString();
  for (const [name, address] of [
    ['alice', '2001:db8::1'],
    ['ALICE@example.com', '2001:db8::2'],
    ['alice', '2001:db8::3'],
  ] as const) {
    t.equal(await fail(name, address), 401);
    test.clock.advance(MINUTE);
  }
  const list = async (query: string) => (await admin.get(`/api/v1/audit?${query}`)).json;
  const [entry, ...others] = (await list(`action=${ACTION}`)).items;
  t.same(others, []);
  const last = new Date(test.clock.read().getTime() - MINUTE).toISOString();
  t.match(entry, {
    at: began,
    last_at: last,
    count: 3,
    resource_id: String(id),
    address: '2001:db8::1',
    actor: null,
    before: null,
    after: null,
    erased_at: null,
  });

  const since = async (from: string) => (await list(`action=${ACTION}&since=${from}`)).total;
  t.equal(await since(last), 1, 'found by its last time');
  t.equal(await since(test.clock.read().toISOString()), 0);
  t.equal((await list(`action=${ACTION}&until=${last}`)).total, 1, 'found by its first time');
  t.equal((await list(`action=${ACTION}&until=${began}`)).total, 0);
  t.match((await list('action=session.begin')).items[0], { count: 1 });

  await fail('alice', '2001:db8:0:1::1');
  await fail('nobody', '2001:db8::1');
  await fail('Nobody', '2001:db8::1');
  await fail('nobody_else', '2001:db8::1');
  t.same(
    (await entries()).map(({ count, resource_id }) => [count, resource_id]),
    [
      [3, String(id)],
      [1, String(id)],
      [2, null],
      [1, null],
    ],
    'apart by network, by account and by unknown name',
  );
  test.clock.advance(HOUR);
  await fail('alice', '2001:db8::1');
  t.match(
    (await entries()).at(-1),
    { count: 1, at: test.clock.read().toISOString() },
    'an hour at most',
  );
});

t.test('loses no count under concurrent attempts', async (t) => {
  const test = await createTestApp(t);
  const { fail, entries } = refusing(test);
  await test.createUser({ username: 'alice' });
  const attempts = Array.from({ length: 60 }, (_, index) =>
    fail(['alice', 'nobody', `name_${index}`][index % 3] ?? '', `192.0.2.${index % 2}`),
  );
  t.same(new Set(await Promise.all(attempts)), new Set([401]));
  const found = await entries();
  t.equal(total(found), 60);
  t.equal(found.filter(({ count }) => count > 1).length, 4, 'two accounts, two networks');
});

t.test('bounds the entries that one network can cause, whatever names it tries', async (t) => {
  const test = await createTestApp(t);
  const { fail, entries } = refusing(test);
  for (let index = 0; index < MAX_ENTRIES_PER_NETWORK + 30; index += 1) await fail(`n_${index}`);
  const found = await entries();
  t.equal(found.length, MAX_ENTRIES_PER_NETWORK + 1);
  t.equal(total(found), MAX_ENTRIES_PER_NETWORK + 30);
  t.match(found.at(-1), {
    resource_id: null,
    address: '192.0.2.1',
    after: { accounts: 'several' },
  });
  await fail('n_0');
  t.equal((await entries())[0]?.count, 2, 'known attempts are still told apart');
  await fail('other', '192.0.2.2');
  t.equal((await entries()).length, MAX_ENTRIES_PER_NETWORK + 2, 'other networks as well');
});

t.test('bounds the entries that all networks can cause', async (t) => {
  const test = await createTestApp(t);
  const { fail, entries } = refusing(test);
  await test.createUser({ username: 'alice' });
  // Most entries belong to networks of which the log has none here.
  await test.app.pg.query(
    `insert into audit_repeats (entry_id, action, began_at, last_at, key_hash, network_hash)
     select 1000000 + n, $1, $2, $2, decode(lpad(to_hex(n), 8, '0'), 'hex'), '\\x00'
     from generate_series(1, $3::int) n`,
    [ACTION, test.clock.read(), MAX_ENTRIES - 10],
  );
  for (let index = 0; index < 30; index += 1) await fail(`name_${index}`, `198.51.100.${index}`);
  const found = await entries();
  t.equal(found.length, 11);
  t.equal(total(found), 30);
  const merged = { accounts: 'several', networks: 'several' };
  t.match(found.at(-1), { resource_id: null, address: null, after: merged });
  await fail('alice', '203.0.113.1');
  t.equal((await entries()).length, 11, 'accounts and unknown names alike');
  await fail('name_0', '198.51.100.0');
  t.equal((await entries())[0]?.count, 2, 'known attempts are still told apart');
});

t.test('takes the same statements for accounts and unknown names at every limit', async (t) => {
  const test = await createTestApp(t);
  const { fail } = refusing(test);
  await test.createUser({ username: 'alice' });
  await test.createUser({ username: 'bob' });
  const course = async (name: string, address: string) =>
    (await recordStatements(() => fail(name, address))).join('\n');
  for (let index = 0; index <= MAX_ENTRIES_PER_NETWORK; index += 1) {
    await fail(`name_${index}`, '192.0.2.1');
  }
  t.equal(await course('alice', '192.0.2.1'), await course('nobody', '192.0.2.1'), 'network full');
  t.equal(await course('bob', '203.0.113.1'), await course('bobby', '203.0.113.2'), 'new');
  t.equal(await course('bob', '203.0.113.1'), await course('bobby', '203.0.113.2'), 'repeated');
});

t.test('forgets what identified unknown names after an hour', async (t) => {
  const test = await createTestApp(t);
  const { fail, entries } = refusing(test);
  await fail('a-secret-typed-as-name');
  const hashes = async () =>
    (await test.app.pg.query('select key_hash, network_hash from audit_repeats')).rows;
  await runTrim(test.app);
  t.ok((await hashes())[0].key_hash);
  test.clock.advance(HOUR);
  await runTrim(test.app);
  t.same(await hashes(), [{ key_hash: null, network_hash: null }]);
  t.equal(total(await entries()), 1, 'the count remains');
});

t.test('removes entries after the retention period, and records how many', async (t) => {
  const test = await createTestApp(t, { AUDIT_RETENTION_DAYS: 30 });
  const { fail } = refusing(test);
  const { app, clock } = test;
  await fail('nobody');
  await fail('nobody');
  await test.signedIn({ username: 'early' });
  await app.pg.query(
    `insert into audit_log (at, action, resource)
     select $1, 'job.retry', 'job' from generate_series(1, 12000)`,
    [clock.read()],
  );
  clock.advance(29 * DAY);
  await test.signedIn({ username: 'late' });
  await runTrim(app);
  const actions = async () =>
    (
      await app.pg.query<{ action: string; n: number }>(
        'select action, count(*)::int as n from audit_log group by action order by action',
      )
    ).rows.map(({ action, n }) => [action, n]);
  t.same(await actions(), [
    [ACTION, 1],
    ['job.retry', 12_000],
    ['session.begin', 2],
  ]);
  clock.advance(2 * DAY);
  await runTrim(app);
  t.same(await actions(), [
    ['audit.trim', 3],
    ['session.begin', 1],
  ]);
  t.equal((await app.pg.query('select from audit_repeats')).rowCount, 0);
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const { items } = (await admin.get('/api/v1/audit?action=audit.trim')).json;
  t.equal(
    items.reduce((sum: number, { after }: Entry) => sum + Number(after?.['removed']), 0),
    12_002,
  );
  t.match(items[0], { resource: 'audit', resource_id: null, actor: null, address: null });
  t.match(items[0].after.before, /T00:00:00.000Z$/);
  await runTrim(app);
  t.equal((await actions())[0]?.[1], 3, 'no entry if nothing is removed');
});

t.test('erases the personal data of a deleted user', async (t) => {
  const test = await createTestApp(t);
  const { app, client } = test;
  const { fail } = refusing(test);
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const from = (remoteAddress: string, url: string, payload: object, cookie = client()) =>
    cookie.request({ method: 'POST', url, payload, remoteAddress });

  const registration = { ...CREATED, username: 'Zoe_1', email: 'zoe@example.com' };
  await from('198.51.100.7', '/api/v1/auth/register', registration);
  await app.runJobs();
  const token = /^[\w-]{43}$/m.exec(app.outbox?.mails[0]?.text ?? '')?.[0];
  await from('198.51.100.7', '/api/v1/auth/verify-email', { token, password: PASSWORD });
  const zoe = client().withHeaders({ 'user-agent': 'ZoesBrowser/1' });
  t.equal((await zoe.signIn('zoe_1', PASSWORD)).status, 200);
  const { id } = (await zoe.get('/api/v1/me')).json;
  await fail('zoe_1', '198.51.100.8');
  await zoe.patch('/api/v1/me', { nickname: 'Zoë', bio: 'about zoe', tags: ['zoe tag'] });
  const current_password = PASSWORD;
  await zoe.post('/api/v1/me/api-keys', {
    name: "zoe's laptop",
    scopes: ['me:read'],
    current_password,
  });
  await admin.patch(`/api/v1/users/${id}`, { username: 'zoe_2', email: 'zoe.2@example.com' });
  await admin.put(`/api/v1/users/${id}/role`, { role: 'editor' });
  const post = await zoe.post('/api/v1/posts', { title: 'A post', content: 'Text' });
  // Somebody else has taken the former username, and must keep their own entry.
  const other = { ...CREATED, username: 'zoe_1', email: 'other@example.org' };
  t.equal((await from('198.51.100.9', '/api/v1/auth/register', other)).status, 201);
  await app.runJobs();
  const others = /^[\w-]{43}$/m.exec(app.outbox?.mails[0]?.text ?? '')?.[0];
  t.equal(
    (await from('198.51.100.9', '/api/v1/auth/verify-email', { token: others, password: PASSWORD }))
      .status,
    200,
  );

  const all = async () =>
    (await app.pg.query('select *, t::text as line from audit_log t order by id')).rows;
  const before = await all();
  t.equal((await admin.delete(`/api/v1/users/${id}`)).status, 204);
  const after = await all();
  t.equal(after.length, before.length + 1, 'every entry remains');
  const about = after.filter(
    ({ actor_id, resource, resource_id }) =>
      actor_id === id || (resource === 'user' && resource_id === String(id)),
  );
  t.ok(about.length >= 9, `${about.length} entries`);
  for (const { line, action } of about) {
    t.notMatch(line, /zoe|198\.51\.100\.[78]/i, action);
  }
  t.notMatch(
    after.map(({ line }) => line).join('\n'),
    /198\.51\.100\.[78]|zoe@|zoe\.2@|Zoë|laptop|ZoesBrowser/,
  );
  const registered = after.filter(({ action }) => action === 'account.register');
  t.same(
    registered.map(({ after, address }) => [after.username, address]),
    [
      [null, null],
      ['zoe_1', '198.51.100.9'],
    ],
  );
  t.match(about.at(-1), {
    action: 'user.delete',
    before: { role: 'editor' },
    address: '127.0.0.1',
  });
  t.match(
    about.find(({ action }) => action === 'user.role'),
    { before: { role: 'author' }, after: { role: 'editor' }, address: '127.0.0.1' },
    'what is not personal remains, and the address of the administrator',
  );
  t.match(
    about.find(({ action }) => action === 'post.create'),
    { after: { title: 'A post' }, address: null },
    'the post remains too',
  );
  t.equal((await admin.get(`/api/v1/posts/${post.json.id}`)).json.author, null);
  const untouched = after.filter((entry) => entry.erased_at === null);
  for (const entry of untouched.slice(0, -1)) {
    t.same(
      entry,
      before.find((each) => each.id === entry.id),
    );
  }
  const { items } = (await admin.get(`/api/v1/audit?actor_id=${id}`)).json;
  for (const entry of items) {
    t.same(entry.actor, { id, username: null });
    t.equal(entry.erased_at, test.clock.read().toISOString());
  }
});

t.test('leaves nothing of a deleted user in other tables', async (t) => {
  const test = await createTestApp(t);
  const { app, client } = test;
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const kept = { 'idempotency-key': 'a key' };
  const email = 'mia@example.com';
  const created = await admin.post('/api/v1/users', { username: 'mia_unique', email }, kept);
  const { id } = created.json;
  await app.pg.query(
    `update users set password_hash = (select password_hash from users where username = 'root')
     where id = $1`,
    [id],
  );
  const mia = client().withHeaders({ 'user-agent': 'mia_unique/1' });
  await mia.signIn('mia_unique', PASSWORD);
  await mia.post('/api/v1/posts', { title: 'A post', content: 'Text' }, kept);
  await mia.post('/api/v1/auth/forgot-password', { email });
  await client().post('/api/v1/auth/register', { ...CREATED, username: 'mia_unique_2', email });
  await client().post('/api/v1/auth/resend-verification', { email });
  await mia.post('/api/v1/me/email', { email: 'new@mia_unique.example', password: PASSWORD });
  await keyOf(test, id, ['me:read']);
  const failed = { kind: 'password_changed', username: 'mia_unique', language: 'en' } as const;
  const job = await enqueue(app.db, 'notice', { ...failed, userId: id, to: email });
  await app.pg.query('select graphile_worker.permanently_fail_jobs(array[$1::bigint], $2)', [
    job,
    `550 no such user ${email}`,
  ]);
  // The owner of a stolen account must still learn of the change.
  await enqueue(app.db, 'notice', { ...failed, userId: id, to: 'kept@example.org' });

  t.equal((await admin.delete(`/api/v1/users/${id}`)).status, 204);
  const { rows: tables } = await app.pg.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname in ('public', 'graphile_worker')`,
  );
  t.ok(tables.length > 20);
  for (const { name } of tables) {
    const { rows } = await app.pg.query<{ line: string }>(`select t::text as line from ${name} t`);
    const left = rows.filter(({ line }) => /mia_unique|mia@/.test(line));
    t.same(
      left.filter(({ line }) => !line.includes('kept@example.org')),
      [],
      name,
    );
  }
  const { rows: ofUser } = await app.pg.query(
    `select from idempotency_keys where caller = 'user:' || $1`,
    [id],
  );
  t.equal(ofUser.length, 0);
  await app.runJobs();
  t.equal(app.outbox?.mails[0]?.to, 'kept@example.org');
});

t.test('removes failed notices of a deleted user', async (t) => {
  const test = await createTestApp(t);
  const { id } = await test.createUser({ username: 'alice' });
  const notice = { kind: 'password_changed', username: 'alice', language: 'en' } as const;
  const to = 'alice@example.com';
  const job = await enqueue(test.app.db, 'notice', { ...notice, userId: id, to });
  await test.app.pg.query('select graphile_worker.permanently_fail_jobs(array[$1::bigint], $2)', [
    job,
    'a reason',
  ]);
  const jobs = async () =>
    (await test.app.pg.query(`select from graphile_worker.jobs where id = $1`, [job])).rowCount;
  const clean = async () => {
    await enqueue(test.app.db, 'remove_failed_jobs', {});
    await test.app.runJobs();
  };
  await clean();
  t.equal(await jobs(), 1);
  await test.app.pg.query('delete from users where id = $1', [id]);
  await clean();
  t.equal(await jobs(), 0);
});

t.test(
  'erases what a running request has recorded, and very long histories, by a job',
  async (t) => {
    const test = await createTestApp(t);
    const { app } = test;
    const admin = await test.signedIn({ username: 'root', role: 'admin' });
    const { id } = await test.createUser({ username: 'busy' });
    await app.pg.query(
      `insert into audit_log (actor_id, action, resource, address)
     select $1, 'post.change', 'post', '198.51.100.1' from generate_series(1, 10500)`,
      [id],
    );
    const left = async () => {
      const text = `select from audit_log where address = '198.51.100.1'`;
      return (await app.pg.query(text)).rowCount;
    };
    t.equal((await admin.delete(`/api/v1/users/${id}`)).status, 204);
    t.equal(await left(), 500);
    await app.runJobs();
    t.equal(await left(), 0);

    const { id: second } = await test.createUser({ username: 'second' });
    await admin.delete(`/api/v1/users/${second}`);
    await app.pg.query(
      `insert into audit_log (actor_id, action, resource, address)
     values ($1, 'post.change', 'post', '198.51.100.1')`,
      [second],
    );
    await makeJobsDue(app);
    await app.runJobs();
    t.equal(await left(), 0);
    const context = { db: app.db, clock: test.clock.read } as Parameters<
      typeof eraseAuditEntries
    >[1];
    await eraseAuditEntries({ userId: second, after: 0 }, context);
  },
);

t.test('finds the entries of a deleted user, and the oldest ones, by index', async (t) => {
  const test = await createTestApp(t);
  const { app, clock } = test;
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const { id } = await test.createUser({ username: 'rare' });
  await app.pg.query(
    `insert into audit_log (at, actor_id, action, resource, resource_id)
     select $1::timestamptz - n * interval '1 second', 1000 + n % 1000, 'user.change', 'user',
       (1000 + n % 1000)::text
     from generate_series(1, 50000) n`,
    [clock.read()],
  );
  await app.pg.query('analyze audit_log');
  const statements = await recordCalls(async () => {
    t.equal((await admin.delete(`/api/v1/users/${id}`)).status, 204);
    await runTrim(app);
  });
  const asked = statements.filter(({ text }) => /audit_log/.test(text) && !/^insert/.test(text));
  t.ok(asked.length >= 4, `${asked.length} statements`);
  for (const { text, values } of asked) {
    const { rows } = await app.pg.query(`explain ${text}`, [...values]);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    t.notMatch(plan, /Seq Scan on audit_log|audit_log_pkey.*\n.*Filter/, text.slice(0, 60));
  }
});

t.test('allows the two exceptions of the append-only rule and nothing else', async (t) => {
  const test = await createTestApp(t);
  const { databaseUrl } = test;
  const { fail } = refusing(test);
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const { id } = await test.createUser({ username: 'gone' });
  await fail('gone');
  await admin.delete(`/api/v1/users/${id}`);
  const { id: root } = (await admin.get('/api/v1/me')).json;
  const now = test.clock.read().getTime();
  const superuser = new pg.Client({ connectionString: databaseUrl });
  await superuser.connect();
  t.teardown(() => superuser.end());
  const before = await superuser.query('select * from audit_log order by id');
  const erase = `select set_config('althing.audit_erase', 'on', true)`;
  const remove = (at: number) =>
    `select set_config('althing.audit_remove_before', '${new Date(at).toISOString()}', true)`;
  const entry = `(select max(id) from audit_log where resource_id = '${id}')`;
  for (const [allowance, statement] of [
    [erase, `update audit_log set address = '192.0.2.9', erased_at = now() where id = ${entry}`],
    [erase, `update audit_log set address = null where id = ${entry}`],
    [erase, `update audit_log set action = 'x', erased_at = now() where id = ${entry}`],
    [erase, `update audit_log set at = now(), erased_at = now() where id = ${entry}`],
    [erase, `update audit_log set actor_id = 7, erased_at = now() where id = ${entry}`],
    [erase, `update audit_log set before = null, erased_at = now() where id = ${entry}`],
    [erase, `update audit_log set before = '{}', erased_at = now() where id = ${entry}`],
    [erase, `update audit_log set before = '{"role":"x"}', erased_at = now() where id = ${entry}`],
    [
      erase,
      `update audit_log set before = before || '{"new":null}', erased_at = now()
       where id = ${entry}`,
    ],
    [
      erase,
      `update audit_log set address = null, erased_at = now()
       where actor_id = ${root} and action = 'session.begin'`,
    ],
    [erase, 'delete from audit_log'],
    [remove(now), 'update audit_log set address = null, erased_at = now()'],
    [remove(now - 1), 'delete from audit_log'],
    [remove(now), 'truncate audit_log'],
    [remove(now - 1), 'delete from audit_repeats'],
    [erase, 'delete from audit_repeats'],
    [erase, 'update audit_repeats set count = count - 1'],
    [erase, `update audit_repeats set last_at = last_at - interval '1 second'`],
    [erase, `update audit_repeats set began_at = began_at - interval '1 second'`],
    [erase, `update audit_repeats set key_hash = '\\x00'`],
    [erase, 'truncate audit_repeats'],
    ['select', `update audit_log set address = null, erased_at = now() where id = ${entry}`],
    ['select', 'delete from audit_log'],
    ['select', 'delete from audit_repeats'],
  ] as const) {
    await superuser.query('begin');
    await superuser.query(allowance);
    await t.rejects(superuser.query(statement), { code: '42501' }, statement);
    await superuser.query('rollback');
  }
  t.same((await superuser.query('select * from audit_log order by id')).rows, before.rows);
});
