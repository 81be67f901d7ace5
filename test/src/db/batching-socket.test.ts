import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import t from 'tap';
import { BatchingSocket } from '#src/db/batching-socket.js';

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
t.teardown(() => server.close());

t.test('what is written in one turn arrives together, with or without a cork', async (t) => {
  const { port } = server.address() as { port: number };
  const socket = new BatchingSocket();
  socket.connect(port, '127.0.0.1');
  const [[peer]] = await Promise.all([
    once(server, 'connection') as Promise<[Socket]>,
    once(socket, 'connect'),
  ]);
  const packets: string[] = [];
  peer.setEncoding('utf8').on('data', (packet: string) => packets.push(packet));

  socket.write('begin;');
  socket.cork();
  socket.write('parse;');
  socket.write('execute;');
  socket.uncork();
  t.equal(socket.writableLength, 'begin;parse;execute;'.length, 'nothing is sent within the turn');
  await once(peer, 'data');
  t.same(packets, ['begin;parse;execute;']);

  // The end of a connection waits for nothing.
  socket.write('terminate;');
  socket.end();
  await once(peer, 'end');
  t.same(packets, ['begin;parse;execute;', 'terminate;']);
});
