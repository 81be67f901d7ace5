import type { FastifyPluginAsync } from 'fastify';
import { CLOSE, MAX_MESSAGE_BYTES } from '#plugins/websocket.js';
import { PlaygroundWebSocket } from '#schemas/playground-responses.js';
import { Ref } from '#schemas/types.js';
import { Limiter } from '#src/lib/limiter.js';
import { tags } from './tags.js';

const MAX_SOCKETS_AT_ONCE = 100;

/** A client that does not read is disconnected when this many bytes are buffered. */
const MAX_WAITING_BYTES = 16 * MAX_MESSAGE_BYTES;

const operation = {
  operationId: 'playground-ws-echo',
  summary: 'Echo over a WebSocket',
  description:
    'Opens a WebSocket with `Upgrade: websocket` (RFC 6455); each text message `x` is ' +
    'answered with `Echo: x`. Without `Upgrade`, returns how to connect.',
  tags,
  response: { 200: Ref(PlaygroundWebSocket) },
} as const;

const routes: FastifyPluginAsync = async (app) => {
  const limiter = new Limiter(MAX_SOCKETS_AT_ONCE);

  app.route({
    method: 'GET',
    url: '/echo',
    schema: operation,
    handler: async ({ protocol, givenHost }) => ({
      url: `${protocol === 'https' ? 'wss' : 'ws'}://${givenHost}${app.prefix}/echo`,
      max_message_bytes: MAX_MESSAGE_BYTES,
    }),
    wsHandler: (socket) => {
      const leave = limiter.enter();
      if (leave === null) {
        socket.close(CLOSE.tryLater);
        return;
      }
      socket.on('close', leave);
      socket.on('message', (data, isBinary) => {
        if (isBinary) socket.close(CLOSE.unsupported, 'Text only');
        else if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.terminate();
        else socket.send(`Echo: ${data}`);
      });
    },
  });
};

export default routes;
