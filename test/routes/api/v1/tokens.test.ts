import { createHmac } from 'node:crypto';
import { Writable } from 'node:stream';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import pino from 'pino';
import t, { type Test } from 'tap';
import type { AppDependencies } from '#app/app.js';
import type { Config } from '#app/config-schema.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import { MAX_REFRESH_TOKENS } from '#src/people/services/tokens.js';
import { deleteExpiredRefreshTokens } from '#src/people/stores/refresh-tokens.js';
import { createTestApp, PASSWORD, TOKEN_SECRET } from '#test/support/app.js';
import type { Reply } from '#test/support/client.js';

const SECOND = 1000;
const DAY = 24 * 3600 * SECOND;
const TOKEN = '/api/v1/auth/token';
const REVOKE = '/api/v1/auth/revoke';

interface Pair {
  access_token: string;
  refresh_token: string;
}

/** Creates an app with helpers for clients that use tokens. */
async function createTokenApp(
  t: Test,
  settings: Partial<Config> = {},
  dependencies: Partial<AppDependencies> = {},
) {
  const test = await createTestApp(t, settings, dependencies);
  const ask = (fields: Record<string, string>) => test.client().postForm(TOKEN, fields);
  return {
    ...test,
    ask,
    signIn: async (username: string): Promise<Pair> => {
      const reply = await ask({ username, password: PASSWORD });
      if (reply.status !== 200) throw new Error(`No tokens for ${username}: ${reply.text}`);
      return reply.json;
    },
    renew: (refresh_token: string) => ask({ grant_type: 'refresh_token', refresh_token }),
    bearing: (token: string) => test.client().withHeaders({ authorization: `Bearer ${token}` }),
  };
}

const tokenApp = await createTokenApp(t);
const { app, client, clock, createUser, signedIn, ask, signIn, renew, bearing } = tokenApp;
await createUser({ username: 'admin', role: 'admin' });
await createUser({ username: 'alice', email: 'Alice@example.com' });

const session = async (token: string) => (await bearing(token).get('/api/v1/auth/session')).json;
const rowsOf = async (sql: string, values: unknown[] = []) =>
  (await app.pg.query(sql, values)).rows;
const sessionOf = (token: string) => decodeJwt(token)['sid'] as number;
const auditOf = (pair: Pair) =>
  rowsOf(
    'select action, actor_id from audit_log where resource = $1 and resource_id = $2 order by id',
    ['session', String(sessionOf(pair.access_token))],
  );

/** Signs a token with HS256, with any header and claims. */
function signToken(header: object, claims: object, secret: string): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function isRefused(t: Test, { status, headers, json }: Reply, code: string, name: string): void {
  t.match([status, json], [401, { detail: String, code }], name);
  t.same(Object.keys(json), ['detail', 'code'], `${name}: no other fields`);
  t.equal(headers['www-authenticate'], 'Bearer', name);
}

t.test('issues a pair of tokens for a password', async (t) => {
  const reply = await ask({ grant_type: 'password', username: 'alice', password: PASSWORD });
  t.equal(reply.status, 200);
  t.equal(reply.headers['cache-control'], 'no-store');
  t.equal(reply.headers['set-cookie'], undefined);
  const { access_token, refresh_token, device_token, ...rest } = reply.json;
  t.match(device_token, /^[\w-]{43}$/);
  t.same(rest, { token_type: 'bearer', expires_in: 3600, refresh_expires_in: 2_592_000 });

  const [{ id }] = await rowsOf(`select id from users where username = 'alice'`);
  const now = Math.floor(clock.read().getTime() / 1000);
  for (const [token, type, lifetime] of [
    [access_token, 'access', 3600],
    [refresh_token, 'refresh', 2_592_000],
  ] as const) {
    t.match(decodeProtectedHeader(token), { alg: 'HS256', typ: 'JWT', kid: /^[0-9a-f]{16}$/ });
    const { jti, sid, ...claims } = decodeJwt(token);
    t.match(jti, /^[0-9a-f-]{36}$/);
    t.type(sid, 'number');
    const parties = { iss: 'althing', aud: 'althing' };
    const times = { iat: now, exp: now + lifetime };
    t.strictSame(claims, { sub: String(id), type, ...parties, ...times });
  }
  t.same(await session(access_token), { status: 'logged_in', username: 'alice' });

  const [row] = await rowsOf('select * from sessions where id = $1', [sessionOf(access_token)]);
  t.match(row, { kind: 'token', user_id: id, id_hash: null, user_agent: /lightMyRequest/ });
  t.match(await auditOf(reply.json), [{ action: 'session.begin', actor_id: id }]);
});

