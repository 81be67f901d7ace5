import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { contract, resolve } from '#test/support/contract.js';
import { operationsOf } from '#test/support/generate-request.js';
import { recordStatements } from '#test/support/statements.js';

t.test('limits requests per minute and IP address', async (t) => {
  const { client } = await createTestApp(t, { RATE_LIMIT: 5 });
  const anyone = client();
  const statuses = [];
  for (let index = 0; index < 7; index += 1) {
    statuses.push((await anyone.get(index % 2 === 0 ? '/health' : '/nowhere')).status);
  }
  t.same(statuses, [200, 404, 200, 404, 200, 429, 429], 'unknown paths count too');
  const refused = await anyone.get('/health');
  t.same(refused.json, { detail: 'Too many requests; try again later', code: 'too_many_requests' });
  t.match(refused.headers['retry-after'], /^\d+$/);
  const other = await anyone.request({ method: 'GET', url: '/health', remoteAddress: '10.0.0.9' });
  t.equal(other.status, 200, 'counts another IP address separately');
});

t.test('counts towards the general limit and that of the operation', async (t) => {
  const login = { username: 'nobody', password: 'wrong' };
  const { client } = await createTestApp(t, { RATE_LIMIT: 6, LOGIN_RATE_LIMIT: 2 });
  const anyone = client();
  const attempts = [];
  for (let count = 0; count < 3; count += 1) {
    attempts.push(await anyone.post('/api/v1/auth/login', login));
  }
  t.same(
    attempts.map(({ status }) => status),
    [401, 401, 429],
  );
  t.equal(attempts[0]?.headers['x-ratelimit-limit'], '2', 'describes the lower limit');
  const others = [];
  for (let count = 0; count < 4; count += 1) others.push((await anyone.get('/health')).status);
  t.same(others, [200, 200, 200, 429], 'the attempts counted towards the general limit too');
});

t.test('limits every operation that compares a password or makes a hash of one', async (t) => {
  const { client } = await createTestApp(t, { LOGIN_RATE_LIMIT: 1, PLAYGROUND: true });
  // These hash nothing, except for administrators.
  const cheap = ['passwords-check', 'playground-form', 'tokens-revoke', 'users-create'];
  const costly = operationsOf(contract).filter(({ id, operation }) => {
    if (cheap.includes(id) || operation.requestBody === undefined) return false;
    const { content } = resolve<OpenAPIV3_1.RequestBodyObject>(operation.requestBody);
    const [{ schema = {} } = {}] = Object.values(content);
    const { properties = {} } = resolve<OpenAPIV3_1.SchemaObject>(schema);
    return Object.keys(properties).some((name) => name.endsWith('password'));
  });
  t.ok(costly.length >= 8);
  for (const { id, method, path } of costly) {
    const send = () => client().request({ method: method as 'POST', url: path, payload: {} });
    await send();
    const { status, headers } = await send();
    t.match({ status, limit: headers['x-ratelimit-limit'] }, { status: 429, limit: '1' }, id);
  }
});

t.test('counts requests with invalid credentials before looking them up', async (t) => {
  const { client } = await createTestApp(t, { RATE_LIMIT: 4 });
  const headers = { authorization: 'Bearer alt_unknown' };
  const statuses = [];
  const urls = ['/api/v1/me', '/api/v1/users/export.json', '/api/v1/auth/session'];
  for (let count = 0; count < 8; count += 1) {
    const url = urls[count % urls.length] ?? '';
    statuses.push((await client().get(url, headers)).status);
  }
  t.same(statuses, [401, 401, 401, 401, 429, 429, 429, 429]);
  const statements = await recordStatements(() => client().get('/api/v1/me', headers));
  t.same(statements, [], 'a refused request takes no statement');
});

t.test('counts OPTIONS and preflight requests', async (t) => {
  const origin = 'https://app.example.com';
  const { client } = await createTestApp(t, { RATE_LIMIT: 2, CORS_ORIGINS: [origin] });
  const ask = (url: string, headers: Record<string, string>) =>
    client().request({ method: 'OPTIONS', url, headers });
  const preflight = { origin, 'access-control-request-method': 'POST' };
  t.equal((await ask('/api/v1/users', {})).status, 204);
  t.equal((await ask('/api/v1/users', preflight)).status, 204);
  const refused = await ask('/api/v1/users', preflight);
  t.equal(refused.status, 429);
  t.equal(refused.headers['access-control-allow-origin'], origin, 'so that the page can tell');
  t.equal((await ask('/nowhere', {})).status, 429);
});

