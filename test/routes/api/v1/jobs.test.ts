import { sql } from 'kysely';
import t from 'tap';
import { enqueue } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import { makeJobsDue, NOTICE } from '#test/support/jobs.js';
import { startSmtpServer } from '#test/support/smtp.js';

const smtp = await startSmtpServer(t);
const { app, client, signedIn } = await createTestApp(t, { SMTP_URL: smtp.url });
const admin = await signedIn({ username: 'root', role: 'admin' });

t.beforeEach(async () => {
  await sql`delete from graphile_worker._private_jobs`.execute(app.db);
  smtp.mails.length = 0;
});

t.test('requires an administrator', async (t) => {
  const id = await enqueue(app.db, 'notice', NOTICE);
  const author = await signedIn({ username: 'author' });
  for (const [who, status] of [
    [client(), 401],
    [author, 403],
  ] as const) {
    t.equal((await who.get('/api/v1/jobs')).status, status);
    t.equal((await who.post(`/api/v1/jobs/${id}/retry`)).status, status);
  }
});

t.test('lists a permanently failed mail, which can be retried', async (t) => {
  const before = Date.now();
  smtp.refusals.push({ code: 550, message: 'no such user alice@example.com' });
  const id = await enqueue(app.db, 'notice', NOTICE, { maxAttempts: 1 });
  await app.runJobs();
  t.equal(smtp.mails.length, 0);

  const { json, text } = await admin.get('/api/v1/jobs?state=failed');
  t.equal(json.total, 1);
  const [job] = json.items;
  t.match(job, {
    id,
    task: 'notice',
    state: 'failed',
    attempts: 1,
    max_attempts: 1,
    last_error: 'The mail server did not take the mail (550).',
  });
  t.ok(Number.isInteger(job.id));
  t.ok(Math.abs(Date.parse(job.created_at) - before) < 60_000);
  t.notMatch(text, /alice|payload/, 'the payload is not shown');

  await makeJobsDue(app);
  await app.runJobs();
  t.equal(smtp.mails.length, 0, 'no more attempts');
  const retried = await admin.post(`/api/v1/jobs/${id}/retry`);
  t.equal(retried.status, 200);
  t.match(retried.json, { id, state: 'waiting', attempts: 0 });
  await app.runJobs();
  t.equal(smtp.mails.length, 1);
  t.equal((await admin.get('/api/v1/jobs')).json.total, 0, 'completed jobs are deleted');
  t.equal((await admin.post(`/api/v1/jobs/${id}/retry`)).status, 404);
});

t.test('runs a waiting job early', async (t) => {
  const runAt = new Date(Date.now() + 3_600_000);
  const id = await enqueue(app.db, 'notice', NOTICE, { runAt });
  await app.runJobs();
  t.equal(smtp.mails.length, 0);
  t.match((await admin.get('/api/v1/jobs')).json.items, [{ id, run_at: runAt.toISOString() }]);
  t.equal((await admin.post(`/api/v1/jobs/${id}/retry`)).status, 200);
  await app.runJobs();
  t.equal(smtp.mails.length, 1);
});

t.test('does not touch a running job', async (t) => {
  const id = await enqueue(app.db, 'notice', NOTICE);
  await sql`update graphile_worker._private_jobs set locked_at = now(), locked_by = 'w'`.execute(
    app.db,
  );
  t.match((await admin.get('/api/v1/jobs?state=running')).json.items, [{ id, state: 'running' }]);
  const refused = await admin.post(`/api/v1/jobs/${id}/retry`);
  t.equal(refused.status, 409);
  t.equal(refused.json.code, 'job_running');
  t.equal((await admin.post('/api/v1/jobs/999999/retry')).status, 404);
  t.equal((await admin.post('/api/v1/jobs/0/retry')).status, 422);
});

t.test('shows only safe parts of an error', async (t) => {
  const id = await enqueue(app.db, 'notice', NOTICE);
  const error = "cannot open '/srv/app/x.js'\n    at run (/srv/app/dist/src/jobs/notice.js:3:1)";
  await sql`update graphile_worker._private_jobs set last_error = ${error}`.execute(app.db);
  const { items } = (await admin.get('/api/v1/jobs')).json;
  t.match(items, [{ id, last_error: "cannot open '[path]'" }]);
});

t.test('filters by state, and pages by number or cursor', async (t) => {
  const ids: number[] = [];
  for (let n = 0; n < 5; n += 1) ids.push(await enqueue(app.db, 'notice', NOTICE));
  await sql`update graphile_worker._private_jobs set attempts = max_attempts where id = ${ids[2]}`.execute(
    app.db,
  );
  const idsOf = async (query: string) =>
    (await admin.get(`/api/v1/jobs?${query}`)).json.items.map(({ id }: { id: number }) => id);
  t.same(await idsOf(''), ids);
  t.same(await idsOf('sort=-id'), ids.toReversed());
  t.same(await idsOf('state=failed'), [ids[2]]);
  t.same(await idsOf('state=running'), []);
  t.same(await idsOf('state=waiting&size=2&page=2'), [ids[3], ids[4]]);
  const first = await admin.get('/api/v1/jobs?cursor=&size=3&sort=-id');
  t.match(first.json, { total: null, has_next: true });
  t.same(await idsOf(`cursor=${first.json.next_cursor}&size=3&sort=-id`), [ids[1], ids[0]]);
  t.match(first.headers['link'], 'rel="next"');
  t.equal((await admin.get('/api/v1/jobs?cursor=nonsense')).status, 422);
  t.equal((await admin.get('/api/v1/jobs?state=done')).status, 422);
});
