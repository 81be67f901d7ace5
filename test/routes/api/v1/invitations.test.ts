import t from 'tap';
import type { Mail } from '#src/mail/mailer.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { keyOf } from '#test/support/credentials.js';

const DAY = 24 * 60 * 60 * 1000;
const RESET = '/api/v1/auth/reset-password';
const accept = (token: string, password = PASSWORD) => ({
  token,
  new_password: password,
  confirm_password: password,
});

/** Returns the id of a new user without a password. */
async function newUser(admin: Client, user: { username: string; email?: string }) {
  return (await admin.post('/api/v1/users', user)).json.id as number;
}

t.test('returns the token once without a mail server', async (t) => {
  const test = await createTestApp(t, { CLIENT_URL: 'https://app.example.com' });
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  for (const user of [{ username: 'ann' }, { username: 'ben', email: 'ben@example.com' }]) {
    const id = await newUser(admin, user);
    const earlier = (await admin.post(`/api/v1/users/${id}/invite`)).json;
    const { status, json, headers } = await admin.post(`/api/v1/users/${id}/invite`);
    t.equal(status, 202);
    t.match(json, { status: 'returned', token: /^[\w-]{43}$/ });
    t.equal(json.link, `https://app.example.com/reset-password?token=${json.token}`);
    t.equal(json.expires_at, new Date(test.clock.read().getTime() + 7 * DAY).toISOString());
    t.match(headers['cache-control'], 'no-store');

    const anyone = test.client();
    t.equal((await anyone.post(RESET, accept(earlier.token))).status, 422, 'was replaced');
    t.equal((await anyone.post(RESET, accept(json.token, 'weak'))).status, 422);
    t.equal((await anyone.post(RESET, accept(json.token))).status, 200, 'is not used up by that');
    t.equal((await anyone.post(RESET, accept(json.token))).status, 422, 'works once');
    t.equal((await test.client().signIn(user.username, PASSWORD)).status, 200);

    const again = await admin.post(`/api/v1/users/${id}/invite`);
    t.match([again.status, again.json.code], [409, 'not_invitable'], 'has a password');
    const { rows } = await test.app.pg.query(
      `select action, actor_id, before, after from audit_log
       where resource_id = $1 and action in ('user.invite', 'account.accept_invitation') order by id`,
      [String(id)],
    );
    t.same(
      rows.map(({ action }) => action),
      ['user.invite', 'user.invite', 'account.accept_invitation'],
    );
    t.equal(rows[2].actor_id, id);
    t.notMatch(JSON.stringify(rows), json.token);
  }
  t.equal(await test.app.runJobs().then(() => test.app.outbox?.mails.length), 0, 'no mail');
});

t.test('names no page without CLIENT_URL, and expires', async (t) => {
  const test = await createTestApp(t);
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const id = await newUser(admin, { username: 'ann' });
  const { json } = await admin.post(`/api/v1/users/${id}/invite`);
  t.equal(json.link, null);
  test.clock.advance(7 * DAY);
  t.equal((await test.client().post(RESET, accept(json.token))).status, 422);
});

t.test('mails the invitation, in the language of the administrator', async (t) => {
  const sent: Mail[] = [];
  const mailer = { available: true, send: async (mail: Mail) => void sent.push(mail) };
  const test = await createTestApp(t, {}, { mailer });
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const id = await newUser(admin, { username: 'ann', email: 'ann@example.com' });
  const invite = (language: string) =>
    admin.post(`/api/v1/users/${id}/invite`, undefined, { 'accept-language': language });
  const { status, json } = await invite('en');
  t.match([status, json], [202, { status: 'mailed', token: null, link: null }]);
  await test.app.runJobs();
  await invite('zh-CN');
  const anyone = test.client();
  const tokenIn = (mail: Mail | undefined) => /^[\w-]{43}$/m.exec(mail?.text ?? '')?.[0] ?? '';
  t.equal((await anyone.post(RESET, accept(tokenIn(sent[0])))).status, 422, 'replaced at once');
  await test.app.runJobs();
  t.match(sent, [
    { to: 'ann@example.com', subject: 'You are invited', text: /account ann .*7 days/s },
    { to: 'ann@example.com', subject: '邀请您加入', text: /账户 ann.*7 天内有效/s },
  ]);
  t.equal((await anyone.post(RESET, accept(tokenIn(sent[1])))).status, 200);
  await test.app.runJobs();
  t.equal(sent.length, 2, 'the first password needs no warning');

  const other = await newUser(admin, { username: 'cleo', email: 'cleo@example.com' });
  await admin.post(`/api/v1/users/${other}/invite`);
  await admin.patch(`/api/v1/users/${other}`, { email: 'new@example.com' });
  await test.app.runJobs();
  t.same(
    sent.slice(2).map(({ subject }) => subject),
    ['Your email address was changed'],
    'no invitation to an address given up',
  );
});

