import cors from '@fastify/cors';
import fp from 'fastify-plugin';
import { responseHeaders } from '#schemas/response-headers.js';

/**
 * Lets pages of the listed origins, and of no other, call the API with cookies.
 *
 * @see https://github.com/fastify/fastify-cors
 */
export default fp<{ origins: string[] }>(
  async (app, { origins }) => {
    await app.register(cors, {
      origin: origins.length === 0 ? false : origins,
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      // What the contract tells of, a page can read.
      exposedHeaders: Object.keys(responseHeaders),
      maxAge: 600,
      strictPreflight: false,
    });
  },
  { name: 'cors', dependencies: ['options'] },
);
