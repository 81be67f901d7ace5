import t, { type Test } from 'tap';
import { MAX_WITH_EMAIL } from '#src/people/services/registrations.js';
import { insertUser } from '#src/people/stores/user-changes.js';
import { createTestApp, PASSWORD, type TestApp } from '#test/support/app.js';
import { lastMail, lastToken } from '#test/support/mails.js';

const URL = '/api/v1/auth/register';
const HOUR = 60 * 60 * 1000;

function form(username: string, more: Record<string, unknown> = {}) {
  return {
    username,
    email: `${username}@example.com`,
    password: PASSWORD,
    confirm_password: PASSWORD,
    agree_terms: true,
    ...more,
  };
}

const verify = (test: TestApp, token: string, password: string | undefined = PASSWORD) =>
  test.client().post('/api/v1/auth/verify-email', { token, password });

async function rowsOf(test: TestApp, table: 'users' | 'registrations'): Promise<number> {
  const { rows } = await test.app.pg.query(`select count(*)::int as n from ${table}`);
  return rows[0].n;
}

t.test('creates an account from a registration', async (t) => {
  const test = await createTestApp(t);
  const reply = await test.client().post(URL, form('dora'));
  t.equal(reply.status, 201);
  t.same(reply.json, {
    status: 'confirmation_sent',
    username: 'dora',
    email: 'dora@example.com',
  });
  t.equal(await rowsOf(test, 'users'), 0, 'no user yet');
  t.equal((await test.client().signIn('dora', PASSWORD)).status, 401, 'cannot sign in');

  const mail = await lastMail(test);
  t.match(mail, { to: 'dora@example.com', subject: 'Confirm your email address' });
  t.match(mail?.text, /POST \/api\/v1\/auth\/verify-email/);
  const { rows } = await test.app.pg.query('select * from registrations');
  t.notMatch(JSON.stringify(rows), PASSWORD);

  const token = await lastToken(test);
  const confirmed = await verify(test, token);
  t.same(confirmed.json, { status: 'verified', username: 'dora', email: 'dora@example.com' });
  const dora = test.client();
  t.equal((await dora.signIn('dora', PASSWORD)).status, 200);
  t.match((await dora.get('/api/v1/me')).json, {
    email: 'dora@example.com',
    email_verified_at: test.clock.read().toISOString(),
    role: 'author',
    is_active: true,
  });
  t.equal(await rowsOf(test, 'registrations'), 0);

  const again = await verify(test, token);
  t.equal(again.status, 422, 'the token works once');
  t.match(again.json.detail[0], { type: 'value_error', loc: ['body', 'token'] });
});

t.test('checks the email address that is stored and mailed', async (t) => {
  const test = await createTestApp(t);
  const refused = {
    'victim@example.com＠evil.example': /contains invalid characters after Unicode normalization/,
    'a@☃.example': /Codepoint U\+2603 at position 1 of '☃' not allowed/,
    'a@½x.example': /Codepoint U\+2044 at position 2 of '1⁄2x' not allowed/,
    'a@xn---p1ai.example': /not the canonical Punycode encoding/,
    '\ufeffa@example.com': /unsafe characters: ZERO WIDTH NO-BREAK SPACE/,
    'a@example.com\n': /Carriage return and line feed characters are not allowed/,
  };
  for (const [email, msg] of Object.entries(refused)) {
    const reply = await test.client().post(URL, form('dora', { email }));
    t.equal(reply.status, 422, encodeURI(email));
    t.match(reply.json.detail, [
      { type: 'value_error', loc: ['body', 'email'], msg, input: email },
    ]);
  }
  const email = ' Dora <POSTMASTER@xn--bcher-kva．Example> ';
  const reply = await test.client().post(URL, form('dora', { email }));
  t.match(reply, { status: 201, json: { email: 'postmaster@bücher.example' } });
  t.match(await lastMail(test), { to: 'postmaster@bücher.example' });
  t.equal(test.app.outbox?.mails.length, 1);
});

