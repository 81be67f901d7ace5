import { finished } from 'node:stream';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';
import { ByteBudget } from '#src/lib/byte-budget.js';
import { networkOf } from '#src/lib/network.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The kernel takes responses up to this size at once, also from a client that does not read. */
const LARGE = 64 * KIB;

/** Bytes of large responses that clients have not read yet. */
const BUDGET = { total: 64 * MIB, each: 16 * MIB };

const SAFE_METHODS = ['GET', 'HEAD'];

/**
 * Bounds the memory of large responses that clients do not read: beyond the budget, a further read
 * gets 429, or 503 if all clients together exceed it. A change has already happened, so its response
 * is always sent. Streams wait for their reader, so they do not count.
 */
export default fp(
  async (app) => {
    const budget = new ByteBudget(BUDGET.total);
    app.addHook('onSend', async (request, reply, payload) => {
      const bytes = sizeOf(payload);
      if (bytes <= LARGE || reply.statusCode >= 400) return payload;
      const hold = budget.hold([{ name: networkOf(request.address), most: BUDGET.each }]);
      const exceeded = hold.add(bytes);
      if (exceeded === null) finished(reply.raw, () => hold.release());
      else if (SAFE_METHODS.includes(request.method)) {
        throw new ApiError(exceeded === 'each' ? 'too_many_requests' : 'too_busy');
      }
      return payload;
    });
  },
  { name: 'unread-responses', dependencies: ['client-address'] },
);

/**
 * Returns the size of a payload; 0 for a stream. Characters stand for bytes: counting those of a
 * long string takes time.
 */
export function sizeOf(payload: unknown): number {
  if (typeof payload === 'string') return payload.length;
  return Buffer.isBuffer(payload) ? payload.length : 0;
}
