import cors from '@fastify/cors';
import fp from 'fastify-plugin';
import { responseHeaders } from '#schemas/response-headers.js';

/**
 * Allows pages from the listed origins, and no others, to call the API with cookies. URLs that are
 * answered on this machine only are closed to all of them.
 *
 * @see https://github.com/fastify/fastify-cors
 */
export default fp<{ origins: string[] }>(
  async (app, { origins }) => {
    if (origins.length === 0) {
      await app.register(cors, { origin: false });
      return;
    }
    const open = {
      origin: origins,
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      // Pages can read every header in the contract.
      exposedHeaders: Object.keys(responseHeaders),
      maxAge: 600,
      strictPreflight: false,
      // A preflight request counts towards the rate limit, and is answered as any OPTIONS.
      preflightContinue: true,
    };
    await app.register(cors, {
      delegator: (request, done) => done(null, app.isLocalOnly(request) ? { origin: false } : open),
    });
  },
  { name: 'cors', dependencies: ['local-access'] },
);