t.test('confirms a registration only with its token and its password', async (t) => {
  const test = await createTestApp(t);
  const email = 'owner@example.com';
  const theirs = 'Different-Word-7';
  const planted = form('stranger', { email, password: theirs, confirm_password: theirs });
  await test.client().post(URL, planted);
  const token = await lastToken(test);
  const mail = await lastMail(test);
  t.match(mail?.text, /username stranger\b.*with the password.*If it was not you, ignore/s);

  const missing = await test.client().post('/api/v1/auth/verify-email', { token });
  t.strictSame(
    [missing.status, missing.json.detail],
    [422, [{ type: 'missing', loc: ['body', 'password'], msg: 'Field required', input: null }]],
  );
  const login = await test.client().signIn('nobody', 'x');
  const refused = await verify(test, token, 'Owners-Word-7');
  t.same([refused.status, refused.text], [401, login.text], 'the owner of the address');
  t.match(await verify(test, 'x'.repeat(43), theirs), { status: 422 }, 'the stranger');
  t.equal(await rowsOf(test, 'users'), 0);
  t.equal(await rowsOf(test, 'registrations'), 1, 'the registration stays');

  await test.client().post(URL, form('owner', { email }));
  t.equal((await verify(test, await lastToken(test))).status, 200, 'the owner registers');
  t.equal((await test.client().signIn(email, theirs)).status, 401);
  t.equal((await test.client().signIn(email, PASSWORD)).status, 200);
});

t.test('throttles passwords per registration', async (t) => {
  const test = await createTestApp(t, { LOGIN_ATTEMPTS: 3, LOGIN_ATTEMPTS_PER_ADDRESS: 50 });
  await test.client().post(URL, form('dora'));
  const token = await lastToken(test);
  await test.client().post(URL, form('emma'));
  const other = await lastToken(test);
  const statuses = [];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    statuses.push((await verify(test, token, `Wrong-Horse-${attempt}`)).status);
  }
  t.same(statuses, [401, 401, 401, 429]);
  t.match(await verify(test, token), { status: 429, json: { code: 'too_many_attempts' } });
  t.equal((await test.client().signIn('dora', 'wrong')).status, 401, 'a count of its own');
  t.equal((await verify(test, other)).status, 200, 'others are not delayed');
  test.clock.advance(1000);
  t.equal((await verify(test, token)).status, 200);

  const network = await createTestApp(t, { LOGIN_ATTEMPTS_PER_ADDRESS: 2 });
  await network.client().post(URL, form('dora'));
  const last = await lastToken(network);
  await network.client().signIn('somebody', 'wrong');
  t.equal((await verify(network, last, 'Wrong-Horse-1')).status, 401);
  t.equal((await verify(network, last)).status, 429, 'and per network');
});

t.test('needs no password to confirm a change of address', async (t) => {
  const test = await createTestApp(t);
  const alice = await test.signedIn({ username: 'alice', email: 'alice@example.com' });
  await alice.post('/api/v1/me/email', { email: 'new@example.com', password: PASSWORD });
  const token = await lastToken(test);
  const reply = await test.client().post('/api/v1/auth/verify-email', { token });
  t.match(reply, { status: 200, json: { username: 'alice', email: 'new@example.com' } });
});

t.test('reports every error at once', async (t) => {
  const { client } = await createTestApp(t);
  const bad = await client().post(URL, form('1x', { email: 'nobody', password: 'zzzzz' }));
  t.equal(bad.status, 422);
  const told = bad.json.detail.map(({ type, loc }: { type: string; loc: string[] }) => [
    loc.at(-1),
    type,
  ]);
  t.same(told.slice(0, 2), [
    ['username', 'string_pattern_mismatch'],
    ['email', 'value_error'],
  ]);
  t.ok(told.filter(([field]: string[]) => field === 'password').length >= 3, 'every broken rule');
  t.notMatch(bad.text, 'zzzzz', 'never returns a password');

  const differing = form('dora', { confirm_password: 'Other123!', agree_terms: false });
  const refused = await client().post(URL, differing, { 'accept-language': 'zh' });
  t.match(refused.json.detail, [
    { loc: ['body', 'confirm_password'], msg: /两次输入的密码不一致/ },
    { loc: ['body', 'agree_terms'], msg: /必须同意服务条款才能注册/ },
  ]);
  t.notMatch(refused.text, 'Other123!');
  t.equal((await client().post(URL, {})).json.detail.length, 5);
});

