import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

/** Request ids accepted from clients and proxies; any other is replaced, not cleaned. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Returns the request id: that of `X-Request-ID` if it is acceptable, otherwise a new UUID. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Returns the current time. Injected, so that tests can change it. */
    clock: () => Date;
  }
}

/**
 * Sends the request id as `X-Request-ID` and the duration in seconds as `X-Response-Time` with
 * every response, and writes one log line per request, without query strings, IP addresses and
 * bodies.
 */
export default fp<{ clock: () => Date }>(
  async (app, { clock }) => {
    app.decorate('clock', clock);

    app.addHook('onSend', async (request, reply) => {
      reply.headers(traceHeaders(request, reply));
    });

    app.addHook('onResponse', async (request, reply) => {
      const [path] = request.originalUrl.split('?', 1);
      request.log.info(
        {
          method: request.method,
          path,
          status: reply.statusCode,
          milliseconds: Math.round(reply.elapsedTime * 10) / 10,
        },
        'request',
      );
    });
  },
  { name: 'request-tracing' },
);

/** Returns the tracing headers of every response. */
export function traceHeaders(request: FastifyRequest, reply: FastifyReply): Record<string, string> {
  return {
    'x-request-id': request.id,
    'x-response-time': `${(reply.elapsedTime / 1000).toFixed(4)}s`,
  };
}