t.test('accepts the username in any case or the email address, without grant_type', async (t) => {
  for (const username of ['ALICE', 'alice@EXAMPLE.com']) {
    t.equal((await session((await signIn(username)).access_token)).username, 'alice');
  }
});

t.test('ignores other OAuth parameters', async (t) => {
  const fields = { username: 'alice', password: PASSWORD, scope: 'a b', client_id: 'x' };
  for (const authorization of ['Basic eDp5', 'Bearer x', 'nonsense']) {
    const headers = { authorization, 'x-api-key': 'alt_none' };
    const reply = await client().postForm(TOKEN, { ...fields, client_secret: 'y' }, headers);
    t.equal(reply.status, 200, authorization);
  }
});

t.test('ignores the session cookie of another user', async (t) => {
  const bystander = await signedIn({ username: 'bystander' });
  bystander.dropCsrfToken();
  const reply = await bystander.postForm(TOKEN, { username: 'alice', password: PASSWORD });
  t.equal(reply.status, 200);
  const { sub } = decodeJwt(reply.json.access_token);
  t.match(await auditOf(reply.json), [{ actor_id: Number(sub) }]);
});

t.test('answers the same as login to every failure', async (t) => {
  await createUser({ username: 'asleep', is_active: false });
  const wrong = [
    ['alice', 'wrong'],
    ['nobody', PASSWORD],
    ['asleep', PASSWORD],
  ] as const;
  const login = await client().post('/api/v1/auth/login', { username: 'nobody', password: 'x' });
  for (const [username, password] of wrong) {
    const reply = await ask({ username, password });
    isRefused(t, reply, 'invalid_credentials', username);
    t.equal(reply.text, login.text);
  }
});

t.test("reports missing fields of a grant in FastAPI's format", async (t) => {
  const missing = (...names: string[]) => ({
    detail: names.map((name) => ({
      type: 'missing',
      loc: ['body', name],
      msg: 'Field required',
      input: null,
    })),
  });
  for (const [fields, expected] of [
    [{}, missing('username', 'password')],
    [{ username: 'alice', password: '' }, missing('password')],
    [{ grant_type: 'password', refresh_token: 'x', password: 'x' }, missing('username')],
    [{ grant_type: 'refresh_token', username: 'alice', password: 'x' }, missing('refresh_token')],
  ] as const) {
    const reply = await ask(fields);
    t.strictSame([reply.status, reply.json], [422, expected]);
  }
  const unknown = await ask({ grant_type: 'client_credentials' });
  t.match([unknown.status, unknown.json.detail[0].loc], [422, ['body', 'grant_type']]);
  const json = await client().post(TOKEN, { username: 'alice', password: PASSWORD });
  t.strictSame([json.status, json.json], [422, missing('username', 'password')], 'not a form');
  const revoke = await client().postForm(REVOKE, {});
  t.strictSame([revoke.status, revoke.json], [422, missing('token')]);
});