t.test('rejects common passwords and those that contain the name or address', async (t) => {
  const test = await createTestApp(t);
  const typesOf = async (username: string, password: string, more = {}) => {
    const body = form(username, { password, confirm_password: password, ...more });
    const { status, json, text } = await test.client().post(URL, body);
    t.equal(status, 422, password);
    t.notMatch(text, password, 'never returns a password');
    for (const { loc, input } of json.detail) {
      t.same([loc, input], [['body', 'password'], '[redacted]']);
    }
    return json.detail.map(({ type }: { type: string }) => type);
  };
  t.same(await typesOf('dora', 'Password1!'), ['password_too_common']);
  t.same(await typesOf('dora', 'D0ra-Lantern-9'), [
    'password_contains_name',
    'password_contains_email',
  ]);
  const email = 'erna.explorer@example.com';
  t.same(await typesOf('dora', 'ErnaExplorer!9', { email }), ['password_contains_email']);
  t.same(await typesOf('dora', `${email}-A1`, { email }), ['password_contains_email']);
  const twice = form('dora', { password: 'Dora-Lantern-9', agree_terms: false });
  t.same(
    (await test.client().post(URL, twice)).json.detail.map(({ loc }: { loc: string[] }) => loc[1]),
    ['password', 'password', 'confirm_password', 'agree_terms'],
    'all errors at once',
  );
  t.equal(await rowsOf(test, 'registrations'), 0);
});

t.test('does not reveal whether an email address is known', async (t) => {
  const test = await createTestApp(t);
  await insertUser(test.app.db, { username: 'known', email: 'known@example.com' });
  const register = (username: string, email: string) =>
    test.client().post(URL, form(username, { email }));
  const [known, unknown] = [
    await register('first', 'KNOWN@example.com'),
    await register('other', 'fresh@example.com'),
  ];
  t.equal(known.status, 201);
  t.same(
    [known.status, Object.keys(known.headers).sort(), Object.keys(known.json)],
    [unknown.status, Object.keys(unknown.headers).sort(), Object.keys(unknown.json)],
  );
  t.equal((await register('FIRST', 'third@example.com')).status, 409, 'reserves both usernames');
  t.equal((await register('OTHER', 'third@example.com')).status, 409);

  await test.app.runJobs();
  const mails = test.app.outbox?.mails.map(({ to, subject }) => [to, subject]).sort();
  t.same(mails, [
    ['fresh@example.com', 'Confirm your email address'],
    ['known@example.com', 'You already have an account'],
  ]);
  t.match((await test.client().get('/api/v1/users?q=first')).json, { total: 0 });

  for (const email of ['known@example.com', 'fresh@example.com', 'nobody@example.com']) {
    const again = await test.client().post('/api/v1/auth/verify-email/resend', { email });
    t.same([again.status, again.json], [202, { status: 'accepted' }], email);
  }
});

t.test('rejects a taken username, which is public anyway', async (t) => {
  const test = await createTestApp(t);
  await insertUser(test.app.db, { username: 'taken' });
  const reply = await test.client().post(URL, form('TAKEN'));
  t.match(reply, { status: 409, json: { errors: [{ loc: ['body', 'username'] }] } });
  t.equal(await rowsOf(test, 'registrations'), 0);
});

t.test('registers again in place of the pending registration', async (t) => {
  const test = await createTestApp(t);
  const again = (username: string, more = {}) =>
    test.client().post(URL, form(username, { email: 'ann@example.com', ...more }));
  t.equal((await again('ann')).status, 201);
  const first = await lastToken(test);
  const changed = 'Battery-Staple-8';
  const second = await again('Ann', { password: changed, confirm_password: changed });
  t.equal(second.status, 201, 'no conflict with itself');
  t.equal(await rowsOf(test, 'registrations'), 1);
  const token = await lastToken(test);
  t.not(token, first, 'another mail');
  t.equal((await verify(test, first)).status, 422, 'the earlier token is replaced');
  const confirmed = await test
    .client()
    .post('/api/v1/auth/verify-email', { token, password: changed });
  t.match([confirmed.status, confirmed.json.username], [200, 'Ann']);
  t.equal((await again('ann')).status, 409, 'a user keeps the username');
});

t.test('accepts one of twenty concurrent registrations of the same username', async (t) => {
  const test = await createTestApp(t);
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      test.client().post(URL, form('wanted', { email: `p${index}@example.com` })),
    ),
  );
  const statuses = replies.map(({ status }) => status).sort();
  t.same(statuses, [201, ...Array(19).fill(409)]);
  t.equal(await rowsOf(test, 'registrations'), 1);
  t.equal((await verify(test, await lastToken(test))).status, 200);
  t.equal(await rowsOf(test, 'users'), 1);
});

