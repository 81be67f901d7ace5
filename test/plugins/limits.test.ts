import { type AddressInfo, connect } from 'node:net';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';

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

t.test('answers invalid HTTP in the format of every error', async (t) => {
  const { app } = await createTestApp(t);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const send = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('end', () => resolve(answer));
      socket.on('error', reject);
    });
  t.match(
    await send('nonsense\r\n\r\n'),
    /^HTTP\/1\.1 400 .*\{"detail":"Bad Request","code":"bad_request"\}$/s,
  );
  const header = `GET /health HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`;
  t.match(await send(header), /^HTTP\/1\.1 431 .*"code":"headers_too_large"/s);
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
  t.match((await send('null', json)).json.detail, [{ type: 'missing', loc: ['body'] }]);
  t.equal((await send(Buffer.from([0x22, 0xff, 0x22]), json)).status, 400, 'invalid UTF-8');
  t.equal((await send('['.repeat(200_000), json)).status, 400, 'nested too deeply');
  t.match((await send('{"username":"a"}', 'text/plain')).json.detail[0], {
    type: 'model_attributes_type',
    loc: ['body'],
    input: '{"username":"a"}',
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
