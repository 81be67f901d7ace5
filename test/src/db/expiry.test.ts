import t from 'tap';
import { withFolded } from '#src/db/folded-columns.js';
import { deleteUnusedDevices } from '#src/people/stores/devices.js';
import { deleteExpiredEmailTokens } from '#src/people/stores/email-tokens.js';
import { deleteExpiredRefreshTokens } from '#src/people/stores/refresh-tokens.js';
import { deleteExpiredRegistrations } from '#src/people/stores/registrations.js';
import { deleteFailedJobs, enqueue } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import { NOTICE } from '#test/support/jobs.js';

const { app, clock, createUser } = await createTestApp(t);
const now = clock.read();
const past = new Date(now.getTime() - 1).toISOString();
const future = new Date(now.getTime() + 1).toISOString();
const hash = (text: string) => Buffer.from(text);
const { id: user_id } = await createUser({ username: 'alice' });

t.test('deletes expired registrations', async (t) => {
  const email = 'a@example.com';
  for (const [username, expires_at] of [
    ['gone', past],
    ['stays', future],
  ] as const) {
    const values = { username, email, password_hash: 'x', expires_at };
    await app.db.insertInto('registrations').values(withFolded(values)).execute();
  }
  t.equal(await deleteExpiredRegistrations(app.db, now), 1);
  const left = await app.db.selectFrom('registrations').select('username').execute();
  t.same(left, [{ username: 'stays' }]);
});

t.test('deletes expired mail tokens and refresh tokens', async (t) => {
  const session = { user_id, kind: 'token', expires_at: future } as const;
  const { id: session_id } = await app.db
    .insertInto('sessions')
    .values(session)
    .returning('id')
    .executeTakeFirstOrThrow();
  for (const [name, expires_at] of [
    ['gone', past],
    ['stays', future],
  ] as const) {
    const token = { token_hash: hash(name), expires_at };
    const mailed = { ...token, user_id, purpose: 'reset_password', email: 'a@b.c' } as const;
    await app.db.insertInto('email_tokens').values(mailed).execute();
    await app.db
      .insertInto('refresh_tokens')
      .values({ ...token, session_id })
      .execute();
  }
  t.equal(await deleteExpiredEmailTokens(app.db, now), 1);
  t.equal(await deleteExpiredRefreshTokens(app.db, now), 1);
  for (const table of ['email_tokens', 'refresh_tokens'] as const) {
    const left = await app.db.selectFrom(table).select('token_hash').execute();
    t.same(left, [{ token_hash: hash('stays') }], table);
  }
});

t.test('deletes devices that were not used any more', async (t) => {
  for (const [name, last_used_at] of [
    ['gone', past],
    ['stays', future],
  ] as const) {
    const device = { user_id, secret_hash: hash(name), last_used_at };
    await app.db.insertInto('devices').values(device).execute();
  }
  t.equal(await deleteUnusedDevices(app.db, now), 1);
  const left = await app.db.selectFrom('devices').select('secret_hash').execute();
  t.same(left, [{ secret_hash: hash('stays') }]);
});

t.test('deletes failed jobs, and keeps those that may still run', async (t) => {
  const failed = await enqueue(app.db, 'notice', NOTICE, { maxAttempts: 1 });
  const waiting = await enqueue(app.db, 'notice', NOTICE);
  await app.pg.query('select graphile_worker.permanently_fail_jobs(array[$1::bigint], $2)', [
    failed,
    'a reason',
  ]);
  const soon = new Date(Date.now() + 60_000);
  t.equal(await deleteFailedJobs(app.db, new Date(Date.now() - 60_000)), 0, 'not immediately');
  t.equal(await deleteFailedJobs(app.db, soon), 1);
  const { rows } = await app.pg.query('select id::int from graphile_worker.jobs');
  t.same(rows, [{ id: waiting }]);
});
