import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { addressIn, networkOf } from '#src/lib/network.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's IP address: the one of limits, throttles, sessions and the audit log. */
    readonly address: string;
    /** The network of the client, see `networkOf`. */
    readonly network: string;
    /** What `address` and `network` have found; null until one is asked for. */
    foundClient: Client | null;
  }
}

interface Client {
  address: string;
  network: string;
}

/**
 * Finds the client's IP address: that of the connection, or the one that the trusted proxies report
 * in `X-Forwarded-For`.
 */
export default fp(
  async (app) => {
    app.decorateRequest('foundClient', null);
    app.decorateRequest('address', {
      getter(this: FastifyRequest) {
        return clientOf(this).address;
      },
    });
    app.decorateRequest('network', {
      getter(this: FastifyRequest) {
        return clientOf(this).network;
      },
    });
  },
  { name: 'client-address' },
);

function clientOf(request: FastifyRequest): Client {
  if (request.foundClient === null) {
    const address = addressOf(request);
    request.foundClient = { address, network: networkOf(address) };
  }
  return request.foundClient;
}

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
