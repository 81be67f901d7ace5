import t from 'tap';
import { errorHeaders } from '#src/lib/document-headers.js';
import { createTestApp } from '#test/support/app.js';
import { contract, headersOf, resolve, violation } from '#test/support/contract.js';
import { headerProblem } from '#test/support/headers.js';

const { client } = await createTestApp(t);
const { headers, status, text } = await client().get('/api/v1/users');
const users = { method: 'GET', url: '/api/v1/users', status, body: text };

t.test('checks a response against its documented headers', async (t) => {
  t.equal(violation({ ...users, headers }), null);
  const without = (name: string) => ({ ...users, headers: { ...headers, [name]: undefined } });
  t.equal(violation(without('link')), 'GET /api/v1/users 200: Link is missing');
  t.match(violation(without('x-request-id')), /X-Request-ID is missing/);
  t.equal(violation(without('set-cookie')), null, 'optional header');

  const having = (name: string, value: string | number | string[]) =>
    violation({ ...users, headers: { ...headers, [name]: value } });
  t.equal(having('etag', '"1"'), 'GET /api/v1/users 200: ETag is not documented');
  t.match(having('x-ratelimit-reset', 'soon'), /X-RateLimit-Reset: soon: it must be integer/);
  t.match(having('x-response-time', '12 ms'), /X-Response-Time: 12 ms: it must match pattern/);
  t.equal(having('x-ratelimit-reset', '60'), null, 'integer as text');
  t.equal(having('set-cookie', ['a=1', 'b=2']), null, 'repeated header');
  t.match(having('set-cookie', ['a=1', 'b']), /Set-Cookie: b: it must match pattern/);
});

t.test('checks errors of undocumented operations too', async (t) => {
  const wrongMethod = await client().request({ method: 'DELETE', url: '/health' });
  t.equal(wrongMethod.status, 405);
  t.match(wrongMethod.headers['allow'], /GET/);
  const answer = { method: 'DELETE', url: '/health', status: 405, body: wrongMethod.text };
  t.equal(violation({ ...answer, headers: wrongMethod.headers }), null);
  t.equal(
    violation({ ...answer, headers: { ...wrongMethod.headers, allow: undefined } }),
    'DELETE /health 405: Allow is missing',
  );
});

t.test('shares the headers of error responses between operations', async (t) => {
  const { responses = {} } = contract.components ?? {};
  t.ok(Object.keys(responses).length > 8);
  for (const [status, name] of [
    [401, 'Unauthorized'],
    [409, 'Conflict'],
    [503, 'ServiceUnavailable'],
  ] as const) {
    const response = responses[name];
    t.ok(response, name);
    if (response === undefined) continue;
    const expected = JSON.parse(JSON.stringify(errorHeaders(status)));
    t.same(headersOf(resolve(response)), expected, name);
  }
  t.match(headerProblem({}, errorHeaders(401)), /is missing/);
});
