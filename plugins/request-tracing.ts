import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

/** An id that a client or a proxy may hand in; anything else is replaced, not cleaned. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** The id of a request: the one in `X-Request-ID` if it is a fair one, else a new UUID. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The time. Passed in, so that tests can move it. */
    clock: () => Date;
  }
}

/**
 * What is known of every request: its id, sent back as `X-Request-ID`, and how long it took, as
 * `X-Response-Time` in seconds. Each request leaves one line in the log; query strings, addresses
 * and bodies stay out of it.
 */
export default fp<{ clock: () => Date }>(
  async (app, { clock }) => {
    app.decorate('clock', clock);

    app.addHook('onSend', async (request, reply) => {
      reply.headers(traceHeaders(request, reply));
    });

    app.addHook('onResponse', async (request, reply) => {
      const [path] = request.url.split('?', 1);
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

/** What every answer says of its request. */
export function traceHeaders(request: FastifyRequest, reply: FastifyReply): Record<string, string> {
  return {
    'x-request-id': request.id,
    'x-response-time': `${(reply.elapsedTime / 1000).toFixed(4)}s`,
  };
}
