import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { createTestApp, type TestApp } from '#test/support/app.js';
import { contract } from '#test/support/contract.js';
import { operationsOf } from '#test/support/generate-request.js';

const MIB = 1024 * 1024;

async function listen({ app }: TestApp): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

/** Connects without ending the connection when the server does. */
async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Returns what arrives until the server ends its side. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return Buffer.concat(chunks).toString();
}

function head(method: string, path: string, fields: Record<string, string | number>): string {
  const lines = Object.entries({ host: 'localhost', ...fields }).map(([name, value]) => {
    return `${name}: ${value}\r\n`;
  });
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50);
}

let ran = 0;
const service = await createTestApp(
  t,
  { PLAYGROUND: true },
  {
    routes: (app) => {
      app.post('/counted', { schema: { hide: true }, config: { csrf: false } }, async () => {
        ran += 1;
        return {};
      });
    },
  },
);
const port = await listen(service);

const connectionsOf = ({ app }: TestApp) =>
  new Promise<number>((resolve, reject) =>
    app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );

t.test('a refusal reaches a client that sends its whole body before it reads', async (t) => {
  const json = { 'content-type': 'application/json' };
  const cases: [name: string, method: string, path: string, status: number][] = [
    ['unknown path', 'POST', '/nowhere', 404],
    ['wrong method', 'DELETE', '/api/v1/posts', 405],
    ['stranger', 'POST', '/api/v1/posts', 401],
    ['operation without a body', 'POST', '/api/v1/auth/logout', 413],
    ['operation with a small body', 'POST', '/api/v1/auth/login', 413],
    ['read', 'GET', '/health', 200],
  ];
  for (const [name, method, path, status] of cases) {
    for (const connection of ['keep-alive', 'close']) {
      const socket = await open(port);
      const fields = { ...json, connection, 'content-length': 16 * MIB };
      socket.write(head(method, path, fields));
      for (let sent = 0; sent < 16; sent += 1) {
        if (!socket.write(Buffer.alloc(MIB, 'x'))) await once(socket, 'drain');
      }
      const answer = await readAll(socket);
      t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), `${name}, ${connection}`);
      t.match(answer, /connection: close\r\n/i, 'says that the connection ends');
      socket.destroy();
    }
  }
  const chunked = await open(port);
  chunked.write(head('POST', '/api/v1/auth/login', { ...json, 'transfer-encoding': 'chunked' }));
  for (let sent = 0; sent < 4; sent += 1) {
    chunked.write(`${MIB.toString(16)}\r\n`);
    if (!chunked.write(`${'x'.repeat(MIB)}\r\n`)) await once(chunked, 'drain');
  }
  t.match(await readAll(chunked), /^HTTP\/1\.1 413 .*payload_too_large/s, 'chunked');
  chunked.destroy();
});

t.test('does not wait for the body of somebody who may not send it', async (t) => {
  const operations = operationsOf(contract).filter(({ method }) => method !== 'GET');
  let refused = 0;
  for (const { id, method, path, operation } of operations) {
    const isPublic = operation.security?.some((each) => Object.keys(each).length === 0) ?? true;
    if (isPublic) continue;
    const socket = await open(port);
    socket.write(head(method, path.replace(/\{\w+\}/g, '1'), { 'content-length': 5000 }));
    t.match(await readAll(socket), /^HTTP\/1\.1 401 /, id);
    refused += 1;
    socket.destroy();
  }
  t.ok(refused > 30, 'most operations require an account');
});

t.test('invites a body only after the checks of the headers', async (t) => {
  const ask = async (path: string) => {
    const socket = await open(port);
    const fields = { expect: '100-continue', 'content-length': 2, connection: 'close' };
    socket.write(head('POST', path, { 'content-type': 'application/json', ...fields }));
    socket.once('data', (chunk: Buffer) => {
      if (chunk.toString().startsWith('HTTP/1.1 100 ')) socket.end('{}');
    });
    return readAll(socket);
  };
  t.match(await ask('/api/v1/posts'), /^HTTP\/1\.1 401 /);
  t.match(await ask('/nowhere'), /^HTTP\/1\.1 404 /);
  t.match(await ask('/api/v1/auth/login'), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 422 /);
});

