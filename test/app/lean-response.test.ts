import { createServer, type OutgoingHttpHeaders, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { LeanResponse } from '#app/lean-response.js';

/** Returns the bytes that a server sends for a request. */
async function answer(
  t: Test,
  listener: RequestListener,
  { isLean, head = 'GET / HTTP/1.1\r\nHost: a' }: { isLean: boolean; head?: string },
): Promise<string> {
  const server = createServer(isLean ? { ServerResponse: LeanResponse } : {}, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`${head}\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

/** The parts of a response whose order does not matter, sorted. */
function partsOf(response: string): [status: string, fields: string[], body: string] {
  const [head = '', body = ''] = response.split('\r\n\r\n', 2);
  const [status = '', ...fields] = head.replace(/^Date: .*$/m, 'Date: now').split('\r\n');
  return [status, fields.sort(), body];
}

const HEADERS: OutgoingHttpHeaders = {
  'content-type': 'application/json',
  'x-request-id': 'abc',
  'x-count': 7,
  etag: '"1-public"',
};

const RESPONSES: Record<string, RequestListener> = {
  'a body': (_, response) => {
    response.writeHead(200, { ...HEADERS, 'content-length': 2 });
    response.end('{}');
  },
  'a body without a length': (_, response) => {
    response.writeHead(200, HEADERS);
    response.write('{');
    response.end('}');
  },
  'several cookies': (_, response) => {
    response.writeHead(200, { ...HEADERS, 'set-cookie': ['a=1', 'b=2'], 'content-length': 0 });
    response.end();
  },
  'no content': (_, response) => {
    response.writeHead(204, HEADERS);
    response.end();
  },
  'not modified': (_, response) => {
    response.writeHead(304, HEADERS);
    response.end();
  },
  'a connection that closes': (_, response) => {
    response.writeHead(413, { ...HEADERS, connection: 'close', 'content-length': 2 });
    response.end('{}');
  },
  'fields set before': (_, response) => {
    response.setHeader('x-before', 'yes').setHeader('etag', 'other');
    response.writeHead(200, { ...HEADERS, 'content-length': 2 });
    response.end('{}');
  },
  'a message': (_, response) => {
    response.writeHead(200, 'Fine', { ...HEADERS, 'content-length': 2 });
    response.end('{}');
  },
  'a list of fields': (_, response) => {
    response.writeHead(200, ['x-a', '1', 'content-length', '2']);
    response.end('{}');
  },
  'names in capitals': (_, response) => {
    response.writeHead(200, { 'X-A': '1', 'Content-Length': '2', Connection: 'close' });
    response.end('{}');
  },
};

for (const [name, listener] of Object.entries(RESPONSES)) {
  t.test(`sends what Node sends: ${name}`, async (t) => {
    for (const head of [
      'GET / HTTP/1.1\r\nHost: a',
      'GET / HTTP/1.0',
      'HEAD / HTTP/1.1\r\nHost: a',
    ]) {
      const [lean, plain] = [
        await answer(t, listener, { isLean: true, head }),
        await answer(t, listener, { isLean: false, head }),
      ];
      t.same(partsOf(lean), partsOf(plain), head);
    }
  });
}

t.test('remembers lines by name and value', async (t) => {
  let count = 0;
  const listener: RequestListener = (_, response) => {
    count += 1;
    response.writeHead(200, { 'x-count': count % 2, 'x-same': 'a', 'content-length': 0 });
    response.end();
  };
  for (const expected of ['x-count: 1', 'x-count: 0', 'x-count: 1']) {
    t.match(await answer(t, listener, { isLean: true }), `\r\n${expected}\r\n`);
  }
});

t.test('refuses what Node refuses', async (t) => {
  const faults: OutgoingHttpHeaders[] = [
    { 'x-a': 'a\r\nset-cookie: b=1' },
    { 'x-a': '\0' },
    { 'x-a': '数' },
    { 'x a': '1' },
    { 'x-a\r\nx-b': '1' },
    { '': '1' },
    { 'x-a': undefined },
  ];
  for (const headers of faults) {
    for (const isLean of [true, false]) {
      const listener: RequestListener = (_, response) => {
        let code = 'none';
        try {
          response.writeHead(200, { ...headers, 'content-length': 0 });
        } catch (error) {
          code = String((error as NodeJS.ErrnoException).code);
        }
        response.socket?.end(code);
      };
      const sent = await answer(t, listener, { isLean });
      t.match(sent, /^ERR_(HTTP_INVALID_HEADER_VALUE|INVALID_CHAR|INVALID_HTTP_TOKEN)$/);
    }
  }
});
