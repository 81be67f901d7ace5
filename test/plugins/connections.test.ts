import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createTestApp, type TestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { contract } from '#test/support/contract.js';
import { operationsOf } from '#test/support/generate-request.js';
import { openConnections } from '#test/support/open-connections.js';

const MIB = 1024 * 1024;

async function listen({ app }: TestApp): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

/** Connects without ending the connection when the server does. */
async function open(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
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

function cookiesOf(client: Client): string {
  return ['althing_session', 'althing_csrf']
    .map((name) => `${name}=${encodeURIComponent(client.cookie(name) ?? '')}`)
    .join('; ');
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

t.test('discards refused bodies in small pieces, between which others are answered', async (t) => {
  const test = await createTestApp(t);
  const received = new Set<Socket>();
  test.app.server.on('connection', (socket: Socket) => received.add(socket));
  const bytesRead = () => [...received].reduce((sum, socket) => sum + socket.bytesRead, 0);
  const place = await listen(test);
  const sockets = await Promise.all(Array.from({ length: 20 }, () => open(place)));
  const answers = sockets.map((socket) => {
    socket.write(head('POST', '/nowhere', { 'content-length': 8 * MIB }));
    socket.write(Buffer.alloc(8 * MIB, 'x'));
    return readAll(socket);
  });
  let most = 0;
  while (bytesRead() < 40 * MIB) {
    const before = bytesRead();
    await turn();
    most = Math.max(most, bytesRead() - before);
  }
  t.ok(most < 4 * MIB, `${most} bytes in one turn of the event loop`);
  for (const answer of await Promise.all(answers)) t.match(answer, /^HTTP\/1\.1 404 /);
  for (const socket of sockets) socket.destroy();
});

t.test('does not wait for the body of somebody who may not send it', async (t) => {
  const operations = operationsOf(contract).filter(({ method }) => method !== 'GET');
  let refused = 0;
  for (const { id, method, path, operation } of operations) {
    if (operation.security?.length === 0) continue;
    const socket = await open(port);
    socket.write(head(method, path.replace(/\{\w+\}/g, '1'), { 'content-length': 5000 }));
    t.match(await readAll(socket), /^HTTP\/1\.1 401 /, id);
    refused += 1;
    socket.destroy();
  }
  t.ok(refused > 30, 'most operations require an account');
});

t.test('invites a body only after all checks of the headers', async (t) => {
  const development = await createTestApp(t, { APP_ENV: 'development' });
  const author = await development.signedIn({ username: 'ann', role: 'author' });
  const to = await listen(development);
  const { csrf_token: token } = (await author.get('/api/v1/auth/csrf')).json;
  const ask = async (
    method: string,
    path: string,
    fields: Record<string, string | number> = {},
  ) => {
    const socket = await open(to);
    const expect = { expect: '100-continue', 'content-length': 2, connection: 'close', ...fields };
    socket.write(head(method, path, { 'content-type': 'application/json', ...expect }));
    socket.once('data', (chunk: Buffer) => {
      if (chunk.toString().startsWith('HTTP/1.1 100 ')) socket.end('{}');
    });
    const answer = await readAll(socket);
    socket.destroy();
    return answer;
  };
  const login = '/api/v1/auth/login';
  const signedIn = { cookie: cookiesOf(author), 'x-csrf-token': token };
  t.match(await ask('POST', '/api/v1/posts'), /^HTTP\/1\.1 401 /);
  t.match(await ask('POST', '/nowhere'), /^HTTP\/1\.1 404 /);
  t.match(await ask('POST', '/health'), /^HTTP\/1\.1 405 /);
  t.match(await ask('POST', login, { host: 'a b' }), /^HTTP\/1\.1 400 /);
  t.match(await ask('GET', '/dev/mail', { host: 'a.example' }), /^HTTP\/1\.1 404 /);
  t.match(await ask('GET', '/health'), /^HTTP\/1\.1 200 /, 'a body that is ignored');
  for (const [path, length] of [
    ['/api/v1/auth/logout', 16 * 1024 + 1],
    [login, 1_000_000],
    [login, 20_000_000],
  ] as const) {
    t.match(await ask('POST', path, { 'content-length': length }), /^HTTP\/1\.1 413 /, path);
  }
  t.match(
    await ask('POST', '/api/v1/posts', { ...signedIn, 'content-length': 20_000_000 }),
    /^HTTP\/1\.1 413 /,
  );
  t.match(await ask('POST', login), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 422 /);
  t.match(await ask('POST', '/api/v1/posts', signedIn), /^HTTP\/1\.1 100 .*HTTP\/1\.1 422 /s);
});

t.test('does not run a request that follows a refused body', async (t) => {
  const socket = await open(port);
  const body = head('POST', '/counted', { 'content-length': 0 });
  socket.write(head('POST', '/nowhere', { 'content-length': body.length + 20 }));
  await once(socket, 'data');
  socket.write(`${'x'.repeat(20)}${body}${body}`);
  await until(async () => (await openConnections(service.app.server)) === 0);
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
    /^HTTP\/1\.1 400 .*\{"detail":"The request is not valid HTTP\/1\.1","code":"malformed_request"\}$/s,
  );
  t.match(
    await send('GET /caf\u00e9 HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    /^HTTP\/1\.1 400 .*content-security-policy: default-src 'none'.*"code":"malformed_url"/s,
  );
  t.match(
    await send(head('GET', '/health', { 'x-long': 'x'.repeat(200_000) })),
    /^HTTP\/1\.1 431 .*"code":"headers_too_large"/s,
  );
  // The clients of this test keep their side open.
  await until(async () => (await openConnections(service.app.server)) === 0);
});

t.test('answers 405 with Allow to every method, known to Node or not', async (t) => {
  const allow = async (line: string, before = '') => {
    const socket = await open(port);
    socket.write(`${before}${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    const answer = await readAll(socket);
    const [, status] = /HTTP\/1\.1 (4\d\d) /.exec(answer) ?? [];
    const [, methods] = /^allow: (.*)\r$/im.exec(answer) ?? [];
    return [Number(status), methods];
  };
  const expected = [405, 'GET, HEAD, POST, OPTIONS'];
  for (const method of ['QUERY', 'PROPFIND', 'TRACE', 'LINK', 'FOO', 'get', 'X-Y.Z', 'GETS']) {
    t.same(await allow(`${method} /api/v1/users?q=1`), expected, method);
    t.same(await allow(`${method} /nowhere`), [404, undefined], `${method}, unknown path`);
  }
  t.same(await allow('CONNECT /api/v1/users'), expected, 'CONNECT');
  t.equal((await allow('CONNECT example.com:443'))[0], 400, 'CONNECT to a host');
  const first = head('GET', '/health', {});
  t.same(await allow('FOO /api/v1/users', first), expected, 'after another request');
  t.same(await allow('F(O /api/v1/users'), [400, undefined], 'not a token');
  t.same(await allow('FOO users'), [400, undefined], 'not a path');
  await until(async () => (await openConnections(service.app.server)) === 0);
});

t.test('a CONNECT request or upgrade that is pipelined or reset does no harm', async (t) => {
  const service = await createTestApp(t, { PLAYGROUND: true });
  const port = await listen(service);
  const request = 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n';
  const pipelined = await open(port);
  pipelined.write(`${head('GET', '/api/v1/users', {})}${request}`);
  const answer = await readAll(pipelined);
  t.same(answer.match(/(?<=HTTP\/1\.1 )\d{3}/g), ['200', '400'], 'answers in order');
  for (const event of ['connect', 'upgrade']) {
    let errors = 0;
    service.app.server.prependListener(event, (_request, socket: Socket) => {
      setImmediate(() => socket.emit('error', new Error('write ECONNRESET')));
      errors += 1;
    });
    const broken = await open(port);
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
    broken.write(event === 'connect' ? request : head('GET', '/health', upgrade));
    await readAll(broken);
    broken.destroy();
    t.equal(errors, 1, event);
  }
  await until(async () => (await openConnections(service.app.server)) === 0);
});

t.test('serves a client whose address is not known any more', async (t) => {
  const service = await createTestApp(t);
  const port = await listen(service);
  service.app.server.prependListener('request', ({ socket }) => {
    // As after a reset.
    Object.defineProperty(socket, 'remoteAddress', { value: undefined });
  });
  const socket = await open(port);
  socket.write(head('GET', '/health', { connection: 'close' }));
  t.match(await readAll(socket), /^HTTP\/1\.1 200 /);
});

t.test('errors before routing have the headers of every response', async (t) => {
  const origin = 'https://app.example.com';
  const test = await createTestApp(t, { CORS_ORIGINS: [origin] });
  const place = await listen(test);
  const cases: [name: string, request: string, status: number, code: string][] = [
    ['invalid percent-encoding', 'GET /api/v1/users/%zz HTTP/1.1\r\nHost: a', 400, 'malformed_url'],
    ['long path', `GET /api/v1/posts/${'a'.repeat(9000)} HTTP/1.1\r\nHost: a`, 414, 'uri_too_long'],
    ['no host', 'GET /health HTTP/1.1', 400, 'invalid_host'],
    ['invalid host', 'GET /health HTTP/1.1\r\nHost: a b', 400, 'invalid_host'],
    ['unknown path', 'GET /nowhere HTTP/1.1\r\nHost: a', 404, 'not_found'],
    ['wrong method', 'QUERY /health HTTP/1.1\r\nHost: a', 405, 'method_not_allowed'],
  ];
  for (const [name, request, status, code] of cases) {
    const socket = await open(place);
    socket.write(`${request}\r\nOrigin: ${origin}\r\nConnection: close\r\n\r\n`);
    const answer = await readAll(socket);
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} .*"code":"${code}"`, 's'), name);
    for (const field of [
      `access-control-allow-origin: ${origin}`,
      'content-security-policy: default-src',
      'content-type: application/json',
      'x-ratelimit-limit: ',
      'x-request-id: ',
      'x-response-time: ',
    ]) {
      t.ok(answer.toLowerCase().includes(`\r\n${field}`), `${name}: ${field}`);
    }
  }
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
    await until(async () => (await openConnections(each.app.server)) === most);
    await Promise.race(ended);
    sockets.map((socket) => socket.destroy());
    await until(async () => (await openConnections(each.app.server)) === 0);
    const socket = await open(to);
    socket.write(head('GET', '/health', { connection: 'close' }));
    t.match(await readAll(socket), /^HTTP\/1\.1 200 /, 'accepts again');
  }
});

