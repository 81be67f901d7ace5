import fp from 'fastify-plugin';
import { indentJson } from '#src/lib/indent-json.js';

/** Larger responses stay as they are: indenting them would keep others waiting. */
const MAX_LENGTH = 1024 * 1024;

/** Indents the JSON of every response to a request with the parameter `pretty=1`, for people. */
export default fp(
  async (app) => {
    app.addHook('onSend', async (request, reply, payload) => {
      // Responses from the cache are bytes.
      const text = Buffer.isBuffer(payload) ? payload.toString() : payload;
      if (typeof text !== 'string' || text.length > MAX_LENGTH) return payload;
      if (!isAsked(request.originalUrl)) return payload;
      if (!/\bjson\b/.test(String(reply.getHeader('content-type')))) return payload;
      reply.removeHeader('content-length');
      return indentJson(text);
    });
  },
  { name: 'pretty-json', dependencies: ['serialization'] },
);

/** The query is not parsed if the path is unknown. */
function isAsked(url: string): boolean {
  return new URLSearchParams(url.split('?', 2)[1]).get('pretty') === '1';
}
