import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';

/**
 * Graceful shutdown: running requests finish, and new requests on open connections get 503 with
 * `Retry-After`, in the format of every error.
 */
export default fp(
  async (app) => {
    let stopping = false;
    app.addHook('preClose', async () => {
      stopping = true;
    });
    app.addHook('onRequest', (_request, reply, done) => {
      if (!stopping) return done();
      reply.header('connection', 'close');
      done(new ApiError('service_unavailable'));
    });
  },
  { name: 'graceful-shutdown' },
);
