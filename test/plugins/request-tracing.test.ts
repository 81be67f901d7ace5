import { Writable } from 'node:stream';
import { pino } from 'pino';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';

const lines: Record<string, unknown>[] = [];
const log = new Writable({
  write(chunk, _encoding, done) {
    lines.push(JSON.parse(String(chunk)));
    done();
  },
});
const { client, createUser } = await createTestApp(
  t,
  {},
  { logger: pino({ level: 'debug' }, log) },
);
const anyone = client();

t.test('sends a request id and the duration with every response', async (t) => {
  for (const url of ['/health', '/nowhere', '/api/v1/users?size=0', '/docs']) {
    const { headers } = await anyone.get(url);
    t.match(headers['x-request-id'], /^[0-9a-f-]{36}$/, url);
    t.match(headers['x-response-time'], /^\d+\.\d{4}s$/, url);
  }
});

t.test('accepts a valid request id from the client and replaces others', async (t) => {
  for (const id of ['abc', 'A-1_b.2', 'x'.repeat(64)]) {
    t.equal((await anyone.get('/health', { 'x-request-id': id })).headers['x-request-id'], id);
  }
  for (const id of ['', 'x'.repeat(65), 'a b', 'a"b', 'ä', '../x', '<script>']) {
    const { headers } = await anyone.get('/health', { 'x-request-id': id });
    t.match(headers['x-request-id'], /^[0-9a-f-]{36}$/, id);
  }
});

t.test('logs one line per request, without personal data', async (t) => {
  await createUser({ username: 'secretive', email: 'who@example.com' });
  lines.length = 0;
  await anyone.get('/api/v1/users?q=who@example.com', { 'x-request-id': 'traced' });
  await anyone.post('/api/v1/auth/login', { username: 'secretive', password: 'Hunter2!hunter2' });
  const requests = lines.filter(({ msg }) => msg === 'request');
  t.equal(requests.length, 2);
  t.match(requests[0], { reqId: 'traced', method: 'GET', path: '/api/v1/users', status: 200 });
  t.notMatch(JSON.stringify(lines), /example\.com|hunter2|127\.0\.0\.1|secretive/i);
});

t.test('logs the query without the values of secret and personal parameters', async (t) => {
  const cases: [query: string, shown: string | undefined][] = [
    ['', undefined],
    ['?', undefined],
    ['?page=2&size=5&sort=-created_at', 'page=2&size=5&sort=-created_at'],
    ['?q=Ann&page=1', 'q=[redacted]&page=1'],
    ['?email=ann%40example.com', 'email=[redacted]'],
    [
      '?Author=ann&user_id=7&nickname=Ann',
      'Author=[redacted]&user_id=[redacted]&nickname=[redacted]',
    ],
    [
      '?token=abc&api_key=def&access-token=x',
      'token=[redacted]&api_key=[redacted]&access-token=[redacted]',
    ],
    [
      '?key=abc&code=123456&X-Sig=x&keyboard=us',
      'key=[redacted]&code=[redacted]&X-Sig=[redacted]&keyboard=us',
    ],
    ['?page=alt_fa07667d_QKGxz&a=eyJhbGciOi', 'page=[redacted]&a=[redacted]'],
    ['?sort=ann@example.com&page=Ann%20Lee', 'sort=[redacted]&page=[redacted]'],
    ['?ann@example.com', '[redacted]='],
    ['?a=1&a=2', 'a=1&a=2'],
    [`?${'a=1&'.repeat(30)}`, `${'a=1&'.repeat(20)}…`],
    ['?page=1%0A%7B%22forged%22', 'page=[redacted]'],
    ['?page=%zz%ff', 'page=[redacted]'],
  ];
  for (const [query, shown] of cases) {
    lines.length = 0;
    await anyone.get(`/health${query}`);
    t.equal(lines.find(({ msg }) => msg === 'request')?.['query'], shown, query);
  }
});

t.test('logs addresses only if configured', async (t) => {
  const logger = pino({ level: 'info' }, log);
  const settings = { LOG_ADDRESSES: true, TRUST_PROXY: '1' };
  const noting = await createTestApp(t, settings, { logger });
  lines.length = 0;
  await noting.client().get('/health', { 'x-forwarded-for': '203.0.113.7' });
  await anyone.get('/health');
  const requests = lines.filter(({ msg }) => msg === 'request');
  t.match(requests, [{ address: '203.0.113.7' }, {}]);
  t.notOk('address' in (requests[1] ?? {}));
});

t.test('logs statements without their values, in development at debug', async (t) => {
  const statements = async (APP_ENV: 'development' | 'testing', level: string) => {
    const { client } = await createTestApp(t, { APP_ENV }, { logger: pino({ level }, log) });
    lines.length = 0;
    await client().get('/api/v1/users?q=somebody');
    return lines.filter(({ msg }) => msg === 'statement');
  };
  const shown = await statements('development', 'debug');
  t.ok(shown.length > 0);
  t.match(
    shown.find(({ sql }) => /^select .*\$1/s.test(String(sql))),
    { level: 20, milliseconds: Number },
  );
  t.notMatch(JSON.stringify(shown), /somebody/);
  t.same(await statements('development', 'info'), []);
  t.same(await statements('testing', 'debug'), []);
});
