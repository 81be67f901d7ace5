import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import {
  CLOSE,
  MAX_MESSAGE_BYTES,
  SOCKET_LIMITS,
  type SocketLimits,
  superviseSocket,
} from '#plugins/websocket.js';
import { PlaygroundWebSocket } from '#schemas/playground-responses.js';
import { Ref } from '#schemas/types.js';
import { Limiter } from '#src/lib/limiter.js';
import { networkOf } from '#src/lib/network.js';
import { tags } from './tags.js';

/** Maximum number of WebSockets of callers without a session, and of users. */
const MAX_SOCKETS = { anonymous: 100, signedIn: 100 };

/** Maximum number of WebSockets per user. A network of anonymous callers has one. */
const MAX_PER_USER = 5;

const operation = {
  operationId: 'playground-ws-echo',
  summary: 'Echo over a WebSocket',
  description:
    'Opens a WebSocket with `Upgrade: websocket` (RFC 6455); each text message `x` is ' +
    'answered with `Echo: x`. Without `Upgrade`, returns how to connect. Without a session, one ' +
    `WebSocket per network is accepted, with a session ${MAX_PER_USER}; further ones are closed ` +
    `with code ${CLOSE.tryLater}. A WebSocket is closed with code ${CLOSE.timeout} after ` +
    `${SOCKET_LIMITS.idle / 60_000} minutes without a message or ` +
    `${SOCKET_LIMITS.lifetime / 60_000} minutes in all, and with code ${CLOSE.policyViolation} ` +
    `after more than ${SOCKET_LIMITS.maxMessages} messages within ` +
    `${SOCKET_LIMITS.rateWindow / 1000} seconds. Clients must answer pings, as browsers do.`,
  tags,
  response: { 200: Ref(PlaygroundWebSocket) },
} as const;

export interface EchoOptions {
  /** Overrides {@link SOCKET_LIMITS}. */
  limits?: Partial<SocketLimits> | undefined;
}

const routes: FastifyPluginAsync<EchoOptions> = async (app, { limits }) => {
  const anonymous = new Limiter(MAX_SOCKETS.anonymous);
  const signedIn = new Limiter(MAX_SOCKETS.signedIn, MAX_PER_USER);

  /** A socket that is closing counts in total only, so that its client can connect again. */
  function enter({ viewer, address }: FastifyRequest, isOpen: () => boolean) {
    return viewer === null
      ? anonymous.enter(networkOf(address), isOpen)
      : signedIn.enter(String(viewer.id), isOpen);
  }

  app.route({
    method: 'GET',
    url: '/echo',
    schema: operation,
    handler: async ({ protocol, givenHost }) => ({
      url: `${protocol === 'https' ? 'wss' : 'ws'}://${givenHost}${app.prefix}/echo`,
      max_message_bytes: MAX_MESSAGE_BYTES,
    }),
    wsHandler: (socket, request) => {
      const leave = enter(request, () => socket.readyState === socket.OPEN);
      if (typeof leave === 'string') {
        socket.close(CLOSE.tryLater, 'Too many connections');
        return;
      }
      socket.on('close', leave);
      superviseSocket(socket, { ...SOCKET_LIMITS, ...limits });
      socket.on('message', (data, isBinary) => {
        if (isBinary) socket.close(CLOSE.unsupported, 'Text only');
        else if (socket.readyState === socket.OPEN) socket.send(`Echo: ${data}`);
      });
    },
  });
};

export default routes;