/** Sends a request over a connection and returns the head of its response. */
async function ask(socket: Socket, fields = {}): Promise<string> {
  socket.write(head('GET', '/health', fields));
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

t.test('counts a connection once, whatever upgrades its requests ask for', async (t) => {
  const limited = await createTestApp(t, { MAX_CONNECTIONS: 8, PLAYGROUND: true });
  const to = await listen(limited);
  const [socket, other] = [await open(to), await open(to)];
  const listeners: number[] = [];
  limited.app.server.on('request', (request) => {
    const { socket } = request;
    listeners.push(socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0));
  });
  for (let count = 0; count < 20; count += 1) {
    const upgrade = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' };
    t.match(await ask(socket, upgrade), /^HTTP\/1\.1 200 /, `request ${count}`);
  }
  t.equal(listeners.at(-1), listeners[1], 'no listener is added for a request');
  t.match(await ask(other), /^HTTP\/1\.1 200 /);
  socket.destroy();
  other.destroy();
  await until(async () => (await openConnections(limited.app.server)) === 0);
  const next = [await open(to), await open(to)];
  for (const each of next) t.match(await ask(each), /^HTTP\/1\.1 200 /, 'all places are free');
  for (const each of next) each.destroy();
});

t.test('when full, closes the longest idle connection of the largest network', async (t) => {
  const limited = await createTestApp(t, { MAX_CONNECTIONS: 8 });
  const to = await listen(limited);
  const idle: Socket[] = [];
  const closed: number[] = [];
  for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.3', '127.0.0.4', '127.0.0.4']) {
    const socket = await open(to, address);
    const index = idle.push(socket) - 1;
    socket.once('end', () => closed.push(index));
    socket.once('close', () => closed.push(index));
    t.match(await ask(socket), /^HTTP\/1\.1 200 /);
  }
  // These have not sent a whole request.
  const starting = [await open(to, '127.0.0.5'), await open(to, '127.0.0.5'), await open(to)];
  idle[1]?.write('GET /health HTTP/1.1\r\n');
  await until(async () => (await openConnections(limited.app.server)) === 8);
  await sleep(100);
  const more = [await open(to, '127.0.0.6'), await open(to, '127.0.0.6')];
  for (const socket of more) t.match(await ask(socket), /^HTTP\/1\.1 200 /, 'gets a place');
  await until(async () => new Set(closed).size >= 2);
  t.same(new Set(closed), new Set([2, 3]), 'not one whose request is arriving');
  t.match(await ask(idle[4] as Socket), /^HTTP\/1\.1 200 /);
  for (const socket of [...idle, ...starting, ...more]) socket.destroy();
});

