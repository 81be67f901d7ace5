import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { parseConfig } from '#app/config.js';
import { createTestApp } from '#test/support/app.js';
import { contract } from '#test/support/contract.js';
import { openConnections } from '#test/support/open-connections.js';
import { until } from '#test/support/waiting.js';

const base = '/api/v1/playground';

/** Starts the service on its own port. */
async function listen(
  t: Test,
  settings: Parameters<typeof createTestApp>[1] = {},
  dependencies: Parameters<typeof createTestApp>[2] = {},
) {
  const test = await createTestApp(t, settings, dependencies);
  const origin = await test.app.listen({ host: '127.0.0.1', port: 0 });
  return { ...test, origin, port: Number(new URL(origin).port) };
}

t.test('streams events one by one and ends', async (t) => {
  const { origin } = await listen(t);
  const began = performance.now();
  const answer = await fetch(`${origin}${base}/stream`);
  t.match(answer.headers.get('content-type'), /^text\/event-stream/);
  t.equal(answer.headers.get('cache-control'), 'no-cache');
  t.equal(answer.headers.get('x-accel-buffering'), 'no');
  let text = '';
  let arrivals = 0;
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    arrivals += 1;
  }
  t.ok(performance.now() - began >= 4400, 'ten events have nine intervals');
  t.ok(arrivals > 1);
  const events = text.trimEnd().split('\n\n');
  t.same(
    events.map((event) => JSON.parse(event.replace(/^data: /, '')).count),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  t.match(JSON.parse(events[0]?.slice(6) ?? '').timestamp, /^\d{4}-.*Z$/);
});

t.test(
  'ends the stream when the client disconnects, and not before the service stops',
  async (t) => {
    const { app, origin } = await listen(t);
    const leaving = new AbortController();
    const answer = await fetch(`${origin}${base}/stream`, { signal: leaving.signal });
    await answer.body?.getReader().read();
    leaving.abort();
    // A closed connection proves that its stream has ended.
    while ((await openConnections(app.server)) > 0) await sleep(5);
    const other = await fetch(`${origin}${base}/stream`);
    const [text] = await Promise.all([other.text(), app.close()]);
    t.equal(text.split('\n\n').length, 11, 'a graceful shutdown waits for all ten events');
  },
);

t.test('echoes messages over a WebSocket', async (t) => {
  const { app, client, origin, port } = await listen(t);
  const url = `ws://127.0.0.1:${port}/api/v1/ws/echo`;
  const how = await fetch(`${origin}/api/v1/ws/echo`);
  t.same(await how.json(), { url, max_message_bytes: 65_536 });
  t.ok(contract.paths?.['/api/v1/ws/echo']?.get);
  t.equal((await client().post('/api/v1/ws/echo')).status, 405);

  const socket = new WebSocket(url);
  await once(socket, 'open');
  for (const text of ['hello', '张三', '']) {
    socket.send(text);
    const [data] = await once(socket, 'message');
    t.equal(String(data), `Echo: ${text}`);
  }
  socket.close(1000);
  t.equal((await once(socket, 'close'))[0], 1000);

  const closeCode = async (message: string | Buffer) => {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    socket.send(message);
    return (await once(socket, 'close'))[0];
  };
  t.equal(await closeCode('x'.repeat(65_537)), 1009, 'message too long');
  t.equal(await closeCode(Buffer.from('bytes')), 1003, 'text only');

  const open = new WebSocket(url);
  await once(open, 'open');
  const [[code]] = await Promise.all([once(open, 'close'), app.close()]);
  t.equal(code, 1001, 'the service stops');
});

/** Opens a WebSocket; resolves with what is received until it is closed. */
function talk(url: string, options: { headers?: Record<string, string>; autoPong?: boolean } = {}) {
  const socket = new WebSocket(url, options);
  let pings = 0;
  socket.on('ping', () => {
    pings += 1;
  });
  const closed = once(socket, 'close').then(([code, reason]) => ({
    code: Number(code),
    reason: String(reason),
    pings,
  }));
  return { socket, opened: once(socket, 'open'), closed };
}

