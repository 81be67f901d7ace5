import { randomUUID } from 'node:crypto';
import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError, toErrorResponse } from '#src/errors.js';
import type { ErrorCode } from '#src/lib/messages/index.js';
import { networkOf, siteOf } from '#src/lib/network.js';
import { unroutable } from './allowed-methods.js';

export interface ConnectionsOptions {
  /**
   * Maximum number of open connections. A further one takes the place of a connection that waits
   * between two requests; without such a connection, the server closes it at once.
   */
  max: number;
  /**
   * Maximum number of open connections from one network; the server closes further ones at once. A
   * site (a /48 network of IPv6) may have twice as many. Infinity behind a proxy, from which all
   * connections come.
   */
  maxPerNetwork: number;
}

const SECOND_MS = 1000;

/** What a client may still send after its answer, before the connection is destroyed. */
const AFTER_ANSWER: Patience = { quietMs: 2 * SECOND_MS, totalMs: 30 * SECOND_MS, bytes: 64 << 20 };

/** The same after something that is not HTTP. */
const AFTER_NONSENSE: Patience = { quietMs: SECOND_MS / 2, totalMs: SECOND_MS, bytes: 1 << 20 };

/** Pieces of refused bodies, each of at most 64 KiB, that are discarded in `PIECES_MS`. */
const PIECES = 8;
const PIECES_MS = 5;

interface Patience {
  /** Milliseconds without a byte. */
  quietMs: number;
  totalMs: number;
  bytes: number;
}

/** The unfinished responses on each connection, the oldest first: clients may pipeline requests. */
const unfinished = new WeakMap<Socket, Set<ServerResponse>>();

/** Connections on which something invalid has arrived. */
const refused = new WeakSet<Socket>();

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
    const places = new Places(max, maxPerNetwork);
    const discarding = new Discarding();
    server.on('connection', (socket: Socket) => places.enter(socket));

    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      const running = unfinished.get(socket) ?? new Set();
      unfinished.set(socket, running.add(response));
      places.setBusy(socket);
      response.once('close', () => {
        running.delete(response);
        if (running.size === 0 && !ending.has(socket)) places.setIdle(socket);
      });
      if (!hasBody(request)) return;
      // Before the listener of Node, which destroys the socket.
      response.prependOnceListener('finish', () => {
        if (request.complete) return;
        endGently(request.socket, AFTER_ANSWER);
        discarding.discard(request);
      });
    });

    // Node would invite the body before anyone has looked at the headers. Other expectations may be
    // ignored (RFC 9110, section 10.1.1).
    for (const event of ['checkContinue', 'checkExpectation']) {
      server.on(event, (request: IncomingMessage, response: ServerResponse) =>
        server.emit('request', request, response),
      );
    }
    // Node would close the connection without an answer.
    server.on('connect', (request: IncomingMessage, socket: Socket) => {
      // A socket has one response at a time.
      afterResponses(socket, () => {
        if (!socket.writable) return;
        const response = new ServerResponse(request);
        response.shouldKeepAlive = false;
        response.assignSocket(socket);
        response.once('finish', () => endGently(socket, AFTER_NONSENSE));
        server.emit('request', request, response);
      });
    });
    // A request that follows a refused body could not be answered, so it must not run.
    app.addHook('onRequest', ({ raw }, reply, done) => {
      if (!ending.has(raw.socket)) return done();
      reply.hijack();
      raw.socket.destroy();
    });
    app.addHook('onSend', ({ raw }, reply, payload, done) => {
      if (!raw.complete && hasBody(raw)) reply.header('connection', 'close');
      done(null, payload);
    });
  },
  { name: 'connections' },
);

/** The places of open connections, in total and for each network. */
class Places {
  readonly #max: number;
  readonly #maxPerNetwork: number;
  readonly #open = new Map<Socket, { network: string; site: string }>();
  readonly #perNetwork = new Map<string, number>();
  readonly #perSite = new Map<string, number>();
  /** Connections between two requests, the longest idle first, with the bytes read until then. */
  readonly #idle = new Map<Socket, number>();

  constructor(max: number, maxPerNetwork: number) {
    this.#max = max;
    this.#maxPerNetwork = maxPerNetwork;
  }

