import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import websocket, { type WebSocket, type WebsocketPluginOptions } from '@fastify/websocket';
import fp from 'fastify-plugin';
import { afterResponses } from './connections.js';

const KIB = 1024;

/**
 * Maximum size of a client's message in bytes; a larger one closes the connection with code 1009.
 */
export const MAX_MESSAGE_BYTES = 64 * KIB;

/** Close codes of RFC 6455, section 7.4.1, and of the IANA registry that it established. */
export const CLOSE = {
  goingAway: 1001,
  unsupported: 1003,
  policyViolation: 1008,
  tryLater: 1013,
  unauthorized: 3000,
  timeout: 3008,
} as const;

/** Milliseconds that clients have to complete the closing handshake. */
const CLOSE_TIMEOUT_MS = 2000;

/** A client that does not read is disconnected when this many bytes are buffered. */
const MAX_WAITING_BYTES = 16 * MAX_MESSAGE_BYTES;

const SECOND = 1000;

/** When a WebSocket is ended by the service. All times are in milliseconds. */
export interface SocketLimits {
  /** Time between two pings; a client that has not answered the last one is disconnected. */
  pingInterval: number;
  /** Time without a message after which the WebSocket is closed with code 3008. */
  idle: number;
  /** Time after which the WebSocket is closed with code 3008, however it is used. */
  lifetime: number;
  /** Time within which messages are counted. */
  rateWindow: number;
  /** Maximum number of messages within that time; the next one closes with code 1008. */
  maxMessages: number;
}

export const SOCKET_LIMITS: SocketLimits = {
  pingInterval: 30 * SECOND,
  idle: 5 * 60 * SECOND,
  lifetime: 60 * 60 * SECOND,
  rateWindow: 10 * SECOND,
  maxMessages: 100,
};

/** Ends the WebSocket when it exceeds one of the limits, and releases it when it is closed. */
export function superviseSocket(socket: WebSocket, limits: SocketLimits): void {
  const { pingInterval, idle, lifetime, rateWindow, maxMessages } = limits;
  let isAlive = true;
  let frames = 0;
  const seconds = (milliseconds: number) => `${milliseconds / SECOND} seconds`;

  const pings = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, pingInterval);
  const rate = setInterval(() => {
    frames = 0;
  }, rateWindow);
  const idleEnd = setTimeout(() => {
    socket.close(CLOSE.timeout, `No message for ${seconds(idle)}`);
  }, idle);
  const end = setTimeout(() => {
    socket.close(CLOSE.timeout, `Open for ${seconds(lifetime)}, the maximum`);
  }, lifetime);

  /** Pings count too: each one is answered, and the answers are buffered. */
  function countFrame(): void {
    frames += 1;
    if (frames > maxMessages) socket.close(CLOSE.policyViolation, 'Too many messages');
    if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.terminate();
  }
  socket.on('ping', countFrame);
  socket.on('pong', () => {
    isAlive = true;
    countFrame();
  });
  socket.on('message', () => {
    isAlive = true;
    idleEnd.refresh();
    countFrame();
  });
  socket.on('close', () => {
    for (const timer of [pings, rate, idleEnd, end]) clearTimeout(timer);
  });
}

/**
 * Accepts WebSockets on routes with a `wsHandler`; the hooks of every request run first.
 *
 * @see https://github.com/fastify/fastify-websocket
 */
export default fp(
  async (app) => {
    const upgrades = new EventEmitter();
    // The types of the library do not know `closeTimeout` yet.
    const options: WebsocketPluginOptions['options'] & { closeTimeout: number } = {
      server: upgrades as Server,
      maxPayload: MAX_MESSAGE_BYTES,
      closeTimeout: CLOSE_TIMEOUT_MS,
    };
    await app.register(websocket, {
      options,
      errorHandler: (error, socket, request) => {
        request.log.warn({ err: error }, 'WebSocket closed with an error');
        socket.terminate();
      },
      preClose: async () => {
        app.server.removeListener('upgrade', route);
        for (const client of app.websocketServer.clients) client.close(CLOSE.goingAway);
        app.websocketServer.close();
      },
    });

    /**
     * Node emits `upgrade` for any protocol, including HTTP/2, which this service does not support.
     */
    function route(request: IncomingMessage, socket: Socket, head: Buffer): void {
      const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
      if (isWebSocket) upgrades.emit('upgrade', request, socket, head);
      else ignoreUpgrade(app.server, request, socket, head);
    }
    app.server.on('upgrade', route);
  },
  { name: 'websocket' },
);

/**
 * Passes the request to the server again without the upgrade, which a server may ignore (RFC 9110,
 * section 7.8).
 */
function ignoreUpgrade(
  server: Server,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = '', value] = request.rawHeaders.slice(index, index + 2);
    if (!/^(?:upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  const start = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  // The server queues responses to pipelined requests only behind those that it knows.
  afterResponses(socket, () => {
    socket.unshift(Buffer.concat([start, head]));
    server.emit('connection', socket);
  });
}