t.test('rejects invalid tokens on every operation that accepts tokens', async (t) => {
  const pair = await signIn('admin');
  const { access_token } = pair;
  const header = decodeProtectedHeader(access_token);
  const claims = decodeJwt(access_token);
  const { exp, ...endless } = claims;
  const [head, body, signature = ''] = access_token.split('.');
  const unsigned = signToken({ ...header, alg: 'none' }, claims, TOKEN_SECRET);
  const forged = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
  const tokens: Record<string, string> = {
    'no token': '',
    garbage: 'garbage',
    'odd characters': 'a.b.ü\u00ff',
    'three dots': '...',
    'another signature': `${head}.${body}.${forged}`,
    'no signature': `${head}.${body}.`,
    'alg none': unsigned,
    'alg none, no signature': unsigned.replace(/[^.]+$/, ''),
    'another secret': signToken(header, claims, `${TOKEN_SECRET}!`),
    'unknown key': signToken({ ...header, kid: 'f'.repeat(16) }, claims, TOKEN_SECRET),
    'another audience': signToken(header, { ...claims, aud: 'other' }, TOKEN_SECRET),
    'another issuer': signToken(header, { ...claims, iss: 'other' }, TOKEN_SECRET),
    'never expires': signToken(header, endless, TOKEN_SECRET),
    expired: signToken(header, { ...claims, exp: (claims.iat ?? 0) - 1 }, TOKEN_SECRET),
    'a sign-in of somebody else': signToken(
      header,
      { ...claims, sid: await othersSession() },
      TOKEN_SECRET,
    ),
    'a sign-in that is no number': signToken(header, { ...claims, sid: '1' }, TOKEN_SECRET),
    'a user that is a number': signToken(header, { ...claims, sub: 1 }, TOKEN_SECRET),
  };
  t.same(
    await session(signToken(header, claims, TOKEN_SECRET)),
    { status: 'logged_in', username: 'admin' },
    'a valid token made this way is accepted',
  );
  for (const [name, token] of Object.entries(tokens)) {
    const bearer = bearing(token);
    isRefused(t, await bearer.post('/api/v1/users', { username: 'no' }), 'invalid_token', name);
    isRefused(t, await bearer.get('/api/v1/users'), 'invalid_token', `${name}, where anyone may`);
  }
  const refreshing = bearing(pair.refresh_token);
  isRefused(t, await refreshing.get('/api/v1/users'), 'wrong_token_type', 'a refresh token');
  isRefused(t, await renew(access_token), 'wrong_token_type', 'an access token');

  const chinese = await bearing('x').get('/api/v1/users', { 'accept-language': 'zh-CN' });
  t.match(chinese.json, { detail: /令牌/, code: 'invalid_token' });
  const cookie = await signedIn({ username: 'has_a_cookie' });
  const both = await cookie.get('/api/v1/users', { authorization: 'Bearer x' });
  isRefused(t, both, 'invalid_token', 'a cookie does not make up for it');

  async function othersSession(): Promise<number> {
    return sessionOf((await signIn('alice')).access_token);
  }
});

t.test('expires an access token after an hour, a refresh token after 30 days', async (t) => {
  const { access_token, refresh_token } = await signIn('alice');
  clock.advance(3599 * SECOND);
  t.equal((await bearing(access_token).get('/api/v1/users')).status, 200);
  clock.advance(SECOND);
  isRefused(t, await bearing(access_token).get('/api/v1/users'), 'invalid_token', 'after an hour');
  clock.advance(29 * DAY);
  const renewed = await renew(refresh_token);
  t.equal(renewed.status, 200, 'extends the session from here');
  clock.advance(30 * DAY - SECOND);
  const again = await renew(renewed.json.refresh_token);
  t.equal(again.status, 200);
  clock.advance(30 * DAY);
  isRefused(t, await renew(again.json.refresh_token), 'invalid_token', 'after 30 days');
});

