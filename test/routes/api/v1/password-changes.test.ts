import t from 'tap';
import { systemContext } from '#src/access/context.js';
import { startSession } from '#src/people/services/sessions.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { keyOf } from '#test/support/credentials.js';
import { lastMail, lastToken } from '#test/support/mails.js';

const MINUTE = 60 * 1000;
const NEW = 'Battery-Staple-8';

const change = (more: Record<string, unknown> = {}) => ({
  current_password: PASSWORD,
  new_password: NEW,
  confirm_password: NEW,
  ...more,
});

const CHANGE = '/api/v1/auth/change-password';
const FORGOT = '/api/v1/auth/forgot-password';
const RESET = '/api/v1/auth/reset-password';
const reset = (token: string, password = NEW) => ({
  token,
  new_password: password,
  confirm_password: password,
});

t.test('changes the password with the current one and ends all other sessions', async (t) => {
  const test = await createTestApp(t);
  const here = await test.signedIn({ username: 'alice', email: 'alice@example.com' });
  const there = test.client();
  await there.signIn('alice', PASSWORD);
  const { json: pair } = await test
    .client()
    .postForm('/api/v1/auth/token', { username: 'alice', password: PASSWORD });
  const bearer = { authorization: `Bearer ${pair.access_token}` };
  t.equal((await test.client().get('/api/v1/me', bearer)).status, 200);

  const reply = await here.post(CHANGE, change());
  t.same([reply.status, reply.json], [200, { status: 'password_changed' }]);
  t.equal((await here.get('/api/v1/me')).status, 200, 'keeps the current session');
  t.equal((await there.get('/api/v1/me')).status, 401);
  t.equal((await test.client().get('/api/v1/me', bearer)).status, 401);
  t.equal((await test.client().signIn('alice', PASSWORD)).status, 401);
  t.equal((await test.client().signIn('alice', NEW)).status, 200);
  t.match(await lastMail(test), { to: 'alice@example.com', subject: /was changed/ });

  const { rows } = await test.app.pg.query(
    `select actor_id, resource, before, after from audit_log where action = 'account.password'`,
  );
  t.match(rows, [{ resource: 'user', before: null, after: null }]);
  t.equal(rows.length, 1);
});

t.test('reports every invalid field without repeating a password', async (t) => {
  const test = await createTestApp(t);
  const alice = await test.signedIn({ username: 'alice' });
  const refused = async (more: Record<string, unknown>, language = 'en') => {
    const reply = await alice.post(CHANGE, change(more), { 'accept-language': language });
    t.equal(reply.status, 422);
    for (const value of Object.values(change(more))) t.notMatch(reply.text, String(value));
    return reply.json.detail.map(({ loc, msg }: { loc: string[]; msg: string }) => [loc[1], msg]);
  };
  t.same(await refused({ current_password: 'Wrong-Horse-1' }), [
    ['current_password', 'Value error, the current password is incorrect'],
  ]);
  t.same(await refused({ confirm_password: 'Other-Horse-1' }, 'zh'), [
    ['confirm_password', '值错误，两次输入的密码不一致'],
  ]);
  t.same(await refused({ new_password: PASSWORD, confirm_password: PASSWORD }, 'zh'), [
    ['new_password', '值错误，新密码不能与当前密码相同'],
  ]);
  const weak = await refused({ new_password: 'zzzzz', confirm_password: 'zzzzz' });
  t.equal(weak.length, 4, 'too short; no uppercase letter, digit or special character');
  t.equal((await test.client().signIn('alice', PASSWORD)).status, 200, 'nothing changed');
});

