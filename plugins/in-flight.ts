import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';
import { QueuedLimiter } from '#src/lib/queued-limiter.js';
import { sizeOf } from './unread-responses.js';

/** Maximum milliseconds that a request waits for others of its network. */
const PATIENCE_MS = 10_000;

/** Responses up to this size, in bytes, end the work of their request at once. */
const LARGE = 128 * 1024;

/** Bytes per millisecond of larger responses that one network gets; more wait. */
const PACE = 32 * 1024;

/**
 * Milliseconds between two requests of a network that has taken all of its places, while other
 * networks send requests, too.
 */
const PAUSE_MS = 5;

/** Milliseconds after which a network counts as silent. */
const SILENCE_MS = 1000;

/** Places of one network if the pool is very small. */
const MIN_PLACES = 4;

export interface InFlightOptions {
  /** Maximum number of connections of the pool. */
  poolSize: number;
  /** Maximum number of connections of clients. */
  maxConnections: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Gives the place of the request to the next one; null if it has none. */
    leaveFlight: (() => void) | null;
  }
}

/**
 * Bounds the requests of one network that are in work at once, from their handler to their
 * serialized response, to three quarters of the pool. Others of the network wait for them, so a
 * client that sends many requests at once takes neither all connections of the pool nor all turns
 * of the event loop. A request that waits too long is answered 429.
 *
 * A large response, whose parsing and serialization took the event loop some milliseconds, keeps its
 * place for several times as long, and those of one network keep theirs one after another. So does,
 * for a moment, any response of a network whose requests wait while other networks are active.
 *
 * Neither reading a body nor writing a response takes a place, however slow the client is.
 */
export default fp<InFlightOptions>(
  async (app, { poolSize, maxConnections }) => {
    const placesPerClient = Math.max(MIN_PLACES, Math.floor((poolSize * 3) / 4));
    const limiter = new QueuedLimiter({
      places: maxConnections,
      placesPerClient,
      waiting: maxConnections,
      waitingPerClient: maxConnections,
      patience: PATIENCE_MS,
    });

    const activity = new Activity();

    app.decorateRequest('leaveFlight', null);
    app.addHook('preHandler', (request, reply, done) => {
      // A WebSocket has limits of its own, and no response that would end its work.
      if (request.ws) return done();
      const { network } = request;
      activity.record(network);
      const leave = limiter.enterNow(network);
      if (leave !== null) {
        begin(request, reply, leave);
        return done();
      }
      const giveUp = limiter.wait(network, (leaveLater) => {
        reply.raw.removeListener('close', giveUp);
        if (leaveLater === null) return done(tooMany());
        begin(request, reply, leaveLater);
        done();
      });
      reply.raw.once('close', giveUp);
    });

    const pace = new Pace();
    app.addHook('onSend', (request, _reply, payload, done) => {
      const { leaveFlight } = request;
      if (leaveFlight !== null) {
        request.leaveFlight = null;
        const { network } = request;
        const pause = pauseAfter(network, sizeOf(payload));
        if (pause === 0) leaveFlight();
        else pace.after(network, pause, leaveFlight);
      }
      done(null, payload);
    });

    function pauseAfter(network: string, bytes: number): number {
      if (bytes > LARGE) return bytes / PACE;
      return activity.hasOthers(network) && limiter.hasWaiting(network) ? PAUSE_MS : 0;
    }
  },
  { name: 'in-flight', dependencies: ['client-address', 'rate-limit'] },
);

/** Remembers the two networks that have sent the latest requests. */
class Activity {
  #latest = { network: '', at: Number.NEGATIVE_INFINITY };
  #other = this.#latest;

  record(network: string): void {
    if (network !== this.#latest.network) this.#other = this.#latest;
    this.#latest = { network, at: performance.now() };
  }

  /** Whether another network has sent a request a moment ago. */
  hasOthers(network: string): boolean {
    const { at } = this.#latest.network === network ? this.#other : this.#latest;
    return performance.now() - at < SILENCE_MS;
  }
}

/** Runs callbacks of a client one after another, each after a pause of its own. */
class Pace {
  /** When the last pause of a client ends, in milliseconds. */
  readonly #ends = new Map<string, number>();

  after(client: string, milliseconds: number, call: () => void): void {
    const now = performance.now();
    const end = Math.max(now, this.#ends.get(client) ?? 0) + milliseconds;
    this.#ends.set(client, end);
    setTimeout(() => {
      if (this.#ends.get(client) === end) this.#ends.delete(client);
      call();
    }, end - now).unref();
  }
}

function tooMany(): ApiError {
  return new ApiError('too_many_requests', { headers: { 'retry-after': '1' } });
}

function begin(request: FastifyRequest, reply: FastifyReply, leave: () => void): void {
  request.leaveFlight = leave;
  // In case that nothing is sent, because the client is gone.
  reply.raw.once('close', () => request.leaveFlight?.());
}
