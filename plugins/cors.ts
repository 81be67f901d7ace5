import cors from '@fastify/cors';
import fp from 'fastify-plugin';

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
      exposedHeaders: [
        'ETag',
        'Idempotent-Replayed',
        'Link',
        'Location',
        'Retry-After',
        'X-Request-ID',
        'X-Response-Time',
      ],
      maxAge: 600,
      strictPreflight: false,
    });
  },
  { name: 'cors', dependencies: ['options'] },
);
