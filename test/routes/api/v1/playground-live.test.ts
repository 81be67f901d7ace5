import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { parseConfig } from '#app/config.js';
import { createTestApp } from '#test/support/app.js';
import { contract } from '#test/support/contract.js';

const base = '/api/v1/playground';

/** Starts the service on its own port. */
async function listen(t: Test, settings = {}) {
  const test = await createTestApp(t, settings);
  const origin = await test.app.listen({ host: '127.0.0.1', port: 0 });
  return { ...test, origin, port: Number(new URL(origin).port) };
}

const connections = (server: Server) =>
  new Promise<number>((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });

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

t.test('ends the stream when the client disconnects or the service stops', async (t) => {
  const { app, origin } = await listen(t);
  const leaving = new AbortController();
  const answer = await fetch(`${origin}${base}/stream`, { signal: leaving.signal });
  await answer.body?.getReader().read();
  leaving.abort();
  // A closed connection proves that its stream has ended.
  while ((await connections(app.server)) > 0) await sleep(5);
  const other = await fetch(`${origin}${base}/stream`);
  const [text] = await Promise.all([other.text(), app.close()]);
  t.ok(text.split('\n\n').length <= 10, 'does not wait for all ten events');
  t.match(text, /^data: .*\n\n$/s);
});

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