t.test('does not run a request that follows a refused body', async (t) => {
  const socket = await open(port);
  const body = head('POST', '/counted', { 'content-length': 0 });
  socket.write(head('POST', '/nowhere', { 'content-length': body.length + 20 }));
  await once(socket, 'data');
  socket.write(`${'x'.repeat(20)}${body}${body}`);
  await until(async () => (await connectionsOf(service)) === 0);
  t.equal(ran, 0);
  socket.destroy();
  const other = await open(port);
  other.write(`${body}${head('POST', '/counted', { 'content-length': 0, connection: 'close' })}`);
  await readAll(other);
  t.equal(ran, 2, 'as it does after a request that was read');
});

t.test('answers invalid HTTP in the format of every error, and closes', async (t) => {
  const send = async (text: string) => {
    const socket = await open(port);
    socket.write(text);
    return readAll(socket);
  };
  t.match(
    await send('nonsense\r\n\r\n'),
    /^HTTP\/1\.1 400 .*\{"detail":"Bad Request","code":"bad_request"\}$/s,
  );
  t.match(
    await send(head('GET', '/health', { 'x-long': 'x'.repeat(200_000) })),
    /^HTTP\/1\.1 431 .*"code":"headers_too_large"/s,
  );
  // The clients of this test keep their side open.
  await until(async () => (await connectionsOf(service)) === 0);
});

t.test('rejects a request with several hosts or an invalid one', async (t) => {
  const ask = async (fields: string) => {
    const socket = await open(port);
    socket.write(`GET /health HTTP/1.1\r\n${fields}connection: close\r\n\r\n`);
    return Number((await readAll(socket)).slice(9, 12));
  };
  const valid = [
    'localhost',
    'a.example:8080',
    '[::1]',
    '[::1]:8000',
    'xn--p1ai',
    'a_b',
    '127.0.0.1:',
  ];
  for (const host of valid) t.equal(await ask(`Host: ${host}\r\n`), 200, host);
  const invalid = [
    '',
    'a b',
    'a/b',
    'user@a',
    'a:b',
    'a:65536',
    '[::1',
    '::1',
    'a#b',
    'a?b',
    'a\\b',
  ];
  for (const host of invalid) t.equal(await ask(`Host: ${host}\r\n`), 400, `"${host}"`);
  t.equal(await ask('Host: a\r\nHost: b\r\n'), 400);
  t.equal(await ask('Host: a\r\nhost: a\r\n'), 400);
  t.equal(await ask(''), 400, 'none');
});

t.test('does not believe X-Forwarded-Host', async (t) => {
  const { client } = await createTestApp(t, { PLAYGROUND: true, TRUST_PROXY: '1' });
  const headers = { host: 'api.example.com', 'x-forwarded-host': 'evil.example' };
  for (const path of ['context', 'inspect', 'echo', 'ws/echo']) {
    const { text } = await client().get(`/api/v1/playground/${path}`, headers);
    t.notMatch(text.replace(/"headers":\{.*?\}/s, ''), /evil/, path);
  }
});

t.test('bounds connections in total and from one network', async (t) => {
  const limited = await createTestApp(t, { MAX_CONNECTIONS: 8, TRUST_PROXY: '1' });
  const small = await createTestApp(t, { MAX_CONNECTIONS: 8 });
  for (const [each, most] of [
    [limited, 8],
    [small, 2],
  ] as const) {
    const to = await listen(each);
    const sockets = await Promise.all(Array.from({ length: 12 }, () => open(to)));
    const ended = sockets.map((socket) => once(socket.resume(), 'end'));
    await until(async () => (await connectionsOf(each)) === most);
    await Promise.race(ended);
    sockets.map((socket) => socket.destroy());
    await until(async () => (await connectionsOf(each)) === 0);
    const socket = await open(to);
    socket.write(head('GET', '/health', { connection: 'close' }));
    t.match(await readAll(socket), /^HTTP\/1\.1 200 /, 'accepts again');
  }
});