t.test('rejects new passwords that contain the name or address', async (t) => {
  const test = await createTestApp(t);
  const alice = await test.signedIn({
    username: 'alice',
    nickname: 'Wonderland',
    email: 'liddell@example.com',
  });
  await test.client().post(FORGOT, { email: 'liddell@example.com' });
  const token = await lastToken(test);
  for (const [password, type] of [
    ['my-ALICE-word-9', 'password_contains_name'],
    ['Al1ce-Lantern-9', 'password_contains_name'],
    ['W0nderland-99!', 'password_contains_name'],
    ['Liddell-Lantern-9', 'password_contains_email'],
    ['liddell@example.com-A1', 'password_contains_email'],
    ['Dr@gon2024!', 'password_too_common'],
  ] as const) {
    const replies = [
      await alice.post(CHANGE, change({ new_password: password, confirm_password: password })),
      await test.client().post(RESET, reset(token, password)),
    ];
    for (const { status, json, text } of replies) {
      t.equal(status, 422, password);
      t.match(json.detail, [{ type, loc: ['body', 'new_password'], input: '[redacted]' }]);
      t.equal(json.detail.length, 1);
      t.notMatch(text, password);
    }
  }
  t.equal((await test.client().signIn('alice', PASSWORD)).status, 200, 'nothing changed');
  t.equal((await test.client().post(RESET, reset(token))).status, 200, 'the token still works');
});

t.test('throttles attempts at the current password', async (t) => {
  const test = await createTestApp(t, { LOGIN_ATTEMPTS: 3 });
  const alice = await test.signedIn({ username: 'alice' });
  const statuses = [];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const guess = change({ current_password: `Wrong-Horse-${attempt}` });
    statuses.push((await alice.post(CHANGE, guess)).status);
  }
  t.same(statuses, [422, 422, 422, 429]);
  test.clock.advance(2000);
  t.equal((await test.client().signIn('alice', PASSWORD)).status, 200);
});

t.test('resets a forgotten password by mail', async (t) => {
  const test = await createTestApp(t);
  const alice = await test.signedIn({ username: 'alice', email: 'alice@example.com' });
  const asked = await test.client().post(FORGOT, { email: 'ALICE@example.com' });
  t.same([asked.status, asked.json], [202, { status: 'accepted' }]);
  t.match(await lastMail(test), { to: 'alice@example.com', subject: 'Reset your password' });
  const token = await lastToken(test);
  const { rows } = await test.app.pg.query('select * from email_tokens');
  t.notMatch(JSON.stringify(rows), token, 'stores only the hash of the token');

  t.equal((await test.client().post(RESET, reset(token, 'weak'))).status, 422);
  const differing = { ...reset(token), confirm_password: 'Other-Horse-1' };
  t.equal((await test.client().post(RESET, differing)).status, 422, 'the token is still valid');
  t.equal((await test.client().post(RESET, reset(token))).status, 200);
  t.equal((await alice.get('/api/v1/me')).status, 401, 'all sessions have ended');
  t.equal((await test.client().signIn('alice', NEW)).status, 200);
  t.match(await lastMail(test), { subject: 'Your password was changed' });

  const again = await test.client().post(RESET, reset(token, 'Another-Horse-7'));
  t.equal(again.status, 422, 'works once');
  t.match(again.json.detail, [{ loc: ['body', 'token'], type: 'value_error' }]);
});

t.test('deletes API keys on a reset, and on request on a change', async (t) => {
  const test = await createTestApp(t);
  const alice = await test.signedIn({ username: 'alice', email: 'alice@example.com' });
  const { id } = (await alice.get('/api/v1/me')).json;
  const { id: other } = await test.createUser({ username: 'bob' });
  const untouched = await keyOf(test, other, ['me:read']);
  const isValid = async (key: Record<string, string>) =>
    (await test.client().get('/api/v1/me', key)).status === 200;
  const deletions = async () =>
    (
      await test.app.pg.query(
        `select actor_id, before->>'name' as name from audit_log where action = 'api_key.delete'`,
      )
    ).rows;

  const kept = await keyOf(test, id, ['me:read']);
  t.equal((await alice.post(CHANGE, change())).status, 200);
  t.ok(await isValid(kept), 'stays by default');
  const more = { current_password: NEW, new_password: PASSWORD, confirm_password: PASSWORD };
  for (const delete_api_keys of [false, true]) {
    const reply = await alice.post(CHANGE, { ...change(), ...more, delete_api_keys });
    t.equal(reply.status, 200);
    t.equal(await isValid(kept), !delete_api_keys);
    if (!delete_api_keys) await alice.post(CHANGE, change());
  }
  t.same(await deletions(), [{ actor_id: id, name: 'a test' }]);

  const keys = [await keyOf(test, id, ['me:read']), await keyOf(test, id, ['users:read'])];
  await test.client().post(FORGOT, { email: 'alice@example.com' });
  const token = await lastToken(test);
  const bystander = test.client();
  await bystander.signIn('bob', PASSWORD);
  t.equal((await bystander.post(RESET, reset(token))).status, 200);
  for (const key of keys) t.notOk(await isValid(key), 'all end with a reset');
  t.ok(await isValid(untouched), 'those of others stay');
  t.same(await deletions(), Array(3).fill({ actor_id: id, name: 'a test' }));
});