t.test('bounds the connections of a site of IPv6', async (t) => {
  const { app } = await createTestApp(t, { MAX_CONNECTIONS: 16 });
  const arrive = (remoteAddress: string) => {
    const socket = Object.assign(new PassThrough(), { remoteAddress, bytesRead: 0 });
    app.server.emit('connection', socket);
    return !socket.destroyed;
  };
  const accepted: Record<string, number> = { one: 0, site: 0, other: 0 };
  const count = (name: string, address: string) => {
    if (arrive(address)) accepted[name] = (accepted[name] ?? 0) + 1;
  };
  for (let index = 0; index < 10; index += 1) count('one', `2001:db8:1::${index}`);
  for (let index = 1; index < 10; index += 1) count('site', `2001:db8:1:${index}::1`);
  for (let index = 0; index < 10; index += 1) count('other', `2001:db8:2::${index}`);
  t.same(accepted, { one: 4, site: 4, other: 4 });
});

t.test('answers something invalid after all requests before it', async (t) => {
  const { app } = await createTestApp(
    t,
    {},
    {
      routes: (app) => {
        app.get('/slow', { schema: { hide: true } }, async (_request, reply) => {
          reply.type('text/plain').raw.writeHead(200, { 'content-length': 10 });
          reply.raw.write('hello');
          await sleep(300);
          reply.hijack();
          reply.raw.end('world');
        });
        app.get('/late', { schema: { hide: true } }, async (_request, reply) => {
          await sleep(300);
          reply.type('text/plain');
          return 'the answer';
        });
      },
    },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port: to } = app.server.address() as AddressInfo;
  const statuses = async (text: string) => {
    const socket = await open(to);
    socket.write(text);
    const answer = await readAll(socket);
    socket.destroy();
    return { answer, all: answer.match(/HTTP\/1\.1 \d+/g)?.map((line) => Number(line.slice(9))) };
  };
  const nonsense = 'non\x01sense\r\n\r\n';
  const health = head('GET', '/health', {});
  const begun = await statuses(`${head('GET', '/slow', {})}${health}${health}${nonsense}`);
  t.same(begun.all, [200, 200, 200, 400]);
  t.match(begun.answer, /helloworldHTTP/, 'nothing breaks into a response that has begun');
  t.same((await statuses(`${head('GET', '/late', {})}${nonsense}`)).all, [200, 400]);
  t.same((await statuses(`${health}${head('GET', '/late', {})}${nonsense}`)).all, [200, 200, 400]);
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

/** Begins a POST of a large body, of which some bytes arrive; reads the answer, if there is one. */
async function beginPost(
  port: number,
  client: Client,
  { length = 200_000, sent = 0, address = '', connection = 'keep-alive' },
) {
  const { csrf_token: token } = (await client.get('/api/v1/auth/csrf')).json;
  const socket = await open(port);
  const fields = {
    connection,
    cookie: cookiesOf(client),
    'x-csrf-token': token,
    'x-forwarded-for': address,
    'content-type': 'application/json',
    'content-length': length,
  };
  socket.write(head('POST', '/api/v1/posts', fields));
  socket.write(' '.repeat(sent));
  const answer = readAll(socket);
  // The service has read the bytes when it answers a later connection.
  await sleep(100);
  await fetch(`http://127.0.0.1:${port}/health`);
  return { socket, answer };
}

t.test('bounds the bytes of bodies that wait for their answers', async (t) => {
  const limited = await createTestApp(t, { BODY_LIMIT: 300_000, TRUST_PROXY: '1' });
  const names = ['ann', 'ben', 'cay', 'dan'];
  const [ann, ben, cay, dan] = (await Promise.all(
    names.map((username) => limited.signedIn({ username, role: 'author' })),
  )) as [Client, Client, Client, Client];
  const to = await listen(limited);
  const refuses = async (
    client: Client,
    address: string,
    expected: RegExp,
    message: string,
    length?: number,
  ) => {
    const { socket, answer } = await beginPost(to, client, { address, length });
    t.match(await answer, expected, message);
    socket.destroy();
  };
  const share = /^HTTP\/1\.1 429 .*retry-after: 1\r\n.*too_many_requests/is;

  const one = { address: '2001:db8:1:1::1', sent: 190_000 };
  const first = await beginPost(to, ann, one);
  await refuses(ben, '2001:db8:1:1::2', share, 'the share of the network is taken');
  await refuses(ann, '192.0.2.1', share, 'and that of the user');
  const second = await beginPost(to, ben, { ...one, address: '2001:db8:1:2::1' });
  await refuses(cay, '2001:db8:1:3::1', share, 'and that of the site');
  const third = await beginPost(to, cay, { ...one, address: '192.0.2.1' });
  await refuses(dan, '192.0.2.2', /^HTTP\/1\.1 503 .*too_busy/s, 'and the total');
  for (const { socket } of [first, second, third]) socket.destroy();
  await until(async () => (await openConnections(limited.app.server)) <= 1);
  const body = JSON.stringify({ title: 'T', content: 'x'.repeat(40_000) });
  for (const client of [ann, ben, cay, dan]) {
    const reply = await client.request({
      method: 'POST',
      url: '/api/v1/posts',
      payload: body,
      headers: { 'content-type': 'application/json' },
    });
    t.equal(reply.status, 201, 'and free again');
  }
});

t.test('a body counts towards the budget when it arrives, not when announced', async (t) => {
  const limited = await createTestApp(t, { BODY_LIMIT: 300_000, TRUST_PROXY: '1' });
  const ann = await limited.signedIn({ username: 'ann', role: 'author' });
  const to = await listen(limited);
  const idle = [];
  for (let count = 0; count < 8; count += 1) {
    idle.push(await beginPost(to, ann, { address: `192.0.2.${count}` }));
  }
  const busy = await beginPost(to, ann, { sent: 150_000, address: '192.0.2.8' });
  const late = await beginPost(to, ann, { length: 140_000, sent: 0, address: '192.0.2.9' });
  busy.socket.write(' '.repeat(30_000));
  await sleep(100);
  late.socket.write(' '.repeat(140_000));
  t.match(await late.answer, /^HTTP\/1\.1 429 .*connection: close/is, 'refused as it arrives');
  busy.socket.write(' '.repeat(20_000));
  t.match(await Promise.race([busy.answer, sleep(2000, '')]), /^(?:HTTP\/1\.1 422 |$)/);
  for (const { socket } of [...idle, busy, late]) socket.destroy();
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

t.test('bounds the bytes of errors that a client does not read', async (t) => {
  const service = await createTestApp(t);
  const author = await service.signedIn({ username: 'ann', role: 'author' });
  const to = await listen(service);
  const { csrf_token: token } = (await author.get('/api/v1/auth/csrf')).json;
  const body = JSON.stringify({ x: '\u4e00'.repeat(150_000) });
  const fields = {
    cookie: cookiesOf(author),
    'x-csrf-token': token,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const statuses = new Map<string, number>();
  const responses: ServerResponse[] = [];
  service.app.server.on('request', (_request, response) => responses.push(response));
  // Their bodies together are within the budget of bodies, their errors are not.
  const sockets = await Promise.all(Array.from({ length: 24 }, () => open(to)));
  for (const socket of sockets) {
    // The system takes the first response of a connection from the service, but not all.
    for (let count = 0; count < 12; count += 1) {
      if (!socket.write(`${head('POST', '/api/v1/posts', fields)}${body}`)) break;
    }
  }
  const isRefused = () =>
    responses.some(({ statusCode, headersSent }) => headersSent && statusCode === 429);
  for (let waited = 0; waited < 60_000 && !isRefused(); waited += 50) await sleep(50);
  t.ok(isRefused(), 'some are refused');
  for (const socket of sockets) {
    socket.on('data', (chunk: Buffer) => {
      for (const [, status = ''] of chunk.toString('latin1').matchAll(/HTTP\/1\.1 (\d+)/g)) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    });
  }
  for (let waited = 0; waited < 60_000 && statuses.size < 2; waited += 50) await sleep(50);
  t.same([...statuses.keys()].sort(), ['422', '429']);
  for (const socket of sockets) socket.destroy();
});
