import t from 'tap';
import { tasks, timetable } from '#app/tasks.js';
import { enqueue } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { tokenOf } from '#test/support/credentials.js';
import { countJobs } from '#test/support/jobs.js';

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
  const tables = ['sessions', 'post_visits', 'idempotency_keys', 'throttles'];

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
  t.same(await Promise.all(tables.map(count)), [0, 0, 0, 0]);
  t.equal(await count('posts'), 2, 'posts do not expire');
});
