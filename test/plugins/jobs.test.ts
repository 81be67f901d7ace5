import { sql } from 'kysely';
import pg from 'pg';
import t from 'tap';
import { inTransaction } from '#src/db/transaction.js';
import { enqueue, findJob } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import { countJobs, eventually, makeJobsDue, NOTICE } from '#test/support/jobs.js';
import { recordLog } from '#test/support/log.js';
import { startSmtpServer } from '#test/support/smtp.js';

const LOCAL = { host: '127.0.0.1', port: 0 };

t.test('enqueues a job in the transaction of the change', async (t) => {
  const { app } = await createTestApp(t);
  await t.rejects(
    inTransaction({ db: app.db }, async ({ db: trx }) => {
      await enqueue(trx, 'notice', { ...NOTICE, username: 'undone' });
      throw new Error('a fault');
    }),
    { message: 'a fault' },
  );
  // The queue learns the names of the tasks when it starts.
  await app.runJobs();
  await inTransaction({ db: app.db }, async ({ db: trx }) => {
    await enqueue(trx, 'notice', NOTICE);
    await app.runJobs();
    t.same(app.outbox?.mails, [], 'does not run before the commit');
  });
  await app.runJobs();
  await app.runJobs();
  t.match(app.outbox?.mails, [{ to: 'alice@example.com', text: /alice/ }]);
  t.equal(app.outbox?.mails.length, 1);
  t.equal(await countJobs(app), 0);
});

t.test('delivers a mail at the third attempt', async (t) => {
  const smtp = await startSmtpServer(t);
  const { logger, lines } = recordLog();
  const { app } = await createTestApp(t, { SMTP_URL: smtp.url }, { logger });
  smtp.refusals.push(
    { code: 451, message: 'later, alice@example.com' },
    { code: 421, message: 'later, alice@example.com' },
  );
  const id = await enqueue(app.db, 'notice', NOTICE);
  let pause = 0;
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    await app.runJobs();
    t.match(await findJob(app.db, id), { state: 'waiting', attempts: attempt, max_attempts: 10 });
    const { rows } = await sql<{ s: number }>`
      select extract(epoch from run_at - now())::float8 as s from graphile_worker.jobs`.execute(
      app.db,
    );
    t.ok(Number(rows[0]?.s) > pause + 1, `${rows[0]?.s} seconds, longer than before`);
    pause = Number(rows[0]?.s);
    await app.runJobs();
    t.equal(smtp.attempts, attempt, 'not before it is due');
    await makeJobsDue(app);
  }
  await app.runJobs();
  t.equal(smtp.attempts, 3);
  t.match(smtp.mails, [
    { to: ['alice@example.com'], text: /The password of your account alice was changed/ },
  ]);
  t.equal(await countJobs(app), 0);

  const ofJob = lines.filter(({ job }) => job !== undefined);
  t.match(ofJob, [
    { level: 40, job: String(id), task: 'notice', attempt: 1, error: 'MailError' },
    { level: 40, attempt: 2 },
    { level: 30, attempt: 3, msg: 'job completed' },
  ]);
  t.notMatch(JSON.stringify(lines), /example\.com|"username"|alice/);
});

t.test('logs a job that fails permanently with its id and task', async (t) => {
  const { logger, lines } = recordLog();
  const { app, createUser } = await createTestApp(t, { APP_ENV: 'production' }, { logger });
  await createUser({ username: 'alice', email: 'alice@example.com' });
  const payload = { email: 'alice@example.com', language: 'en' } as const;
  const id = await enqueue(app.db, 'reset_password', payload, { maxAttempts: 1 });
  await app.runJobs();
  const errors = lines.filter(({ level }) => level === 50);
  t.equal(errors.length, 1);
  const { level: _level, time: _time, pid: _pid, hostname: _hostname, ...said } = errors[0] ?? {};
  t.same(said, { job: String(id), task: 'reset_password', msg: 'job failed permanently' });
  t.notMatch(JSON.stringify(lines), /example\.com|alice/);
});