t.test('ends a session after 90 days, however often it is renewed', async (t) => {
  const begin = clock.read().getTime();
  const end = begin + 90 * DAY;
  let { access_token, refresh_token } = await signIn('alice');
  const until = async (time: number) => {
    while (clock.read().getTime() < time) {
      clock.advance(Math.min(25 * DAY, time - clock.read().getTime()));
      const reply = await renew(refresh_token);
      if (reply.status !== 200) return reply;
      const { expires_in, refresh_expires_in } = reply.json;
      ({ access_token, refresh_token } = reply.json);
      const now = clock.read().getTime();
      for (const [token, lifetime] of [
        [access_token, expires_in],
        [refresh_token, refresh_expires_in],
      ]) {
        const { exp = 0, iat = 0 } = decodeJwt(token);
        t.equal(exp - iat, lifetime);
        t.ok(exp * 1000 <= end, 'promises no more than the end');
        t.ok(now + lifetime * 1000 <= end + 1000);
      }
      const { json } = await bearing(access_token).get('/api/v1/me/sessions');
      const own = json.items.find(({ current }: { current: boolean }) => current);
      t.ok(Date.parse(own.expires_at) <= end, own.expires_at);
    }
    return undefined;
  };
  t.equal(await until(end - 30 * 60 * SECOND), undefined);
  const { exp = 0 } = decodeJwt(access_token);
  t.equal(exp, Math.floor(end / 1000), 'the access token ends with its session');
  const [row] = await rowsOf('select expires_at from sessions where id = $1', [
    sessionOf(access_token),
  ]);
  t.equal(new Date(row.expires_at).getTime(), end);
  clock.advance(30 * 60 * SECOND);
  isRefused(t, await renew(refresh_token), 'invalid_token', 'at the end');
  isRefused(t, await bearing(access_token).get('/api/v1/users'), 'invalid_token', 'access');
});

t.test('ends sessions at the configured age, also those that have begun before', async (t) => {
  const { databaseUrl } = tokenApp;
  const dependencies = { databaseUrl, clock: clock.read };
  const pair = await signIn('alice');
  const strict = await createTokenApp(t, { REFRESH_MAX_DAYS: 7 }, dependencies);
  t.match((await strict.ask({ username: 'alice', password: PASSWORD })).json, {
    expires_in: 3600,
    refresh_expires_in: (7 * DAY) / SECOND,
  });
  const bearer = strict.bearing(pair.access_token);
  const { json } = await bearer.get('/api/v1/me/sessions?sort=-id&size=2');
  for (const { expires_at, created_at } of json.items) {
    t.equal(Date.parse(expires_at) - Date.parse(created_at), 7 * DAY);
  }
  clock.advance(7 * DAY);
  isRefused(t, await strict.renew(pair.refresh_token), 'invalid_token', 'after seven days');
  const ids = (
    await strict
      .bearing((await strict.signIn('alice')).access_token)
      .get('/api/v1/me/sessions?size=100')
  ).json.items.map(({ id }: { id: number }) => id);
  t.notOk(ids.includes(sessionOf(pair.access_token)), 'is not listed');
  t.equal((await renew(pair.refresh_token)).status, 200, 'where the limit is 90 days');
});

t.test('ignores other authorization schemes', async (t) => {
  for (const authorization of ['Basic eDp5', 'Digest x', '']) {
    const reply = await client().get('/api/v1/auth/session', { authorization });
    t.same(reply.json, { status: 'not_logged_in' }, authorization);
  }
});

t.test('overrides a cookie, without CSRF token', async (t) => {
  const { access_token } = await signIn('admin');
  const author = await signedIn({ username: 'author', role: 'author' });
  author.dropCsrfToken();
  const authorization = `bearer ${access_token}`;
  const reply = await author.get('/api/v1/auth/session', { authorization });
  t.equal(reply.json.username, 'admin');
  const created = await author.post('/api/v1/users', { username: 'by_token' }, { authorization });
  t.equal(created.status, 201);
  const [entry] = await rowsOf(
    `select credential, actor_id from audit_log where action = 'user.create'`,
  );
  t.match(entry, { credential: 'token', actor_id: Number(decodeJwt(access_token).sub) });
});