t.test('ends a request that arrives too slowly, soon after its time', async (t) => {
  const impatient = await createTestApp(t, { REQUEST_TIMEOUT: 1 });
  const to = await listen(impatient);
  const drip = async (start: string) => {
    const socket = await open(to);
    socket.write(start);
    const answer = readAll(socket);
    let drops = 0;
    const timer = setInterval(() => {
      drops += 1;
      socket.write('x');
    }, 100);
    const text = await answer;
    clearInterval(timer);
    return { text, drops };
  };
  const slow = await Promise.all([
    drip('GET /health HTTP/1.1\r\nhost: a\r\nx-slow: '),
    drip(head('POST', '/api/v1/auth/login', { 'content-length': 10_000 })),
  ]);
  for (const { text, drops } of slow) {
    t.match(text, /^HTTP\/1\.1 408 .*request_timeout/s);
    t.ok(drops < 150, 'long before the interval at which Node looks by default');
  }
});

t.test('a late body does not break into a running answer', async (t) => {
  const impatient = await createTestApp(
    t,
    { REQUEST_TIMEOUT: 1 },
    {
      routes: (app) => {
        app.get('/slow', { schema: { hide: true } }, async (_request, reply) => {
          await sleep(4000);
          reply.type('text/plain');
          return 'the answer';
        });
      },
    },
  );
  const socket = await open(await listen(impatient));
  socket.write(head('GET', '/slow', { 'content-length': 10 }));
  const text = await readAll(socket);
  t.notMatch(text, /HTTP\/1\.1 [\s\S]*HTTP\/1\.1 /, 'one answer at most');
});

t.test('bounds the bytes of bodies that wait for their answers', async (t) => {
  const limited = await createTestApp(t, { BODY_LIMIT: 300_000 });
  const author = await limited.signedIn({ username: 'ann', role: 'author' });
  const to = await listen(limited);
  const { csrf_token: token } = (await author.get('/api/v1/auth/csrf')).json;
  const cookie = ['althing_session', 'althing_csrf']
    .map((name) => `${name}=${encodeURIComponent(author.cookie(name) ?? '')}`)
    .join('; ');
  const hold = async () => {
    const socket = await open(to);
    const fields = { cookie, 'x-csrf-token': token, 'content-length': 200_000 };
    socket.write(head('POST', '/api/v1/posts', { 'content-type': 'application/json', ...fields }));
    return socket;
  };
  const first = await hold();
  await until(async () => (await connectionsOf(limited)) === 1);
  await fetch(`http://127.0.0.1:${to}/health`);
  const second = await hold();
  t.match(await readAll(second), /^HTTP\/1\.1 429 .*retry-after: 1\r\n/is, 'the share is taken');
  first.destroy();
  second.destroy();
  await until(async () => (await connectionsOf(limited)) <= 1);
  const body = JSON.stringify({ title: 'T', content: 'x'.repeat(40_000) });
  const reply = await author.request({
    method: 'POST',
    url: '/api/v1/posts',
    payload: body,
    headers: { 'content-type': 'application/json' },
  });
  t.equal(reply.status, 201, 'and free again');
});

t.test('bounds the bytes of responses that a client does not read', async (t) => {
  const large = await createTestApp(
    t,
    {},
    {
      routes: (app) => {
        app.get('/large', { schema: { hide: true } }, async (_request, reply) => {
          reply.type('text/plain');
          return 'x'.repeat(7 * MIB);
        });
      },
    },
  );
  const to = await listen(large);
  const ask = async () => {
    const socket = await open(to);
    socket.write(head('GET', '/large', { connection: 'close' }));
    return socket;
  };
  const idle = [await ask(), await ask()];
  await Promise.all(idle.map((socket) => once(socket, 'readable')));
  t.match(await readAll(await ask()), /^HTTP\/1\.1 429 .*too_many_requests/s);
  t.equal(
    (await fetch(`http://127.0.0.1:${to}/health`)).status,
    200,
    'small responses do not count',
  );
  for (const socket of idle) t.ok((await readAll(socket)).length > 7 * MIB - 100_000);
  t.match(await readAll(await ask()), /^HTTP\/1\.1 200 /, 'free again');
});
