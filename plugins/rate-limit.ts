import rateLimit from '@fastify/rate-limit';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';

/**
 * Limits the requests per minute of one IP address, counted in this process; beyond the limit,
 * answers 429 with `Retry-After`. A route may set its own limit in `config.rateLimit`.
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

    // Runs before sessions are looked up, and for unknown paths too. A route with its own limit is
    // counted by that limit alone.
    const limit = app.rateLimit();
    app.addHook('onRequest', async (request, reply) => {
      if (request.routeOptions.config.rateLimit === undefined)
        await limit.call(app, request, reply);
    });
  },
  { name: 'rate-limit' },
);
