import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { loggedQuery } from '#src/lib/logged-query.js';

/** Request ids accepted from clients and proxies; any other is replaced, not cleaned. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Returns the request id: that of `X-Request-ID` if it is acceptable, otherwise a new UUID. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

export interface RequestTracingOptions {
  clock: () => Date;
  /** Whether the log shows the IP address of each request. */
  hasAddresses?: boolean;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Returns the current time. Injected, so that tests can change it. */
    clock: () => Date;
  }
}

/**
 * Sends the request id as `X-Request-ID` and the duration in seconds as `X-Response-Time` with
 * every response, and writes one log line per request: without bodies, secrets and personal data.
 */
export default fp<RequestTracingOptions>(
  async (app, { clock, hasAddresses = false }) => {
    app.decorate('clock', clock);

    app.addHook('onSend', (request, reply, payload, done) => {
      setTraceHeaders(request, reply);
      done(null, payload);
    });

    app.addHook('onResponse', (request, reply, done) => {
      const [path, query] = splitAt(request.originalUrl, '?');
      app.log.info(
        {
          reqId: request.id,
          method: request.method,
          path,
          ...(query !== '' && { query: loggedQuery(query) }),
          ...(hasAddresses && { address: request.address }),
          status: reply.statusCode,
          milliseconds: Math.round(reply.elapsedTime * 10) / 10,
        },
        'request',
      );
      done();
    });
  },
  { name: 'request-tracing' },
);

function splitAt(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Sets the tracing headers of every response. */
export function setTraceHeaders({ id }: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', id);
  reply.header('x-response-time', `${(reply.elapsedTime / 1000).toFixed(4)}s`);
}
