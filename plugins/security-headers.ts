import helmet from '@fastify/helmet';
import fp from 'fastify-plugin';

const ONE_YEAR_IN_SECONDS = 31_536_000;

/**
 * Security headers on every answer: everything comes from this origin, and nobody may frame it.
 * Strict-Transport-Security is sent in production only, as it would lock a laptop out of http.
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
      // API answers are read by clients of other origins, where CORS lets them.
      crossOriginResourcePolicy: { policy: 'cross-origin' },
    });
  },
  { name: 'security-headers' },
);
