import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { addressIn } from '#src/lib/network.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's IP address: the one of limits, throttles, sessions and the audit log. */
    readonly address: string;
  }
}

/**
 * Finds the client's IP address: that of the connection, or the one that the trusted proxies report
 * in `X-Forwarded-For`.
 */
export default fp(
  async (app) => {
    app.decorateRequest('address', {
      getter(this: FastifyRequest) {
        return addressOf(this);
      },
    });
  },
  { name: 'client-address' },
);

/** An entry that is no address does not count, and the hop that reported it does. */
function addressOf({ ip, ips }: FastifyRequest): string {
  // Undefined if the client is gone already, or uses a Unix socket.
  const hops: (string | undefined)[] = ips ?? [ip];
  for (const hop of hops.toReversed()) {
    const address = hop === undefined ? null : addressIn(hop);
    if (address !== null) return address;
  }
  return hops[0] ?? '';
}
