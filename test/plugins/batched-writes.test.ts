import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';

const pieces = new PassThrough();
const { app } = await createTestApp(
  t,
  {},
  {
    routes: async (app) => {
      app.get('/pieces', { schema: { hide: true } }, async (_request, reply) => {
        reply.type('text/plain');
        return reply.send(pieces);
      });
      app.get('/number/:n', { schema: { hide: true } }, async (request) => {
        const { n } = request.params as { n: string };
        // Later requests are ready first.
        await new Promise((resolve) => setTimeout(resolve, 20 - Number(n)));
        return { n };
      });
    },
  },
);
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;

t.test('answers requests of one packet in their order', async (t) => {
  const socket = connect(port, '127.0.0.1');
  const numbers = Array.from({ length: 10 }, (_, index) => index);
  const requests = numbers.map((n) => `GET /number/${n} HTTP/1.1\r\nHost: a\r\n`);
  socket.write(`${requests.join('\r\n')}Connection: close\r\n\r\n`);
  const found = [...(await text(socket)).matchAll(/"n":"(\d)"/g)].map(([, n]) => Number(n));
  t.same(found, numbers);
});

t.test('sends what a stream writes before its end', async (t) => {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8');
  socket.write('GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n');
  let received = '';
  socket.on('data', (piece) => {
    received += piece;
  });
  for (const piece of ['first', 'second', 'x'.repeat(200_000)]) {
    pieces.write(piece);
    while (!received.includes(piece.slice(-10))) await once(socket, 'data');
  }
  t.match(received, /^HTTP\/1\.1 200 OK\r\n/);
  pieces.end();
  while (!received.endsWith('0\r\n\r\n')) await once(socket, 'data');
  socket.destroy();
});

t.test('sends a response before its connection closes', async (t) => {
  for (const request of ['GET /health HTTP/1.0', 'BREW /health HTTP/1.1\r\nHost: a', 'nonsense']) {
    const socket = connect(port, '127.0.0.1');
    socket.write(`${request}\r\nConnection: close\r\n\r\n`);
    t.match(await text(socket), /^HTTP\/1\.1 \d{3} .*\}$/s, request);
  }
});