t.test('invites nobody who is deactivated, unknown or above the viewer', async (t) => {
  const test = await createTestApp(t);
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const asleep = await newUser(admin, { username: 'asleep' });
  await admin.patch(`/api/v1/users/${asleep}`, { is_active: false });
  t.equal((await admin.post(`/api/v1/users/${asleep}/invite`)).json.code, 'not_invitable');
  t.equal((await admin.post('/api/v1/users/999999/invite')).status, 404);

  const invited = await newUser(admin, { username: 'left' });
  const { token } = (await admin.post(`/api/v1/users/${invited}/invite`)).json;
  await admin.patch(`/api/v1/users/${invited}`, { is_active: false });
  t.equal((await test.client().post(RESET, accept(token))).status, 422, 'ended by deactivation');

  const chief = await admin.post('/api/v1/users', { username: 'chief', role: 'admin' });
  const lesser = await test.signedIn({ username: 'lesser', role: 'admin' });
  await test.app.pg.query(`update users set permissions = 129 where username = 'lesser'`);
  const refused = await lesser.post(`/api/v1/users/${chief.json.id}/invite`);
  t.match([refused.status, refused.json.code], [403, 'beyond_own_permissions']);
});

t.test('creates a user with a password', async (t) => {
  const test = await createTestApp(t);
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const body = { username: 'ann', email: 'ann@example.com', password: PASSWORD };
  const headers = { 'idempotency-key': 'one' };
  const made = await admin.post('/api/v1/users', body, headers);
  t.equal(made.status, 201);
  t.notMatch(made.text, PASSWORD);
  const again = await admin.post('/api/v1/users', body, headers);
  t.same([again.status, again.json], [201, made.json]);
  t.equal((await test.client().signIn('ann', PASSWORD)).status, 200);

  const weak = await admin.post('/api/v1/users', { username: 'benjamin', password: 'short' });
  t.equal(weak.status, 422);
  const named = await admin.post('/api/v1/users', {
    username: 'benjamin',
    password: 'Benjamin-2-Words',
  });
  t.match(named.json.detail, [{ type: 'password_contains_name', loc: ['body', 'password'] }]);
  t.notMatch(named.text, 'Benjamin-2-Words');
  const bulk = await admin.post('/api/v1/users/bulk', [{ username: 'cleo', password: PASSWORD }]);
  t.equal(bulk.status, 201);
  t.equal((await test.client().signIn('cleo', PASSWORD)).status, 401, 'not in bulk');

  const { rows } = await test.app.pg.query('select before, after from audit_log');
  t.notMatch(JSON.stringify(rows), PASSWORD);
  const stored = await test.app.pg.query('select * from idempotency_keys');
  t.notMatch(JSON.stringify(stored.rows), PASSWORD);
});

t.test('an API key sets no password', async (t) => {
  const test = await createTestApp(t);
  const { id } = await test.createUser({ username: 'root', role: 'admin' });
  const byKey = test.client().withHeaders(await keyOf(test, id, ['users:write']));
  const body = { username: 'planted', password: PASSWORD };
  const refused = await byKey.post('/api/v1/users', body);
  t.match(refused, { status: 403, json: { code: 'key_cannot_administer' } });
  t.equal((await byKey.post('/api/v1/users', { username: 'planted' })).status, 201);
});
