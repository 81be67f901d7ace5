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
