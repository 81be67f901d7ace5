import helmet from '@fastify/helmet';
import fp from 'fastify-plugin';

const ONE_YEAR_IN_SECONDS = 31_536_000;

/**
 * Sets security headers on every response: all content comes from this origin, and no page may
 * frame it. Strict-Transport-Security is sent in production only, because it would block plain HTTP
 * during development.
 *
 * @see https://github.com/fastify/fastify-helmet
 */
export default fp<{ production: boolean }>(
  async (app, { production }) => {
    await app.register(helmet, {
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
  },
  { name: 'security-headers' },
);