t.test('counts requests that are refused before routing', async (t) => {
  const long = `/api/v1/posts/${'x'.repeat(9000)}`;
  const cases: [name: string, url: string, status: number, headers?: Record<string, string>][] = [
    ['invalid host', '/health', 400, { host: 'a b' }],
    ['invalid host of an unknown path', '/nowhere', 400, { host: 'a:65536' }],
    ['malformed path', '/%zz', 400],
    ['malformed path of an operation', '/api/v1/posts/%zz', 400],
    ['long segment', long, 414],
  ];
  for (const [name, url, status, headers = {}] of cases) {
    for (const method of ['GET', 'POST', 'OPTIONS'] as const) {
      const { app } = await createTestApp(t, { RATE_LIMIT: 3, TRUST_PROXY: '1' });
      // Not the client, as no operation has these answers in its contract.
      const from = (address: string) =>
        app.inject({ method, url, headers: { ...headers, 'x-forwarded-for': address } });
      const replies = [];
      for (let count = 0; count < 5; count += 1) replies.push(await from('192.0.2.1'));
      const statuses = replies.map((reply) => reply.statusCode);
      const isAnswered = method === 'OPTIONS' && name === 'long segment';
      const expected = isAnswered ? statuses[0] : status;
      t.same(statuses, [expected, expected, expected, 429, 429], `${method}, ${name}`);
      t.match(replies[0]?.headers, { 'x-content-type-options': 'nosniff' });
      t.equal((await from('192.0.2.2')).statusCode, expected, 'for each client');
    }
  }
});

t.test('HEAD counts as GET', async (t) => {
  const { client } = await createTestApp(t, { RATE_LIMIT: 100 });
  const statuses = [];
  for (let count = 0; count < 31; count += 1) {
    const method = count % 2 === 0 ? 'HEAD' : 'GET';
    const headers = { authorization: 'Bearer alt_unknown' };
    const url = '/api/v1/users/export.json';
    statuses.push((await client().request({ method, url, headers })).status);
  }
  t.same(statuses, [...Array(30).fill(401), 429]);
});

t.test('identifies a client by one address', async (t) => {
  const statusesOf = async (...forwarded: string[]) => {
    const { client } = await createTestApp(t, { RATE_LIMIT: 1, TRUST_PROXY: '1' });
    const statuses = [];
    for (const entry of forwarded) {
      statuses.push((await client().get('/health', { 'x-forwarded-for': entry })).status);
    }
    return statuses;
  };
  t.same(await statusesOf('192.0.2.1:1000', '192.0.2.1:2000', '192.0.2.1'), [200, 429, 429]);
  t.same(
    await statusesOf('2001:db8::1', '[2001:db8::2]:443', '2001:db8:0:0:ffff::', '2001:db8:0:1::1'),
    [200, 429, 429, 200],
    'a /64 network is one client',
  );
  t.same(
    await statusesOf('192.0.2.1', '::ffff:192.0.2.1', '[::ffff:192.0.2.1]:80'),
    [200, 429, 429],
  );
  t.same(
    await statusesOf('unknown', '_hidden', '1.2.3', 'x'.repeat(5000), '127.0.0.1'),
    [200, 429, 429, 429, 429],
    'what is no address counts as the proxy',
  );
});

t.test('trusts X-Forwarded-For only from a trusted proxy', async (t) => {
  const call = async (trusted: boolean) => {
    const { client } = await createTestApp(t, { RATE_LIMIT: 1, TRUST_PROXY: trusted ? '1' : '0' });
    const anyone = client();
    await anyone.get('/health', { 'x-forwarded-for': '203.0.113.1' });
    return (await anyone.get('/health', { 'x-forwarded-for': '203.0.113.2' })).status;
  };
  const { client } = await createTestApp(t, { RATE_LIMIT: 1, TRUST_PROXY: '1' });
  await client().get('/health', { 'x-forwarded-for': '203.0.113.9' });
  const forged = await client().get('/health', { 'x-forwarded-for': '10.9.8.7, 203.0.113.9' });
  t.equal(forged.status, 429, 'only the entry added by the proxy counts');
  t.equal(await call(true), 200);
  t.equal(await call(false), 429);
});

