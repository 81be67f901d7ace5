import t from 'tap';
import { createTestApp, PASSWORD, type TestApp } from '#test/support/app.js';
import { contract } from '#test/support/contract.js';
import { recordLog } from '#test/support/log.js';

const MINUTE = 60 * 1000;
const SESSION = '__Host-althing_session';
const CSRF = '__Host-althing_csrf';
const HTTPS = { 'x-forwarded-proto': 'https' };

type Reply = Awaited<ReturnType<ReturnType<TestApp['client']>['get']>>;

function cookiesOf({ headers }: Reply): string[] {
  return [headers['set-cookie'] ?? []].flat().map(String);
}

function login(test: TestApp, headers: Record<string, string> = {}): Promise<Reply> {
  const body = { username: 'alice', password: PASSWORD };
  return test.client().post('/api/v1/auth/login', body, headers);
}

/** The rules of a browser for the prefix `__Host-` (RFC 6265bis, section 4.1.3.2). */
const HOST_COOKIE = /^__Host-\w+=[^;]*(?=.*; Path=\/(?:;|$))(?=.*; Secure(?:;|$))(?!.*; Domain)/;

for (const TRUST_PROXY of ['0', '1']) {
  t.test(`in production, with TRUST_PROXY=${TRUST_PROXY}`, async (t) => {
    const test = await createTestApp(t, { APP_ENV: 'production', TRUST_PROXY });
    await test.createUser({ username: 'alice', role: 'admin' });
    for (const headers of [{}, HTTPS]) {
      const alice = test.client().withHeaders(headers);
      const replies = [
        await alice.post('/api/v1/auth/login', { username: 'alice', password: PASSWORD }),
        await alice.get('/api/v1/auth/csrf'),
      ];
      for (const reply of replies) {
        t.equal(reply.status, 200);
        t.not(cookiesOf(reply).length, 0);
        for (const cookie of cookiesOf(reply)) {
          t.match(cookie, HOST_COOKIE);
          t.match(cookie, /; HttpOnly/);
          t.match(cookie, /; SameSite=Lax/);
        }
      }
      t.ok(alice.cookie(SESSION));
      t.ok(alice.cookie(CSRF));

      await alice.renewCsrfToken();
      t.equal((await alice.post('/api/v1/users', { username: `by_${Date.now()}` })).status, 201);

      for (let round = 0; round < 3; round += 1) {
        test.clock.advance(20 * MINUTE);
        const renewal = await alice.get('/api/v1/me');
        t.equal(renewal.status, 200, 'use renews the session');
        t.match(cookiesOf(renewal)[0], HOST_COOKIE, 'and its cookie');
      }
      test.clock.advance(31 * MINUTE);
      t.equal((await alice.get('/api/v1/me')).status, 401);

      await alice.signIn('alice', PASSWORD);
      const logout = await alice.post('/api/v1/auth/logout');
      t.match(cookiesOf(logout)[0], HOST_COOKIE, 'is cleared under the same rules');
      t.equal(alice.cookie(SESSION), undefined);
    }

    const planted = test.client();
    planted.setCookie(SESSION, 'forged.forged');
    for (const cookie of cookiesOf(await planted.get('/api/v1/auth/session'))) {
      t.match(cookie, HOST_COOKIE, 'also a forged cookie is cleared so that browsers obey');
    }
  });
}

t.test('accepts no cookie under the name of another environment', async (t) => {
  const production = await createTestApp(t, { APP_ENV: 'production' });
  const alice = await production.signedIn({ username: 'alice' });
  const session = String(alice.cookie(SESSION));
  const planted = production.client();
  planted.setCookie('althing_session', session);
  t.equal((await planted.get('/api/v1/me')).status, 401, 'a subdomain could set this one');
  planted.setCookie(SESSION, session);
  t.equal((await planted.get('/api/v1/me')).status, 200);

  const development = await createTestApp(t, { APP_ENV: 'development' });
  await development.createUser({ username: 'alice' });
  const cookies = cookiesOf(await login(development));
  t.ok(cookies.some((cookie) => cookie.startsWith('althing_session=')));
  for (const cookie of cookies) t.notMatch(cookie, /Secure/, 'development has no TLS');
});

t.test('warns once an hour that browsers drop cookies over plain HTTP', async (t) => {
  const { logger, lines } = recordLog();
  const warnings = () =>
    lines.filter(({ level, msg }) => level === 40 && /plain HTTP/.test(`${msg}`));
  const test = await createTestApp(t, { APP_ENV: 'production' }, { logger });
  await test.createUser({ username: 'alice' });
  await test.client().get('/api/v1/posts');
  t.same(warnings(), [], 'not without a cookie');
  for (let n = 0; n < 3; n += 1) await login(test, HTTPS);
  t.equal(warnings().length, 1, 'no proxy is trusted, so the header proves nothing');
  t.match(warnings()[0]?.['msg'], /TRUST_PROXY/);
  t.notMatch(JSON.stringify(warnings()), /alice|127\.0\.0\.1/);
  test.clock.advance(59 * MINUTE);
  await login(test);
  t.equal(warnings().length, 1);
  test.clock.advance(2 * MINUTE);
  await login(test);
  t.equal(warnings().length, 2);

  for (const settings of [
    { APP_ENV: 'production', TRUST_PROXY: '1' },
    { APP_ENV: 'development' },
  ] as const) {
    const quiet = await createTestApp(t, settings, { logger });
    await quiet.createUser({ username: 'alice' });
    t.match(cookiesOf(await login(quiet, HTTPS))[0], /=/);
    t.equal(warnings().length, 2, JSON.stringify(settings));
  }
});

t.test('one contract names the cookie of every environment', async (t) => {
  const { session } = contract.components?.securitySchemes ?? {};
  t.match(session, { type: 'apiKey', in: 'cookie', name: 'althing_session' });
  t.match(session, { description: `\`${SESSION}\`` });
  for (const APP_ENV of ['development', 'production'] as const) {
    const settings = { APP_ENV, PLAYGROUND: true, PUBLIC_USERS: false };
    const { client } = await createTestApp(t, settings);
    const { json } = await client().get('/openapi.json', { host: '127.0.0.1:8000' });
    const { '/dev/mail.json': mails, ...paths } = contract.paths ?? {};
    t.same(json.paths, { ...(APP_ENV === 'development' && { '/dev/mail.json': mails }), ...paths });
    t.same(json.components.securitySchemes, contract.components?.securitySchemes, APP_ENV);
    t.same(json.info, contract.info);
  }
});