t.test('disconnects a WebSocket whose client does not answer pings', async (t) => {
  const { app, port } = await listen(t, {}, { socketLimits: { pingInterval: 50 } });
  const url = `ws://127.0.0.1:${port}/api/v1/ws/echo`;
  const silent = talk(url, { autoPong: false });
  const { code, pings } = await silent.closed;
  t.equal(code, 1006, 'without a closing handshake, which it would not answer');
  t.equal(pings, 1);
  await until(async () => (await openConnections(app.server)) === 0);
  const lively = talk(url);
  await lively.opened;
  let answered = 0;
  lively.socket.on('ping', () => {
    answered += 1;
  });
  await until(() => answered > 5);
  t.equal(lively.socket.readyState, WebSocket.OPEN);
  lively.socket.terminate();
});

t.test('closes an idle WebSocket, and each one at the end of its lifetime', async (t) => {
  const times = { pingInterval: 10_000, idle: 300, lifetime: 1200 };
  const { port } = await listen(t, {}, { socketLimits: times });
  const url = `ws://127.0.0.1:${port}/api/v1/ws/echo`;
  t.match(await talk(url).closed, { code: 3008, reason: 'No message for 0.3 seconds' });

  const busy = talk(url);
  let echoes = 0;
  busy.socket.on('message', () => {
    echoes += 1;
  });
  const sending = setInterval(() => busy.socket.readyState === 1 && busy.socket.send('x'), 100);
  const { code, reason } = await busy.closed;
  clearInterval(sending);
  t.match([code, reason], [3008, 'Open for 1.2 seconds, the maximum']);
  t.ok(echoes > 3, `not while it is used: ${echoes} messages`);
});

t.test('closes a WebSocket that sends too many messages or pings', async (t) => {
  const limits = { maxMessages: 20, rateWindow: 60_000 };
  const { port } = await listen(t, {}, { socketLimits: limits });
  const url = `ws://127.0.0.1:${port}/api/v1/ws/echo`;
  for (const kind of ['send', 'ping'] as const) {
    const { socket, opened, closed } = talk(url);
    let answers = 0;
    socket.on(kind === 'send' ? 'message' : 'pong', () => {
      answers += 1;
    });
    await opened;
    for (let index = 0; index < 30; index += 1) socket[kind]('x');
    t.match(await closed, { code: 1008, reason: 'Too many messages' }, kind);
    t.ok(answers >= 20 && answers < 30, `${answers} answers`);
  }
});

t.test('allows more messages in the next window', async (t) => {
  const limits = { maxMessages: 20, rateWindow: 200 };
  const { port } = await listen(t, {}, { socketLimits: limits });
  const { socket, opened } = talk(`ws://127.0.0.1:${port}/api/v1/ws/echo`);
  await opened;
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 10; index += 1) socket.send('x');
    await sleep(250);
  }
  t.equal(socket.readyState, WebSocket.OPEN);
  socket.terminate();
});

t.test('accepts one WebSocket per network of strangers, and five per user', async (t) => {
  const { port, signedIn } = await listen(t, { TRUST_PROXY: '1' });
  const url = `ws://127.0.0.1:${port}/api/v1/ws/echo`;
  const connect = (address: string, headers = {}) =>
    talk(url, { headers: { 'x-forwarded-for': address, ...headers } });
  const refusal = { code: 1013, reason: 'Too many connections' };

  const first = connect('2001:db8::1');
  await first.opened;
  t.match(await connect('2001:db8::2').closed, refusal, 'the same network');
  const other = connect('2001:db8:0:1::1');
  await other.opened;
  first.socket.close(1000);
  await first.closed;
  const again = connect('2001:db8::2');
  await again.opened;
  again.socket.send('x');
  t.equal(String((await once(again.socket, 'message'))[0]), 'Echo: x', 'the place is free again');

  const alice = await signedIn({ username: 'alice' });
  const cookie = { cookie: `althing_session=${alice.cookie('althing_session')}` };
  const agent = { 'user-agent': 'lightMyRequest' };
  const own = [];
  for (let index = 0; index < 5; index += 1) {
    const next = connect(`192.0.2.${index}`, { ...cookie, ...agent });
    await next.opened;
    own.push(next);
  }
  t.match(await connect('192.0.2.9', { ...cookie, ...agent }).closed, refusal);
  const stranger = connect('192.0.2.9');
  await stranger.opened;
  stranger.socket.send('x');
  await once(stranger.socket, 'message');
  for (const { socket } of [again, other, stranger, ...own]) {
    t.equal(socket.readyState, WebSocket.OPEN, 'others are not affected');
    socket.terminate();
  }
});