t.test('creates one user from concurrent confirmations', async (t) => {
  const test = await createTestApp(t);
  await test.client().post(URL, form('dora'));
  const token = await lastToken(test);
  const replies = await Promise.all(Array.from({ length: 5 }, () => verify(test, token)));
  t.same(replies.map(({ status }) => status).sort(), [200, 422, 422, 422, 422]);
  t.equal(await rowsOf(test, 'users'), 1);
});

t.test('gives the email address to the first of two who confirm it', async (t) => {
  const test = await createTestApp(t);
  const email = 'shared@example.com';
  await test.client().post(URL, form('first', { email }));
  const first = await lastToken(test);
  await test.client().post(URL, form('second', { email }));
  const second = await lastToken(test);
  t.equal((await verify(test, second)).status, 200);
  t.match(await verify(test, first), { status: 409, json: { code: 'duplicate' } });
  t.equal(await rowsOf(test, 'users'), 1);
});

t.test('resends the confirmation and invalidates the previous one', async (t) => {
  const test = await createTestApp(t);
  await test.client().post(URL, form('dora'));
  const first = await lastToken(test);
  await test.client().post('/api/v1/auth/verify-email/resend', { email: 'DORA@example.com' });
  const second = await lastToken(test);
  t.not(second, first);
  t.equal((await verify(test, first)).status, 422);
  t.equal((await verify(test, second)).status, 200);
});

t.test('names the registered username in each mail, also when resent', async (t) => {
  const test = await createTestApp(t);
  const email = 'victim@example.com';
  await test.client().post(URL, form('victim', { email }));
  await test.client().post(URL, form('mallory', { email }));
  await test.app.runJobs();
  await test.client().post('/api/v1/auth/verify-email/resend', { email });
  await test.app.runJobs();
  const mails = test.app.outbox?.mails.map(({ text }) => /the username (\w+)/.exec(text)?.[1]);
  t.same(mails?.sort(), ['mallory', 'mallory', 'victim', 'victim']);
});

t.test('limits registrations with one email address', async (t) => {
  const test = await createTestApp(t);
  const statuses = [];
  for (let count = 0; count < 21; count += 1) {
    const email = 'victim@example.com';
    statuses.push((await test.client().post(URL, form(`n${count}`, { email }))).status);
  }
  t.same([...new Set(statuses.slice(0, 20))], [201]);
  t.equal(statuses[20], 429);
});

const STRANGER = '203.0.113.66';
const OWNER = '198.51.100.7';

/** Returns functions that register and request a mail from an IP address. */
function clientsOf({ client }: TestApp) {
  const post = (url: string, payload: object, remoteAddress: string) =>
    client().request({ method: 'POST', url, payload, remoteAddress });
  return {
    register: (username: string, email: string, address: string) =>
      post(URL, form(username, { email }), address),
    resend: (email: string, address: string) =>
      post('/api/v1/auth/verify-email/resend', { email }, address),
    forgot: (email: string, address: string) =>
      post('/api/v1/auth/forgot-password', { email }, address),
  };
}

/** Runs the jobs; returns the usernames in the mails that they have sent since the last call. */
function mailReader({ app }: TestApp) {
  let seen = 0;
  return async () => {
    await app.runJobs();
    const mails = app.outbox?.mails ?? [];
    const sent = mails.slice(0, mails.length - seen);
    seen = mails.length;
    return sent.map(({ text }) => /the username (\w+)/.exec(text)?.[1]);
  };
}

t.test('lets the owner of an email address register, however often others did', async (t) => {
  const test = await createTestApp(t);
  const { register, resend } = clientsOf(test);
  const email = 'victim@example.com';
  for (let index = 0; index < MAX_WITH_EMAIL; index += 1) {
    t.equal((await register(`n${index}`, email, STRANGER)).status, 201);
  }
  for (let index = 0; index < 50; index += 1) {
    t.equal((await register(`m${index}`, email, STRANGER)).status, 429, 'uses up its own limit');
  }
  await test.app.runJobs();
  const owned = await register('owner', 'VICTIM@example.com', OWNER);
  t.equal(owned.status, 201, owned.text);
  const token = await lastToken(test);
  t.equal(await rowsOf(test, 'registrations'), MAX_WITH_EMAIL);
  t.equal((await register('n0', 'new@example.com', OWNER)).status, 201, 'the oldest is gone');

  test.clock.advance(16 * 60_000);
  const refused = await register('again', email, STRANGER);
  t.match(refused, { status: 429, json: { code: 'too_many_mails' } }, 'cannot take its place back');
  t.equal(refused.headers['retry-after'], String(24 * 3600 - 16 * 60), 'until the first expires');
  t.equal((await resend(email, OWNER)).status, 202);
  t.match((await verify(test, token)).status, 200);
});