t.test('keeps the newest of the waiting jobs with the same key', async (t) => {
  const { app } = await createTestApp(t);
  for (const username of ['first', 'second']) {
    await enqueue(app.db, 'notice', { ...NOTICE, username }, { key: 'alice' });
  }
  await app.runJobs();
  t.equal(app.outbox?.mails.length, 1);
  t.match(app.outbox?.mails[0]?.text, 'second');
});

t.test('runs jobs while listening, and stops cleanly', async (t) => {
  const { logger, lines } = recordLog();
  const grace = 30;
  const settings = { SHUTDOWN_TIMEOUT: grace };
  const { app, databaseUrl } = await createTestApp(t, settings, { logger });
  const connections = async () => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const { rows } = await client.query(
      `select from pg_stat_activity
       where datname = current_database() and application_name = 'althing-jobs'`,
    );
    await client.end();
    return rows.length;
  };
  await enqueue(app.db, 'notice', { ...NOTICE, username: 'earlier' });
  t.equal(await connections(), 0, 'an app that does not listen runs no jobs');
  await app.listen(LOCAL);
  await eventually(() => app.outbox?.mails.length === 1);
  for (let n = 0; n < 5; n += 1) await enqueue(app.db, 'notice', NOTICE);
  await eventually(() => app.outbox?.mails.length === 6);
  await eventually(async () => (await countJobs(app)) === 0);
  t.ok((await connections()) > 0);

  const begin = performance.now();
  await app.close();
  t.ok(performance.now() - begin < (grace * 1000) / 2, 'without waiting for the grace period');
  await eventually(async () => (await connections()) === 0);
  t.same(
    lines.filter(({ level }) => Number(level) >= 40),
    [],
  );
});

t.test('returns an unfinished job to the queue on shutdown', async (t) => {
  const arrived: (() => void)[] = [];
  const smtp = await startSmtpServer(t, {
    onData(stream, _session, callback) {
      stream.resume();
      arrived.push(() => callback());
    },
  });
  const grace = 5;
  const { app, databaseUrl } = await createTestApp(t, {
    SMTP_URL: smtp.url,
    SHUTDOWN_TIMEOUT: grace,
  });
  const id = await enqueue(app.db, 'notice', NOTICE);
  await app.listen(LOCAL);
  await eventually(() => arrived.length === 1);
  t.match(await findJob(app.db, id), { state: 'running', attempts: 1 });
  const begin = performance.now();
  await app.close();
  const took = performance.now() - begin;
  t.ok(took > (grace - 1) * 900, `${Math.round(took)} ms: not before the time was over`);
  t.ok(took < 2 * grace * 1000, `${Math.round(took)} ms: not long after`);

  const { app: next } = await createTestApp(t, {}, { databaseUrl });
  t.match(await findJob(next.db, id), {
    state: 'waiting',
    last_error: 'The service stopped before the job ended.',
  });
  for (const answer of arrived) answer();
  await makeJobsDue(next);
  await next.runJobs();
  t.equal(next.outbox?.mails.length, 1);
});

t.test('prepares statements according to DB_NAMED_STATEMENTS', async (t) => {
  const { query } = pg.Client.prototype;
  t.teardown(() => {
    pg.Client.prototype.query = query;
  });
  for (const named of [true, false]) {
    const { app } = await createTestApp(t, { DB_NAMED_STATEMENTS: named });
    await enqueue(app.db, 'notice', NOTICE);
    const names: unknown[] = [];
    pg.Client.prototype.query = function (this: pg.Client, ...call: unknown[]): unknown {
      names.push((call[0] as { name?: string }).name);
      return Reflect.apply(query, this, call);
    } as typeof query;
    await app.runJobs();
    t.equal(app.outbox?.mails.length, 1);
    t.equal(
      names.some((name) => name !== undefined),
      named,
    );
  }
});

t.test('logs that jobs cannot run without a database', async (t) => {
  const { app } = await createTestApp(
    t,
    { DB_CONNECT_TIMEOUT: 1 },
    { databaseUrl: 'postgresql://127.0.0.1:1/none' },
  );
  await t.rejects(app.runJobs(), /ECONNREFUSED/);
});