t.test('expires a token after 30 minutes, and replaces it by a newer one', async (t) => {
  const test = await createTestApp(t);
  await test.createUser({ username: 'alice', email: 'alice@example.com' });
  await test.client().post(FORGOT, { email: 'alice@example.com' });
  const first = await lastToken(test);
  await test.client().post(FORGOT, { email: 'alice@example.com' });
  const second = await lastToken(test);
  t.equal((await test.client().post(RESET, reset(first))).status, 422);
  test.clock.advance(30 * MINUTE);
  t.equal((await test.client().post(RESET, reset(second))).status, 422);
  t.equal((await test.client().signIn('alice', PASSWORD)).status, 200);
});

t.test('accepts one of many concurrent requests with the same token', async (t) => {
  const test = await createTestApp(t);
  await test.createUser({ username: 'alice', email: 'alice@example.com' });
  await test.client().post(FORGOT, { email: 'alice@example.com' });
  const token = await lastToken(test);
  const replies = await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      test.client().post(RESET, reset(token, `Battery-Staple-${index}`)),
    ),
  );
  t.same(replies.map(({ status }) => status).sort(), [200, 422, 422, 422, 422]);
});

t.test('does not reveal accounts, and sends no token to inactive users', async (t) => {
  const test = await createTestApp(t);
  await test.createUser({ username: 'alice', email: 'alice@example.com' });
  await test.createUser({ username: 'asleep', email: 'asleep@example.com', is_active: false });
  const answers = [];
  for (const email of ['alice@example.com', 'asleep@example.com', 'nobody@example.com']) {
    const { status, text } = await test.client().post(FORGOT, { email });
    answers.push(`${status} ${text}`);
  }
  t.equal(new Set(answers).size, 1);
  await test.app.runJobs();
  t.same(
    test.app.outbox?.mails.map(({ to }) => to),
    ['alice@example.com'],
  );
});

t.test('rejects a token of another kind', async (t) => {
  const test = await createTestApp(t);
  const alice = await test.signedIn({ username: 'alice', email: 'alice@example.com' });
  await test.client().post(FORGOT, { email: 'alice@example.com' });
  const forReset = await lastToken(test);
  const verify = await test.client().post('/api/v1/auth/verify-email', { token: forReset });
  t.equal(verify.status, 422);
  await alice.post('/api/v1/me/email', { email: 'new@example.com', password: PASSWORD });
  const forChange = await lastToken(test);
  t.equal((await test.client().post(RESET, reset(forChange))).status, 422);
});

t.test('limits mails to an email address, known or not', async (t) => {
  const test = await createTestApp(t);
  await test.createUser({ username: 'alice', email: 'alice@example.com' });
  for (const email of ['alice@example.com', 'nobody@example.com']) {
    const replies = [];
    for (let count = 0; count < 4; count += 1) {
      replies.push(await test.client().post(FORGOT, { email }));
    }
    t.same(
      replies.map(({ status }) => status),
      [202, 202, 202, 429],
      email,
    );
    t.match(replies[3], { headers: { 'retry-after': '60' }, json: { code: 'too_many_mails' } });
  }
  test.clock.advance(MINUTE + 1000);
  t.equal((await test.client().post(FORGOT, { email: 'alice@example.com' })).status, 202);
});

