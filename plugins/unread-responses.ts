import { finished } from 'node:stream';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';
import { ByteBudget } from '#src/lib/byte-budget.js';
import { isSafe } from '#src/lib/safe-methods.js';
import { prepareError } from './error-handler.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The kernel takes responses up to this size at once, also from a client that does not read. */
const LARGE = 64 * KIB;

/** Bytes of large responses that clients have not read yet. */
const BUDGET = { total: 64 * MIB, each: 16 * MIB };

/**
 * Bounds the memory of large responses that clients do not read: beyond the budget, a further read
 * or failed request gets 429, or 503 if all clients together exceed it. After a change, its response
 * is always sent. Streams wait for their reader, so they do not count.
 */
export default fp(
  async (app) => {
    const budget = new ByteBudget(BUDGET.total);
    app.addHook('onSend', (request, reply, payload, done) => {
      const bytes = sizeOf(payload);
      if (bytes <= LARGE) return done(null, payload);
      const hold = budget.hold([{ name: request.network, most: BUDGET.each }]);
      const exceeded = hold.add(bytes);
      const isFailure = reply.statusCode >= 400;
      if (exceeded === null) finished(reply.raw, () => hold.release());
      else if (isFailure || isSafe(request.method)) {
        const error = new ApiError(exceeded === 'each' ? 'too_many_requests' : 'too_busy');
        // The error handler runs once for a request.
        if (isFailure) return done(null, prepareError(error, request, reply));
        return done(error);
      }
      done(null, payload);
    });
  },
  { name: 'unread-responses', dependencies: ['client-address', 'error-handler'] },
);

/** Returns the size of a payload in bytes; 0 for a stream. */
export function sizeOf(payload: unknown): number {
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  return Buffer.isBuffer(payload) ? payload.length : 0;
}