t.test('bounds the WebSockets of all strangers', async (t) => {
  const { port } = await listen(t, { TRUST_PROXY: '1' });
  const url = `ws://127.0.0.1:${port}/api/v1/ws/echo`;
  const connect = (index: number) =>
    talk(url, { headers: { 'x-forwarded-for': `198.51.100.${index}` } });
  const all = Array.from({ length: 101 }, (_, index) => connect(index));
  await Promise.all(all.map(({ opened }) => opened));
  const refused = await Promise.race(all.map(({ closed }) => closed));
  t.match(refused, { code: 1013 });
  const open = all.filter(({ socket }) => socket.readyState === WebSocket.OPEN);
  t.equal(open.length, 100);
  for (const { socket } of open) socket.terminate();
});

t.test('streams to one client per network at a time', async (t) => {
  const { origin } = await listen(t, { TRUST_PROXY: '1' });
  const start = (address: string) => {
    const leaving = new AbortController();
    const headers = { 'x-forwarded-for': address };
    const answer = fetch(`${origin}${base}/stream`, { headers, signal: leaving.signal });
    return { answer, leave: () => leaving.abort() };
  };
  const first = start('2001:db8::1');
  t.equal((await first.answer).status, 200);
  const second = await start('2001:db8::2').answer;
  t.match([second.status, await second.json()], [429, { code: 'too_many_streams' }]);
  const elsewhere = start('2001:db8:0:1::1');
  t.equal((await elsewhere.answer).status, 200);
  first.leave();
  elsewhere.leave();
  await until(async () => {
    const next = start('2001:db8::3');
    const { status } = await next.answer;
    next.leave();
    return status === 200;
  });
});

t.test('stops even if a client does not close its WebSocket', async (t) => {
  const { app, port } = await listen(t);
  const socket = connect(port, '127.0.0.1');
  socket.write(
    'GET /api/v1/ws/echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  const [head] = await once(socket, 'data');
  t.match(String(head), /^HTTP\/1\.1 101 /);
  socket.on('error', () => undefined);
  await app.close();
  t.pass('closed');
});

t.test('ignores upgrades to other protocols', async (t) => {
  const { port } = await listen(t);
  const body = '{"name":"Ann"}';
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  const upgrade =
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
  socket.write(`GET ${base}/hello HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
  while (!text.includes('Hello, everybody!')) await once(socket, 'data');
  t.match(text, /^HTTP\/1\.1 200 /);
  text = '';
  socket.write(
    `POST ${base}/json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n${upgrade}\r\n${body}`,
  );
  while (!text.includes('"received"')) await once(socket, 'data');
  t.match(text, /^HTTP\/1\.1 200 /, 'on the same connection, with a body');
  t.match(text, '"name":"Ann"');
});

t.test('returns the response of an upstream', async (t) => {
  let answer: RequestListener = (_request, response) => response.end();
  const upstream = createServer((request, response) => answer(request, response));
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  t.teardown(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  const address = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/data`;
  const { client } = await createTestApp(t, { PLAYGROUND_UPSTREAM_URL: address });

  const ask = async (listener: RequestListener) => {
    answer = listener;
    const { status, json } = await client().get(`${base}/upstream?url=http://example.com/`);
    return [status, json?.code ?? json];
  };
  t.same(
    await ask((request, response) => response.end(JSON.stringify({ asked: request.url }))),
    [200, { asked: '/data' }],
    'the configured URL and no other',
  );
  const failed = [502, 'bad_gateway'];
  t.same(await ask((_request, response) => response.writeHead(500).end('{}')), failed);
  t.same(await ask((_request, response) => response.end('<html>')), failed, 'invalid JSON');
  const elsewhere = { location: 'http://127.0.0.1:1/' };
  t.same(await ask((_request, response) => response.writeHead(302, elsewhere).end()), failed);
  t.same(await ask((_request, response) => response.end(`"${'x'.repeat(1024 * 1024)}"`)), failed);
  t.same(await ask((request) => request.socket.destroy()), failed);
  t.same(await ask(() => undefined), [504, 'gateway_timeout']);

  for (const wrong of ['ftp://localhost/data', 'file:///etc/hosts', 'localhost']) {
    t.throws(
      () => parseConfig({ PLAYGROUND_UPSTREAM_URL: wrong }),
      /^PLAYGROUND_UPSTREAM_URL is not an http or https URL/,
    );
  }
  const { client: alone } = await createTestApp(t);
  const nobody = await alone().get(`${base}/upstream`);
  t.same([nobody.status, nobody.json.code], [404, 'no_upstream']);
});