t.test('cancels an email change requested by a thief of the old password', async (t) => {
  const test = await createTestApp(t);
  const thief = await test.signedIn({ username: 'alice', email: 'alice@example.com' });
  const wish = { email: 'thief@example.com', password: PASSWORD };
  t.equal((await thief.post('/api/v1/me/email', wish)).status, 202);
  const early = await lastToken(test);
  test.clock.advance(1000);
  t.equal((await thief.post('/api/v1/me/email', wish)).status, 202, 'and one still in the queue');
  await test.client().post(FORGOT, { email: 'alice@example.com' });
  const { rows } = await test.app.pg.query(
    `select id from graphile_worker.jobs where task_identifier = 'confirm_email_change'`,
  );
  await test.app.pg.query(
    `select graphile_worker.reschedule_jobs(array[$1::bigint], run_at => now() + '1 hour')`,
    [rows[0].id],
  );
  const token = await lastToken(test);
  t.equal((await test.client().post(RESET, reset(token))).status, 200);

  await test.app.pg.query(
    `select graphile_worker.reschedule_jobs(array[$1::bigint], run_at => now())`,
    [rows[0].id],
  );
  await test.app.runJobs();
  t.notMatch(test.app.outbox?.mails.slice(0, 1), [{ to: 'thief@example.com' }]);
  const verify = await test.client().post('/api/v1/auth/verify-email', { token: early });
  t.equal(verify.status, 422);
});

t.test('lets a reset win over a concurrent change of the password', async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const test = await createTestApp(t);
    const thief = await test.signedIn({ username: 'alice', email: 'alice@example.com' });
    await test.client().post(FORGOT, { email: 'alice@example.com' });
    const token = await lastToken(test);
    const stolen = 'Stolen-Horse-7';
    const [mine, theirs] = await Promise.all([
      test.client().post(RESET, reset(token)),
      thief.post(CHANGE, change({ new_password: stolen, confirm_password: stolen })),
    ]);
    // The order is open, but never do both succeed, and the owner is never locked out.
    if (mine.status === 200) t.equal((await test.client().signIn('alice', NEW)).status, 200);
    else t.same([mine.status, theirs.status], [422, 200], 'the change has invalidated the token');
  }
});

t.test('rejects a token after a change of the email address or a deactivation', async (t) => {
  const test = await createTestApp(t);
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const { id } = await test.createUser({ username: 'alice', email: 'old@example.com' });
  await test.client().post(FORGOT, { email: 'old@example.com' });
  const first = await lastToken(test);
  await admin.patch(`/api/v1/users/${id}`, { email: 'new@example.com' });
  t.equal((await test.client().post(RESET, reset(first))).status, 422);
  t.match(await lastMail(test), { to: 'old@example.com', subject: /was changed/ });

  await test.client().post(FORGOT, { email: 'new@example.com' });
  const second = await lastToken(test);
  await admin.patch(`/api/v1/users/${id}`, { is_active: false });
  t.equal((await test.client().post(RESET, reset(second))).status, 422);
  await admin.patch(`/api/v1/users/${id}`, { is_active: true });
  t.equal((await test.client().post(RESET, reset(second))).status, 422, 'also after reactivation');

  await test.client().post(FORGOT, { email: 'new@example.com' });
  const third = await lastToken(test);
  await test.app.pg.query('update users set is_active = false where id = $1', [id]);
  t.equal((await test.client().post(RESET, reset(third))).status, 422);
});

t.test('starts no session for a login with the password before a change', async (t) => {
  const test = await createTestApp(t);
  const { id } = await test.createUser({ username: 'alice' });
  const { rows } = await test.app.pg.query('select password_hash from users where id = $1', [id]);
  const context = systemContext(test.app.db, test.clock.read());
  const begin = (passwordHash: string) =>
    startSession(context, {
      userId: id,
      passwordHash,
      cookieId: 'x',
      remember: false,
      userAgent: null,
      device: null,
      expiresAt: test.clock.read(),
    });
  await t.rejects(begin('$argon2id$another'), { code: 'invalid_credentials' });
  t.ok(await begin(rows[0].password_hash));
});