t.test('shares the registrations with one email address among networks', async (t) => {
  const test = await createTestApp(t);
  const { register } = clientsOf(test);
  const email = 'victim@example.com';
  const statuses: number[][] = [];
  for (const network of [1, 2, 3]) {
    const ofNetwork = [];
    for (let index = 0; index < MAX_WITH_EMAIL; index += 1) {
      const name = `n${network}_${index}`;
      ofNetwork.push((await register(name, email, `203.0.113.${network}`)).status);
    }
    statuses.push(ofNetwork);
    test.clock.advance(1000);
  }
  const accepted = statuses.map((each) => each.filter((status) => status === 201).length);
  t.same(accepted, [20, 10, 7]);
  t.equal((await register('owner', email, OWNER)).status, 201);
  const { rows } = await test.app.pg.query<{ n: number }>(
    'select count(*)::int as n from registrations group by network_hash order by n desc',
  );
  t.same(
    rows.map(({ n }) => n),
    [7, 6, 6, 1],
  );
});

t.test('resends the confirmation of each network, that of the caller first', async (t) => {
  const test = await createTestApp(t);
  const { register, resend } = clientsOf(test);
  const sent = mailReader(test);
  const email = 'victim@example.com';
  await register('owner', email, OWNER);
  for (let index = 0; index < 5; index += 1) await register(`one_${index}`, email, STRANGER);
  await sent();
  t.equal((await resend(email, '192.0.2.1')).status, 202);
  t.same((await sent()).sort(), ['one_3', 'one_4', 'owner'], 'the latest of each network');
  for (let index = 0; index < 5; index += 1) {
    await register(`many_${index}`, email, `203.0.113.${index}`);
  }
  await sent();
  t.equal((await resend(email, OWNER)).status, 202);
  t.equal((await resend(email, STRANGER)).status, 202, 'does not replace the request');
  const resent = await sent();
  t.equal(resent.length, 6);
  t.ok(resent.includes('owner'));
});

for (const kind of ['resend', 'forgot'] as const) {
  t.test(`no stranger uses up the mails of another network: ${kind}`, async (t) => {
    const test = await createTestApp(t);
    const ask = clientsOf(test)[kind];
    const email = 'victim@example.com';
    const statuses = [];
    for (let index = 0; index < 8; index += 1) statuses.push((await ask(email, STRANGER)).status);
    t.same(statuses, [202, 202, 202, 429, 429, 429, 429, 429]);
    t.equal((await ask(email, OWNER)).status, 202);
    const others = [];
    for (let index = 0; index < 20; index += 1) {
      others.push((await ask(email, `192.0.2.${index}`)).status);
    }
    t.equal(others.filter((status) => status === 202).length, 6, 'ten in all, whoever asks');
  });
}

t.test('rejects the email change of a user deactivated meanwhile', async (t) => {
  const test = await createTestApp(t);
  const alice = await test.signedIn({ username: 'alice', email: 'alice@example.com' });
  await alice.post('/api/v1/me/email', { email: 'new@example.com', password: PASSWORD });
  const token = await lastToken(test);
  await test.app.pg.query(`update users set is_active = false where username = 'alice'`);
  t.equal((await verify(test, token)).status, 422);
});

t.test('releases the username after a day', async (t) => {
  const test = await createTestApp(t);
  await test.client().post(URL, form('dora'));
  const token = await lastToken(test);
  test.clock.advance(24 * HOUR + 1);
  t.equal((await verify(test, token)).status, 422);
  t.equal((await test.client().post(URL, form('dora'))).status, 201);
  t.equal(await rowsOf(test, 'registrations'), 1);
});

