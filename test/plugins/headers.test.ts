import t from 'tap';
import { createTestApp } from '#test/support/app.js';

const ORIGIN = 'https://app.example.com';
const { client } = await createTestApp(t, { CORS_ORIGINS: [ORIGIN] });
const anyone = client();

t.test('sends security headers with every response', async (t) => {
  for (const url of ['/health', '/nowhere', '/api/v1/users?size=0', '/docs', '/redoc']) {
    const { headers } = await anyone.get(url);
    t.match(headers['content-security-policy'], /default-src 'self'.*frame-ancestors 'none'/, url);
    t.notMatch(headers['content-security-policy'], /https?:/, 'no other origins');
    t.match(headers, {
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'strict-origin-when-cross-origin',
    });
    t.equal(headers['strict-transport-security'], undefined, 'not without TLS in development');
    t.equal(headers['x-powered-by'], undefined);
  }
  const production = await createTestApp(t, { APP_ENV: 'production' });
  const { headers } = await production.client().get('/health');
  t.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains');
});

t.test('allows credentials from listed origins only', async (t) => {
  const friend = await anyone.get('/api/v1/users', { origin: ORIGIN });
  t.match(friend.headers, {
    'access-control-allow-origin': ORIGIN,
    'access-control-allow-credentials': 'true',
    vary: /Origin/,
  });
  const readable = String(friend.headers['access-control-expose-headers']).split(', ');
  for (const name of ['ETag', 'Link', 'Location', 'Retry-After', 'X-Request-ID']) {
    t.ok(readable.includes(name), `exposes ${name} to pages`);
  }
  const stranger = await anyone.get('/api/v1/users', { origin: 'https://evil.example.com' });
  t.equal(stranger.headers['access-control-allow-origin'], undefined);
  const closed = (await createTestApp(t)).client();
  const unlisted = await closed.get('/api/v1/users', { origin: ORIGIN });
  t.equal(unlisted.headers['access-control-allow-origin'], undefined, 'no origin without a list');
  const preflight = await closed.request({
    method: 'OPTIONS',
    url: '/api/v1/users',
    headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
  });
  t.equal(preflight.status, 204);
  t.equal(preflight.headers['access-control-allow-origin'], undefined);
});

t.test('answers preflight requests', async (t) => {
  const preflight = (origin: string) =>
    anyone.request({
      method: 'OPTIONS',
      url: '/api/v1/users/1',
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'x-csrf-token,if-match',
      },
    });
  const friend = await preflight(ORIGIN);
  t.equal(friend.status, 204);
  t.match(friend.headers, {
    'access-control-allow-origin': ORIGIN,
    'access-control-allow-methods': /PATCH/,
    'access-control-allow-headers': 'x-csrf-token,if-match',
  });
  t.equal(
    (await preflight('https://evil.example.com')).headers['access-control-allow-origin'],
    undefined,
  );
});

t.test('forbids caches to store responses about users', async (t) => {
  t.equal((await anyone.get('/api/v1/users')).headers['cache-control'], 'no-store');
  t.equal((await anyone.get('/api/v1/auth/session')).headers['cache-control'], 'no-store');
});
