import rateLimit from '@fastify/rate-limit';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';

/**
 * So many requests a minute from one address, counted in this process; 429 with `Retry-After`
 * beyond. A route may set a narrower limit in its `config.rateLimit`.
 *
 * @see https://github.com/fastify/fastify-rate-limit
 */
export default fp<{ perMinute: number }>(
  async (app, { perMinute }) => {
    await app.register(rateLimit, {
      max: perMinute,
      timeWindow: '1 minute',
      cache: 10_000,
      global: false,
      errorResponseBuilder: () => new ApiError('too_many_requests'),
    });

    // Before sessions are looked up, and for paths that do not exist too. A route with a limit of
    // its own is counted by that one alone.
    const limit = app.rateLimit();
    app.addHook('onRequest', async (request, reply) => {
      if (request.routeOptions.config.rateLimit === undefined)
        await limit.call(app, request, reply);
    });
  },
  { name: 'rate-limit' },
);