  /** Takes a place until the connection is closed, or destroys the connection. Idempotent. */
  enter(socket: Socket): void {
    // The server emits `connection` again for a request whose upgrade it ignores.
    if (this.#open.has(socket)) return;
    const network = networkOf(socket.remoteAddress ?? '');
    const site = siteOf(socket.remoteAddress ?? '');
    const isWithinShare =
      (this.#perNetwork.get(network) ?? 0) < this.#maxPerNetwork &&
      (this.#perSite.get(site) ?? 0) < 2 * this.#maxPerNetwork;
    if (!isWithinShare || (this.#open.size >= this.#max && !this.#closeIdle())) {
      socket.destroy();
      return;
    }
    this.#open.set(socket, { network, site });
    add(this.#perNetwork, network, 1);
    add(this.#perSite, site, 1);
    socket.once('close', () => this.#leave(socket));
    // Node takes its own listener away for CONNECT and upgrades. An error without one would end the
    // process; the socket destroys itself.
    socket.on('error', () => undefined);
  }

  setBusy(socket: Socket): void {
    this.#idle.delete(socket);
  }

  setIdle(socket: Socket): void {
    if (this.#open.has(socket) && !socket.destroyed) this.#idle.set(socket, socket.bytesRead);
  }

  #leave(socket: Socket): void {
    const from = this.#open.get(socket);
    if (from === undefined) return;
    this.#open.delete(socket);
    this.#idle.delete(socket);
    add(this.#perNetwork, from.network, -1);
    add(this.#perSite, from.site, -1);
  }

  /**
   * Closes the longest idle connection of the network that has the most, as a server may at any time
   * (RFC 9112, section 9.5). Returns false if no connection is idle.
   */
  #closeIdle(): boolean {
    let longest: Socket | undefined;
    let most = 0;
    for (const [socket, bytesRead] of this.#idle) {
      // The head of the next request is arriving.
      if (socket.bytesRead > bytesRead) continue;
      const count = this.#perNetwork.get(this.#open.get(socket)?.network ?? '') ?? 0;
      if (count <= most) continue;
      longest = socket;
      most = count;
    }
    if (longest === undefined) return false;
    this.#leave(longest);
    longest.destroy();
    return true;
  }
}

/**
 * Discards the rest of refused bodies, in small pieces and a few at a time. Otherwise clients that
 * send all they can would keep the event loop reading.
 */
class Discarding {
  /** Requests whose next piece may be read, in the order of their last one. */
  readonly #waiting: IncomingMessage[] = [];

  /** Discards what arrives of a body until its end, or until the connection is destroyed. */
  discard(request: IncomingMessage): void {
    // This also keeps Node from reading the rest at once.
    request.on('data', () => {
      request.pause();
      if (this.#waiting.push(request) === 1) this.#readLater();
    });
  }

  #readLater(): void {
    setTimeout(() => {
      for (const request of this.#waiting.splice(0, PIECES)) request.resume();
      if (this.#waiting.length > 0) this.#readLater();
    }, PIECES_MS).unref();
  }
}

function add(counts: Map<string, number>, name: string, difference: number): void {
  const count = (counts.get(name) ?? 0) + difference;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}

/**
 * Calls `action` as soon as all responses on a connection are finished; not at all if the connection
 * is closed before.
 */
export function afterResponses(socket: Socket, action: () => void): void {
  const [oldest] = unfinished.get(socket) ?? [];
  if (oldest === undefined) action();
  else oldest.once('close', () => afterResponses(socket, action));
}

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
export function answerClientError(
  this: FastifyInstance,
  error: ConnectionError,
  socket: Socket,
): void {
  // The rest of something that was refused already.
  if (ending.has(socket) && error.code !== 'ECONNRESET') return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  // Node reports each further piece of the invalid request, too.
  if (refused.has(socket)) return;
  refused.add(socket);
  refuse(socket, clientError(this, error));
}

const CLIENT_ERRORS: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_INVALID_URL: 'malformed_url',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

function clientError(app: FastifyInstance, error: ConnectionError): ApiError {
  const { code = '' } = error;
  const path = code === 'HPE_INVALID_METHOD' ? pathOfUnknownMethod(error) : undefined;
  return path === undefined
    ? new ApiError(CLIENT_ERRORS[code] ?? 'malformed_request')
    : unroutable(app.allowedMethods(path));
}

/** A request line whose method is any token (RFC 9112, section 3). */
const REQUEST_LINE = /^[\w!#$%&'*+.^`|~-]{1,64} (\/[!-~]{0,2048}) HTTP\/1\.[01]\r?\n/;

/** Returns the path of a request whose method Node does not know; undefined if it is not HTTP. */
function pathOfUnknownMethod({ rawPacket, bytesParsed }: ConnectionError): string | undefined {
  if (!Buffer.isBuffer(rawPacket)) return undefined;
  // The request begins after those that the same packet contains.
  const begin = bytesParsed === 0 ? 0 : rawPacket.lastIndexOf('\n', bytesParsed - 1) + 1;
  return REQUEST_LINE.exec(rawPacket.toString('latin1', begin, begin + 4096))?.[1];
}

/** Answers the invalid part of what arrives, after the responses to all requests before it. */
function refuse(socket: Socket, error: ApiError): void {
  const [oldest] = unfinished.get(socket) ?? [];
  if (oldest === undefined) {
    if (socket.writable) answerSocket(socket, error);
  } else if (oldest.req.complete) {
    oldest.once('close', () => refuse(socket, error));
  } else if (oldest.headersSent) {
    // Its body is at fault, but its response has begun.
    socket.destroy();
  } else answerSocket(socket, error);
}

/** Writes an error to a connection without a request, and closes it. */
function answerSocket(socket: Socket, error: ApiError): void {
  const requestId = randomUUID();
  const { status, headers, body } = toErrorResponse(error, {
    requestId,
    place: 'query',
    language: 'en',
  });
  const text = JSON.stringify(body);
  const fields = {
    ...headers,
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
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
