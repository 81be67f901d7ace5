import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError, toErrorResponse } from '#src/errors.js';
import type { ErrorCode } from '#src/lib/messages/index.js';
import { networkOf } from '#src/lib/network.js';

export interface ConnectionsOptions {
  /** Maximum number of open connections; the server closes further ones at once. */
  max: number;
  /**
   * Maximum number of open connections from one network, likewise. Infinity behind a proxy, from
   * which all connections come.
   */
  maxPerNetwork: number;
}

const SECOND_MS = 1000;

/** What a client may still send after its answer, before the connection is destroyed. */
const AFTER_ANSWER: Patience = { quietMs: 2 * SECOND_MS, totalMs: 30 * SECOND_MS, bytes: 64 << 20 };

/** The same after something that is not HTTP. */
const AFTER_NONSENSE: Patience = { quietMs: SECOND_MS / 2, totalMs: SECOND_MS, bytes: 1 << 20 };

interface Patience {
  /** Milliseconds without a byte. */
  quietMs: number;
  totalMs: number;
  bytes: number;
}

/** The latest response on each connection. */
const responses = new WeakMap<Socket, ServerResponse>();

/** Connections whose side of the server has ended. */
const ending = new WeakSet<Socket>();

/**
 * Bounds connections, and lets a refusal reach a client that is still sending its body.
 *
 * Destroying a connection with unread bytes resets it, and the client loses the answer. So the
 * server ends its side, discards what still arrives within bounds, and then destroys the connection
 * (RFC 9112, section 9.6).
 */
export default fp<ConnectionsOptions>(
  async (app, { max, maxPerNetwork }) => {
    const { server } = app;
    server.maxConnections = max;

    const perNetwork = new Map<string, number>();
    server.on('connection', (socket: Socket) => {
      const network = networkOf(socket.remoteAddress ?? '');
      const count = (perNetwork.get(network) ?? 0) + 1;
      perNetwork.set(network, count);
      socket.once('close', () => {
        const left = (perNetwork.get(network) ?? 1) - 1;
        if (left === 0) perNetwork.delete(network);
        else perNetwork.set(network, left);
      });
      if (count > maxPerNetwork) socket.destroy();
    });

    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      responses.set(request.socket, response);
      if (!hasBody(request)) return;
      // Before the listener of Node, which destroys the socket.
      response.prependOnceListener('finish', () => {
        if (!request.complete) endGently(request.socket, AFTER_ANSWER);
      });
    });

    // Node would invite the body before anyone has looked at the headers. Other expectations may be
    // ignored (RFC 9110, section 10.1.1).
    for (const event of ['checkContinue', 'checkExpectation']) {
      server.on(event, (request: IncomingMessage, response: ServerResponse) =>
        server.emit('request', request, response),
      );
    }
    // A request that follows a refused body could not be answered, so it must not run.
    app.addHook('onRequest', async ({ raw }, reply) => {
      if (!ending.has(raw.socket)) return;
      reply.hijack();
      raw.socket.destroy();
    });
    app.addHook('preParsing', async (request, reply, payload) => {
      const { expect } = request.raw.headers;
      if (expect?.toLowerCase() === '100-continue') reply.raw.writeContinue();
      return payload;
    });
    app.addHook('onSend', async (request, reply) => {
      if (hasBody(request.raw) && !request.raw.complete) reply.header('connection', 'close');
    });
  },
  { name: 'connections' },
);

/** Whether a request announces a body (RFC 9112, section 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/**
 * Answers a request that Node cannot parse as HTTP, or that does not arrive in time, for which there
 * is no request object.
 *
 * @see https://nodejs.org/api/http.html#event-clienterror
 */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  // The rest of something that was refused already.
  if (ending.has(socket) && error.code !== 'ECONNRESET') return;
  const response = responses.get(socket);
  const isAnswering = response?.headersSent === true && !response.writableFinished;
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) socket.destroy();
  else answerSocket(socket, CLIENT_ERRORS[error.code ?? ''] ?? 'bad_request');
}

const CLIENT_ERRORS: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** Writes an error to a connection without a request, and closes it. */
function answerSocket(socket: Socket, code: ErrorCode): void {
  const requestId = randomUUID();
  const { status, headers, body } = toErrorResponse(new ApiError(code), {
    requestId,
    place: 'query',
    language: 'en',
  });
  const text = JSON.stringify(body);
  const fields = {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-request-id': requestId,
    connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`);
  endGently(socket, AFTER_NONSENSE);
}

/**
 * Ends the server's side of a connection, and destroys it when the client has stopped sending. What
 * still arrives is discarded.
 */
function endGently(socket: Socket, { quietMs, totalMs, bytes }: Patience): void {
  ending.add(socket);
  // Node calls this after the last response.
  socket.destroySoon = () => socket.end();
  socket.end();
  const begin = { at: Date.now(), bytes: socket.bytesRead };
  let latest = begin;
  const timer = setInterval(() => {
    const now = Date.now();
    if (socket.bytesRead > latest.bytes) latest = { at: now, bytes: socket.bytesRead };
    const isOver =
      now - latest.at >= quietMs || now - begin.at >= totalMs || latest.bytes - begin.bytes > bytes;
    if (isOver) socket.destroy();
  }, SECOND_MS / 4).unref();
  socket.once('close', () => clearInterval(timer));
}
