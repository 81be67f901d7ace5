import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import websocket from '@fastify/websocket';
import fp from 'fastify-plugin';

const KIB = 1024;

/**
 * Maximum size of a client's message in bytes; a larger one closes the connection with code 1009.
 */
export const MAX_MESSAGE_BYTES = 64 * KIB;

/** Close codes of RFC 6455, section 7.4.1, and of the IANA registry that it established. */
export const CLOSE = { goingAway: 1001, unsupported: 1003, tryLater: 1013 } as const;

/** Milliseconds that clients have on shutdown to complete the closing handshake. */
const CLOSE_TIMEOUT_MS = 2000;

/**
 * Accepts WebSockets on routes with a `wsHandler`; the hooks of every request run first.
 *
 * @see https://github.com/fastify/fastify-websocket
 */
export default fp(
  async (app) => {
    const upgrades = new EventEmitter();
    await app.register(websocket, {
      options: { server: upgrades as Server, maxPayload: MAX_MESSAGE_BYTES },
      errorHandler: (error, socket, request) => {
        request.log.warn({ err: error }, 'WebSocket closed with an error');
        socket.terminate();
      },
      preClose: async () => {
        app.server.removeListener('upgrade', route);
        for (const client of app.websocketServer.clients) client.close(CLOSE.goingAway);
        app.websocketServer.close();
        setTimeout(() => {
          for (const client of app.websocketServer.clients) client.terminate();
        }, CLOSE_TIMEOUT_MS).unref();
      },
    });

    /**
     * Node emits `upgrade` for any protocol, including HTTP/2, which this service does not support.
     */
    function route(request: IncomingMessage, socket: Duplex, head: Buffer): void {
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
  socket: Duplex,
  head: Buffer,
): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = '', value] = request.rawHeaders.slice(index, index + 2);
    if (!/^(?:upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
