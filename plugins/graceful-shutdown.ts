import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';

/**
 * While the service stops, requests that still arrive on open connections are sent elsewhere: 503
 * with `Retry-After`, in the same form as every error. Those that are running finish.
 */
export default fp(
  async (app) => {
    let closing = false;
    app.addHook('preClose', async () => {
      closing = true;
    });
    app.addHook('onRequest', async (_request, reply) => {
      if (!closing) return;
      reply.header('connection', 'close');
      throw new ApiError('service_unavailable');
    });
  },
  { name: 'graceful-shutdown' },
);