t.test('answers 413 to a body that is too large without reading it', async (t) => {
  const { client } = await createTestApp(t, { BODY_LIMIT: 1024 });
  const reply = await client().post('/api/v1/auth/login', { username: 'x'.repeat(2000) });
  t.same([reply.status, reply.json.code], [413, 'payload_too_large']);
});

t.test(
  'limits bodies by schema, and does not read large bodies of anonymous clients',
  async (t) => {
    const { client, signedIn } = await createTestApp(t);
    const admin = await signedIn({ username: 'root', role: 'admin' });
    const large = { username: 'abc', bio: 'x'.repeat(900_000) };
    t.equal((await admin.post('/api/v1/users', large)).status, 413);
    t.equal(
      (await admin.post('/api/v1/users/bulk', [large])).status,
      422,
      'a list of many users may be large',
    );
    t.equal((await client().post('/api/v1/users/bulk', [large])).status, 401);
    t.equal((await client().post('/api/v1/users/bulk', 'x'.repeat(5_000_000))).status, 401);
  },
);

t.test('reads bytes that are no UTF-8 in a URL as U+FFFD', async (t) => {
  const { client } = await createTestApp(t);
  const path = await client().get('/api/v1/posts/%ff');
  t.equal(path.status, 422);
  t.match(path.json.detail, [{ loc: ['path', 'id'], input: '\ufffd' }]);
  const query = await client().get('/api/v1/posts?page=%C3%A9%ff%zz');
  t.match(query.json.detail, [{ loc: ['query', 'page'], input: 'é\ufffd%zz' }]);
});

t.test('repeats every digit of an integer in errors', async (t) => {
  const { client } = await createTestApp(t);
  const big = '9007199254740993';
  const { status, text } = await client().request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: `{"username":${big}}`,
    headers: { 'content-type': 'application/json' },
  });
  t.equal(status, 422);
  t.match(text, '"msg":"Input should be a valid string"');
  t.match(text, `"input":${big}`);
});

t.test('rejects bodies that cannot be parsed', async (t) => {
  const { client } = await createTestApp(t);
  const send = (payload: string | Buffer, type?: string) =>
    client().request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload,
      headers: type === undefined ? {} : { 'content-type': type },
    });
  const json = 'application/json';
  t.match((await send('{"username":', json)).json.detail[0], {
    type: 'json_invalid',
    loc: ['body', 12],
    ctx: { error: 'Expecting value' },
  });
  t.match((await send('{"a": "😀" x}', json)).json.detail[0].loc, ['body', 10], 'code points');
  t.match((await send('', json)).json.detail, [{ type: 'missing', loc: ['body'], input: null }]);
  t.match((await send('null', json)).json.detail, [
    { type: 'model_attributes_type', loc: ['body'], input: null },
  ]);
  t.equal((await send(Buffer.from([0x22, 0xff, 0x22]), json)).status, 400, 'invalid UTF-8');
  t.equal((await send('['.repeat(15_000), json)).status, 400, 'nested too deeply');
  t.match((await send('{"username":"a"}', 'text/plain')).json.detail[0], {
    type: 'model_attributes_type',
    loc: ['body'],
    input: '[redacted]',
  });
  t.equal((await send('{"username":"a"}')).json.detail[0].type, 'model_attributes_type');
  const proto = await send('{"__proto__":{"username":"a"},"constructor":1,"password":"x"}', json);
  t.same(
    proto.json.detail.map(({ loc }: { loc: string[] }) => loc),
    [['body', 'username']],
  );
  t.equal(({} as Record<string, unknown>)['username'], undefined, 'leaves prototypes alone');
  t.equal(
    (await send('{"username":"a","password":"b"}', 'application/vnd.api+json; charset=utf-8'))
      .status,
    401,
  );
});
