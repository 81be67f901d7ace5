import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import fp from 'fastify-plugin';
import helmet, { type HelmetOptions } from 'helmet';

const ONE_YEAR_IN_SECONDS = 31_536_000;

/**
 * Sets security headers on every response: all content comes from this origin, and no page may
 * frame it. Strict-Transport-Security is sent in production only, because it would block plain HTTP
 * during development.
 *
 * The headers are the same for all responses, so Helmet runs once, at the start.
 *
 * @see https://helmetjs.github.io/
 */
export default fp<{ production: boolean }>(
  async (app, { production }) => {
    const headers = headersOf({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          baseUri: ["'self'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
          imgSrc: ["'self'", 'data:'],
          objectSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
        },
      },
      frameguard: { action: 'deny' },
      referrerPolicy: { policy: 'strict-origin-when-cross-origin' },
      strictTransportSecurity: production
        ? { maxAge: ONE_YEAR_IN_SECONDS, includeSubDomains: true }
        : false,
      // Clients from other origins may read API responses, if CORS allows them.
      crossOriginResourcePolicy: { policy: 'cross-origin' },
    });
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers);
      done();
    });
  },
  { name: 'security-headers' },
);

/** Returns the headers that Helmet sets with these options. */
function headersOf(options: HelmetOptions): Record<string, string> {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  helmet(options)(request, response, (error) => {
    if (error !== undefined) throw error;
  });
  const headers = Object.entries(response.getHeaders());
  return Object.fromEntries(headers.map(([name, value]) => [name, String(value)]));
}