t.test('rejects invalid tokens without an internal error', async (t) => {
  const test = await createTestApp(t);
  for (const token of ['', 'x', 'a'.repeat(43), '\u0000', "' or 1=1 --", 'a'.repeat(201)]) {
    t.equal((await verify(test, token)).status, 422, JSON.stringify(token.slice(0, 20)));
  }
});

t.test('changes the email address after confirmation', async (t) => {
  const test = await createTestApp(t);
  await insertUser(test.app.db, { username: 'other', email: 'other@example.com' });
  const alice = await test.signedIn({ username: 'alice', email: 'alice@example.com' });
  const change = (email: string, password = PASSWORD) =>
    alice.post('/api/v1/me/email', { email, password });

  t.match(await change('new@example.com', 'Wrong123!'), {
    status: 422,
    json: { detail: [{ loc: ['body', 'password'] }] },
  });
  t.same((await change('new@example.com')).json, { status: 'accepted' });
  const token = await lastToken(test);
  t.match((await alice.get('/api/v1/me')).json, { email: 'alice@example.com' }, 'not yet');
  t.match((await verify(test, token)).json, { username: 'alice', email: 'new@example.com' });
  t.match((await alice.get('/api/v1/me')).json, {
    email: 'new@example.com',
    email_verified_at: test.clock.read().toISOString(),
  });
  t.match(await lastMail(test), { to: 'alice@example.com', subject: /was changed/ });
  t.equal((await verify(test, token)).status, 422, 'the token works once');

  t.same((await change('other@example.com')).json, { status: 'accepted' }, 'taken by another user');
  t.match(await lastMail(test), { to: 'other@example.com', subject: /already have an account/ });
  const { rows } = await test.app.pg.query(
    `select action, before, after from audit_log where action = 'account.email'`,
  );
  t.same(rows, [
    {
      action: 'account.email',
      before: { email: 'alice@example.com' },
      after: { email: 'new@example.com' },
    },
  ]);
});

t.test(
  'sends mails in the language of the request, with links if there is a client URL',
  async (t) => {
    const test = await createTestApp(t, { CLIENT_URL: 'https://app.example.com/' });
    await test.client().post(URL, form('dora'), { 'accept-language': 'zh-CN' });
    const mail = await lastMail(test);
    t.match(mail?.subject, /\p{Script=Han}/u);
    t.match(mail?.text, /https:\/\/app\.example\.com\/verify-email\?token=[\w-]{43}\b/);
  },
);

t.test('answers 503 without a mail server, and 403 if registration is closed', async (t) => {
  const refusal = (reply: { status: number; json: { code: string } }) => [
    reply.status,
    reply.json.code,
  ];
  const without = await createTestApp(t, {
    APP_ENV: 'production',
    SECRET_KEY: 'x',
    PLAYGROUND: true,
  });
  t.same(refusal(await without.client().post(URL, form('dora'))), [503, 'mail_not_configured']);
  const forgot = { email: 'dora@example.com' };
  t.same(refusal(await without.client().post('/api/v1/auth/forgot-password', forgot)), [
    503,
    'mail_not_configured',
  ]);
  t.equal(await rowsOf(without, 'registrations'), 0);

  const closed = await createTestApp(t, { REGISTRATION: false });
  t.same(refusal(await closed.client().post(URL, form('dora'))), [403, 'registration_closed']);
});

async function expectLimited(t: Test, path: string, body: unknown) {
  const { client } = await createTestApp(t, { LOGIN_RATE_LIMIT: 2 });
  const statuses = [];
  for (let index = 0; index < 3; index += 1)
    statuses.push((await client().post(path, body)).status);
  t.equal(statuses.at(-1), 429, path);
}

t.test('limits resent confirmations', async (t) => {
  const { client } = await createTestApp(t);
  const replies = [];
  for (let count = 0; count < 4; count += 1) {
    const email = 'nobody@example.com';
    replies.push(await client().post('/api/v1/auth/verify-email/resend', { email }));
  }
  t.match(replies[2], { status: 202 });
  t.match(replies[3], { status: 429, json: { code: 'too_many_mails' } });
});

t.test('limits mail requests per IP address', async (t) => {
  await expectLimited(t, '/api/v1/auth/verify-email/resend', { email: 'a@example.com' });
  await expectLimited(t, '/api/v1/auth/forgot-password', { email: 'a@example.com' });
  await expectLimited(t, '/api/v1/auth/verify-email', { token: 'x', password: 'x' });
});
