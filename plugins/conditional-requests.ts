import fp from 'fastify-plugin';
import { ifNoneMatchHits } from '#src/lib/entity-tag.js';

/**
 * Answers 304 to a read whose `If-None-Match` has the entity tag of the answer (RFC 9110, section
 * 13.1.2), and says how long an answer may be kept: one with a tag until it is asked for again,
 * every other not at all. What is shown depends on who asks, so shared caches keep nothing.
 */
export default fp(
  async (app) => {
    app.addHook('onSend', async (request, reply, payload) => {
      const tag = reply.getHeader('etag');
      if (!reply.hasHeader('cache-control')) {
        reply.header('cache-control', tag === undefined ? 'no-store' : 'private, no-cache');
      }
      const field = request.headers['if-none-match'];
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (!isRead || field === undefined || typeof tag !== 'string') return payload;
      if (reply.statusCode !== 200 || !ifNoneMatchHits(field, tag)) return payload;
      reply.code(304);
      reply.removeHeader('content-type');
      reply.removeHeader('content-length');
      // Fastify takes the length of a HEAD's answer from its body, and leaves that out by itself.
      return request.method === 'HEAD' ? payload : null;
    });
  },
  { name: 'conditional-requests' },
);
