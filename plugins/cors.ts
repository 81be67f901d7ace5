import cors from '@fastify/cors';
import fp from 'fastify-plugin';
import { responseHeaders } from '#schemas/response-headers.js';

/**
 * Allows pages from the listed origins, and no others, to call the API with cookies.
 *
 * @see https://github.com/fastify/fastify-cors
 */
export default fp<{ origins: string[] }>(
  async (app, { origins }) => {
    await app.register(cors, {
      origin: origins.length === 0 ? false : origins,
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      // Pages can read every header in the contract.
      exposedHeaders: Object.keys(responseHeaders),
      maxAge: 600,
      strictPreflight: false,
      // A preflight request counts towards the rate limit, and is answered as any OPTIONS.
      preflightContinue: true,
    });
  },
  { name: 'cors' },
);
