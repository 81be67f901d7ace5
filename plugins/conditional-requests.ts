import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ifNoneMatchHits } from '#src/lib/entity-tag.js';

/**
 * Answers 304 to a read whose `If-None-Match` matches the entity tag of the response (RFC 9110,
 * section 13.1.2). Sets the default `Cache-Control`: responses with an entity tag must be
 * revalidated, all others must not be stored. Shared caches store neither, because responses depend
 * on the viewer.
 */
export default fp(
  async (app) => {
    app.addHook('onSend', (request, reply, payload, done) => {
      const tag = reply.getHeader('etag');
      if (!reply.hasHeader('cache-control')) {
        reply.header('cache-control', tag === undefined ? 'no-store' : 'private, no-cache');
      }
      const isCurrent =
        typeof tag === 'string' && reply.statusCode === 200 && hasCurrent(request, tag);
      if (!isCurrent) return done(null, payload);
      reply.code(304);
      reply.removeHeader('content-type');
      reply.removeHeader('content-length');
      // For HEAD, Fastify computes the length from the payload and does not send it.
      done(null, request.method === 'HEAD' ? payload : null);
    });
  },
  { name: 'conditional-requests' },
);

/** Whether the client that reads has the entity with this tag already. */
export function hasCurrent({ method, headers }: FastifyRequest, tag: string): boolean {
  const field = headers['if-none-match'];
  const isRead = method === 'GET' || method === 'HEAD';
  return field !== undefined && isRead && ifNoneMatchHits(field, tag);
}
