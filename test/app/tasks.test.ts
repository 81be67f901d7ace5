import t from 'tap';
import { tasks, timetable } from '#app/tasks.js';
import { withFolded } from '#src/db/folded-columns.js';
import { enqueue } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { tokenOf } from '#test/support/credentials.js';
import { countJobs, eventually, NOTICE } from '#test/support/jobs.js';
import { recordLog } from '#test/support/log.js';

const DAY_MS = 24 * 60 * 60 * 1000;

const test = await createTestApp(t);
const { app, clock } = test;

async function count(table: string): Promise<number> {
  const { rows } = await app.pg.query(`select from ${table}`);
  return rows.length;
}

t.test('every task of the timetable exists', async (t) => {
  t.same(
    Object.keys(timetable).filter((name) => !(name in tasks)),
    [],
  );
});

t.test('the tasks of the timetable remove what has expired, and nothing else', async (t) => {
  const { id } = await test.createUser({ username: 'alice' });
  await tokenOf(test, id);
  const { id: postId } = await insertTestPost(app, { title: 'Read' });
  await app.inject({ url: `/api/v1/posts/${postId}`, headers: { 'user-agent': 'Reader/1' } });
  await app.flushWrites();
  const bob = await test.signedIn({ username: 'bob' });
  const stored = await bob.post(
    '/api/v1/posts',
    { title: 'Kept', content: 'Text' },
    { 'idempotency-key': 'once' },
  );
  t.equal(stored.status, 201, stored.text);
  const refused = await test.client().post('/api/v1/auth/login', {
    username: 'alice',
    password: 'wrong',
  });
  t.equal(refused.status, 401);
  const past = clock.read().toISOString();
  const soon = new Date(clock.read().getTime() + DAY_MS).toISOString();
  const hash = Buffer.from('hash');
  const registration = { username: 'new', email: 'a@example.com', password_hash: 'x' };
  await app.db
    .insertInto('registrations')
    .values({ ...withFolded(registration), expires_at: soon })
    .execute();
  const mailed = { user_id: id, purpose: 'reset_password', email: 'a@example.com' } as const;
  await app.db
    .insertInto('email_tokens')
    .values({ ...mailed, token_hash: hash, created_at: past, expires_at: soon })
    .execute();
  const { id: session_id } = await app.db
    .selectFrom('sessions')
    .select('id')
    .where('kind', '=', 'token')
    .executeTakeFirstOrThrow();
  await app.db
    .insertInto('refresh_tokens')
    .values({ token_hash: hash, session_id, expires_at: soon })
    .execute();
  const tables = [
    'sessions',
    'refresh_tokens',
    'email_tokens',
    'registrations',
    'post_visits',
    'idempotency_keys',
    'throttles',
  ];

  const runAll = async () => {
    for (const name of Object.keys(timetable)) {
      await enqueue(app.db, name as 'empty_trash', {});
    }
    await app.runJobs();
    t.equal(await countJobs(app), 0, 'no task failed');
  };
  const before = await Promise.all(tables.map(count));
  t.ok(
    before.every((rows) => rows > 0),
    `${before}`,
  );
  await runAll();
  t.same(await Promise.all(tables.map(count)), before, 'nothing has expired yet');
  clock.advance(400 * DAY_MS);
  await runAll();
  t.same(
    await Promise.all(tables.map(count)),
    tables.map(() => 0),
  );
  t.equal(await count('posts'), 2, 'posts do not expire');
});

t.test('removes jobs that failed for good long ago', async (t) => {
  const failed = await enqueue(app.db, 'notice', NOTICE, { maxAttempts: 1 });
  await app.pg.query('select graphile_worker.permanently_fail_jobs(array[$1::bigint], $2)', [
    failed,
    'a reason',
  ]);
  await enqueue(app.db, 'remove_failed_jobs', {});
  await app.runJobs();
  t.equal(await countJobs(app), 0, 'the clock is 400 days ahead');
});

t.test('makes up for a missed run of the trash alone', async (t) => {
  const { app, databaseUrl } = await createTestApp(t);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const known = 'select from graphile_worker._private_known_crontabs';
  const scheduled = Object.keys(timetable).length;
  await eventually(async () => (await app.pg.query(known)).rows.length === scheduled);
  await app.close();

  const { logger, lines } = recordLog();
  const next = await createTestApp(t, {}, { databaseUrl, logger });
  await next.app.pg.query(
    `update graphile_worker._private_known_crontabs
     set known_since = now() - interval '3 days', last_execution = now() - interval '24 hours'`,
  );
  await next.app.listen({ host: '127.0.0.1', port: 0 });
  const completed = (name: string) =>
    lines.filter(({ msg, task }) => msg === 'job completed' && task === name).length;
  await eventually(() => completed('empty_trash') === 1);
  await eventually(async () => (await countJobs(next.app)) === 0);
  // At most the run of this very minute.
  t.ok(completed('remove_expired_credentials') <= 1);
});