t.test('accepts a refresh token once', async (t) => {
  const first = await signIn('alice');
  clock.advance(60 * SECOND);
  const reply = await renew(first.refresh_token);
  t.equal(reply.status, 200);
  t.equal(reply.headers['cache-control'], 'no-store');
  const second: Pair = reply.json;
  t.equal(sessionOf(second.access_token), sessionOf(first.access_token), 'in the same session');
  t.not(second.refresh_token, first.refresh_token);
  for (const { access_token } of [first, second]) {
    t.equal((await session(access_token)).username, 'alice', 'previous access token');
  }
  const [row] = await rowsOf('select * from sessions where id = $1', [
    sessionOf(second.access_token),
  ]);
  t.equal(new Date(row.last_seen_at).getTime(), clock.read().getTime());
  t.equal(new Date(row.expires_at).getTime(), clock.read().getTime() + 30 * DAY);
  t.same(
    (await auditOf(first)).map(({ action }) => action),
    ['session.begin'],
  );
});

t.test('accepts the same refresh token from concurrent requests', async (t) => {
  const { refresh_token } = await signIn('alice');
  const replies = await Promise.all(Array.from({ length: 5 }, () => renew(refresh_token)));
  t.same(
    replies.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
  const tokens = new Set(replies.map(({ json }) => json.refresh_token));
  t.equal(tokens.size, 5);
  clock.advance(5 * SECOND);
  const last = await renew(refresh_token);
  t.equal(last.status, 200, 'at the end of the grace period');
  t.equal((await renew(last.json.refresh_token)).status, 200, 'the client keeps one of them');
});

t.test('continues after a retry of a renewal whose response was lost', async (t) => {
  let pair = await signIn('alice');
  const { access_token } = pair;
  for (let round = 0; round < 3; round += 1) {
    clock.advance(DAY);
    const lost = await renew(pair.refresh_token);
    t.equal(lost.status, 200);
    clock.advance(4 * SECOND);
    const retried = await renew(pair.refresh_token);
    t.equal(retried.status, 200);
    pair = retried.json;
  }
  t.equal((await session(pair.access_token)).username, 'alice');
  t.same(
    (await auditOf({ ...pair, access_token })).map(({ action }) => action),
    ['session.begin'],
  );
});

for (const [name, first] of [
  ['the first line', 0],
  ['the second line', 1],
] as const) {
  t.test(`ends the session when both lines of tokens are renewed: ${name} first`, async (t) => {
    const origin = await signIn('alice');
    const elsewhere = await signIn('alice');
    clock.advance(DAY);
    const lines: Pair[] = [];
    for (let line = 0; line < 2; line += 1) {
      lines.push((await renew(origin.refresh_token)).json);
      clock.advance(SECOND);
    }
    const [one, other] = [lines[first], lines[1 - first]] as [Pair, Pair];
    for (const { access_token } of lines) {
      t.equal((await session(access_token)).username, 'alice', 'not noticed yet');
    }
    clock.advance(DAY);
    const renewed = await renew(one.refresh_token);
    t.equal(renewed.status, 200);
    clock.advance(5 * DAY);
    const again: Pair = (await renew(renewed.json.refresh_token)).json;
    isRefused(t, await renew(other.refresh_token), 'invalid_token', 'the other line');

    isRefused(t, await bearing(again.access_token).get('/api/v1/users'), 'invalid_token', 'access');
    isRefused(t, await renew(again.refresh_token), 'invalid_token', 'the line that was renewed');
    t.same(
      (await auditOf(origin)).map(({ action }) => action),
      ['session.begin', 'token.reuse'],
    );
    t.equal((await renew(elsewhere.refresh_token)).status, 200, 'keeps other sessions');
  });
}

for (const [name, first] of [
  ['the first line', 0],
  ['the second line', 1],
] as const) {
  t.test(`recognizes the other line however often one was renewed: ${name}`, async (t) => {
    const origin = await signIn('alice');
    const lines: Pair[] = [];
    for (let line = 0; line < 3; line += 1) lines.push((await renew(origin.refresh_token)).json);
    let newest = lines[first] as Pair;
    for (let index = 0; index < MAX_REFRESH_TOKENS + 5; index += 1) {
      clock.advance(3600 * SECOND);
      const renewed = await renew(newest.refresh_token);
      t.equal(renewed.status, 200);
      newest = renewed.json;
    }
    const session = sessionOf(origin.access_token);
    const unused = await rowsOf(
      'select 1 from refresh_tokens where session_id = $1 and used_at is null',
      [session],
    );
    t.equal(unused.length, 1, 'one line is left');
    const other = lines[1 - first] as Pair;
    isRefused(t, await renew(other.refresh_token), 'invalid_token', 'the other line');
    isRefused(t, await renew(newest.refresh_token), 'invalid_token', 'the line that was renewed');
    t.same(
      (await auditOf(origin)).map(({ action }) => action),
      ['session.begin', 'token.reuse'],
    );
  });
}

t.test('ends the session when both lines are renewed at once', async (t) => {
  const { access_token, refresh_token } = await signIn('alice');
  const lines: Pair[] = [(await renew(refresh_token)).json, (await renew(refresh_token)).json];
  clock.advance(DAY);
  const replies = await Promise.all(lines.map((line) => renew(line.refresh_token)));
  t.same(replies.map(({ status }) => status).sort(), [200, 401]);
  t.same(await rowsOf('select 1 from sessions where id = $1', [sessionOf(access_token)]), []);
});

t.test('ends the session when a token is used again after its successor', async (t) => {
  const { refresh_token, access_token } = await signIn('alice');
  const next: Pair = (await renew(refresh_token)).json;
  t.equal((await renew(next.refresh_token)).status, 200);
  isRefused(t, await renew(refresh_token), 'invalid_token', 'within the grace period');
  isRefused(t, await bearing(access_token).get('/api/v1/users'), 'invalid_token', 'access');
});

t.test('issues at most ten tokens during the grace period', async (t) => {
  const { refresh_token, access_token } = await signIn('alice');
  const replies = await Promise.all(Array.from({ length: 14 }, () => renew(refresh_token)));
  const refused = replies.filter(({ status }) => status !== 200);
  t.equal(refused.length, 4);
  for (const reply of refused) isRefused(t, reply, 'invalid_token', 'one too many');
  t.equal((await session(access_token)).username, 'alice', 'the session continues');
});

for (const [name, first, second] of [
  ['the thief renews first', 'thief', 'owner'],
  ['the owner renews first', 'owner', 'thief'],
] as const) {
  t.test(`ends the session after reuse of a refresh token: ${name}`, async (t) => {
    const pair = await signIn('alice');
    const elsewhere = await signIn('alice');
    const taken: Pair = (await renew(pair.refresh_token)).json;
    t.equal((await session(taken.access_token)).username, 'alice', first);
    clock.advance(5001);
    isRefused(t, await renew(pair.refresh_token), 'invalid_token', second);

    for (const { access_token, refresh_token } of [pair, taken]) {
      isRefused(t, await bearing(access_token).get('/api/v1/users'), 'invalid_token', 'access');
      isRefused(t, await renew(refresh_token), 'invalid_token', 'refresh');
    }
    const actions = (await auditOf(pair)).map(({ action }) => action);
    t.same(actions, ['session.begin', 'token.reuse'], 'recorded once, although the request fails');
    t.equal((await renew(elsewhere.refresh_token)).status, 200, 'keeps other sessions');
  });
}

t.test('rejects tokens of deactivated and deleted users at once', async (t) => {
  for (const [index, sql] of [
    'update users set is_active = false where id = $1',
    'delete from users where id = $1',
  ].entries()) {
    const { id } = await createUser({ username: `leaving_${index}` });
    const { access_token, refresh_token } = await signIn(`leaving_${index}`);
    t.equal((await bearing(access_token).get('/api/v1/users')).status, 200);
    await app.pg.query(sql, [id]);
    isRefused(t, await bearing(access_token).get('/api/v1/users'), 'user_unavailable', sql);
    isRefused(t, await renew(refresh_token), 'user_unavailable', sql);
  }
});

t.test('rejects tokens of an ended session', async (t) => {
  const { access_token, refresh_token } = await signIn('alice');
  await app.pg.query('delete from sessions where id = $1', [sessionOf(access_token)]);
  isRefused(t, await bearing(access_token).get('/api/v1/users'), 'invalid_token', 'access');
  isRefused(t, await renew(refresh_token), 'invalid_token', 'refresh');
});

t.test('revokes both tokens of a session by either of them', async (t) => {
  for (const type of ['access_token', 'refresh_token'] as const) {
    const pair = await signIn('alice');
    const other = await signIn('alice');
    const fields = { token: pair[type], token_type_hint: 'access_token' };
    for (let round = 0; round < 2; round += 1) {
      const reply = await client().postForm(REVOKE, fields);
      t.strictSame([reply.status, reply.json], [200, { status: 'revoked' }]);
    }
    const { access_token, refresh_token } = pair;
    isRefused(t, await bearing(access_token).get('/api/v1/users'), 'invalid_token', type);
    isRefused(t, await renew(refresh_token), 'invalid_token', type);
    t.equal((await session(other.access_token)).username, 'alice', 'keeps other sessions');
    const userId = Number(decodeJwt(access_token).sub);
    t.same(await auditOf(pair), [
      { action: 'session.begin', actor_id: userId },
      { action: 'session.end', actor_id: userId },
    ]);
  }
});

t.test('ignores invalid tokens on revocation without revealing it', async (t) => {
  const { access_token } = await signIn('alice');
  const header = decodeProtectedHeader(access_token);
  const claims = decodeJwt(access_token);
  const others = { ...claims, sid: sessionOf((await signIn('admin')).access_token) };
  const cookie = await signedIn({ username: 'with_cookie' });
  const before = await rowsOf('select id from sessions');
  for (const token of [
    'garbage',
    signToken(header, claims, 'another secret'),
    signToken(header, others, TOKEN_SECRET),
  ]) {
    t.strictSame((await cookie.postForm(REVOKE, { token })).json, { status: 'revoked' });
  }
  t.same(await rowsOf('select id from sessions'), before);
});

t.test('handles concurrent refreshes and revocation', async (t) => {
  const { refresh_token, access_token } = await signIn('alice');
  const replies = await Promise.all([
    renew(refresh_token),
    renew(refresh_token),
    client().postForm(REVOKE, { token: access_token }),
    renew(refresh_token),
    client().postForm(REVOKE, { token: refresh_token }),
    renew(refresh_token),
  ]);
  for (const { status } of replies) t.ok(status === 200 || status === 401, `${status}`);
  t.same(await rowsOf('select 1 from sessions where id = $1', [sessionOf(access_token)]), []);
});

t.test('rotates the secret without ending sessions', async (t) => {
  const next = 'the next token secret, of at least 32 characters';
  const { databaseUrl } = tokenApp;
  const old = await signIn('alice');
  const tokenSecrets = [next, TOKEN_SECRET];
  const both = await createTokenApp(t, {}, { databaseUrl, tokenSecrets, clock: clock.read });
  t.equal(
    (await both.bearing(old.access_token).get('/api/v1/auth/session')).json.username,
    'alice',
  );
  const renewed = await both.renew(old.refresh_token);
  t.equal(renewed.status, 200);
  const { kid } = decodeProtectedHeader(old.access_token);
  t.not(decodeProtectedHeader(renewed.json.access_token).kid, kid, 'the first secret signs');

  const tokens = { databaseUrl, tokenSecrets: [next], clock: clock.read };
  const after = await createTokenApp(t, {}, tokens);
  t.equal((await after.renew(renewed.json.refresh_token)).status, 200);
  isRefused(t, await after.renew(old.refresh_token), 'invalid_token', 'by the old one alone');
});

t.test('stores and logs no tokens', async (t) => {
  const lines: string[] = [];
  const log = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const logged = await createTokenApp(t, {}, { logger: pino({ level: 'trace' }, log) });
  await logged.createUser({ username: 'alice' });
  const first = await logged.signIn('alice');
  const second: Pair = (await logged.renew(first.refresh_token)).json;
  await logged.bearing(second.access_token).get('/api/v1/users');
  await logged.client().postForm(REVOKE, { token: 'garbage' });

  const query = async (sql: string) => (await logged.app.pg.query(sql)).rows;
  const places = { log: lines.join('') };
  for (const { name } of await query(
    `select tablename as name from pg_tables where schemaname = 'public'`,
  )) {
    const [{ text }] = await query(`select string_agg(row::text, ' ') as text from ${name} row`);
    Object.assign(places, { [name]: text ?? '' });
  }
  t.match(places, { log: /auth\/token/, refresh_tokens: /x/, sessions: /token/ });
  const tokens = [first, second].flatMap((pair) => [pair.access_token, pair.refresh_token]);
  for (const [place, text] of Object.entries(places)) {
    for (const token of tokens) {
      t.notOk(text.includes(token.split('.')[2] ?? ''), `the signature of a token in ${place}`);
    }
    t.notOk(text.includes(PASSWORD), place);
  }
  const stored = await query(`select encode(token_hash, 'hex') as hash from refresh_tokens`);
  t.same(
    stored.map(({ hash }) => hash).sort(),
    [first, second].map((pair) => hashSecret(pair.refresh_token).toString('hex')).sort(),
  );
});

t.test('deletes expired refresh tokens, used or not', async (t) => {
  const { refresh_token, access_token } = await signIn('alice');
  clock.advance(DAY);
  await renew(refresh_token);
  const count = async () =>
    (
      await rowsOf('select count(*)::int as n from refresh_tokens where session_id = $1', [
        sessionOf(access_token),
      ])
    )[0].n;
  await deleteExpiredRefreshTokens(app.db, clock.read());
  t.equal(await count(), 2);
  clock.advance(29 * DAY);
  await deleteExpiredRefreshTokens(app.db, clock.read());
  t.equal(await count(), 1, 'keeps unexpired tokens');
  clock.advance(DAY);
  t.equal(await deleteExpiredRefreshTokens(app.db, clock.read()), 1);
});

t.test('limits attempts by IP address', async (t) => {
  const limited = await createTokenApp(t, { LOGIN_RATE_LIMIT: 3 });
  const statuses = [];
  for (let index = 0; index < 4; index += 1) {
    statuses.push((await limited.ask({ username: 'alice', password: 'guess' })).status);
  }
  t.same(statuses, [401, 401, 401, 429]);
});

t.test('renews tokens by JSON as by a form', async (t) => {
  const refresh = (body?: unknown) => client().post('/api/v1/auth/refresh', body);
  const { refresh_token } = await signIn('alice');
  const renewed = await refresh({ refresh_token });
  t.match(renewed, { status: 200, json: { token_type: 'bearer', expires_in: 3600 } });
  t.equal((await session(renewed.json.access_token)).status, 'logged_in');
  t.equal((await renew(renewed.json.refresh_token)).status, 200, 'the new token works anywhere');
  t.match(await refresh({ refresh_token: 'forged' }), {
    status: 401,
    json: { code: 'invalid_token' },
  });
  t.match(await refresh({ refresh_token: renewed.json.access_token }), {
    status: 401,
    json: { code: 'wrong_token_type' },
  });
  for (const body of [undefined, {}, { refresh_token: null }]) {
    t.equal((await refresh(body)).status, 422, JSON.stringify(body));
  }
});
