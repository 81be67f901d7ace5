import rateLimit, { type CreateRateLimitOptions } from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';

/** A limit of an operation, in addition to the general one. */
export interface OperationLimit {
  /** Requests per minute of one client. */
  perMinute: number;
  /** Operations with the same group share a count; by default, each operation has its own. */
  group?: string;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    limit?: OperationLimit;
  }
}

const WINDOW = { timeWindow: '1 minute', cache: 10_000 } as const;

/**
 * Limits the requests per minute of one client, counted in this process; beyond the limit, answers
 * 429 with `Retry-After`. A client is an IPv4 address or a /64 network of IPv6.
 *
 * A request counts towards the general limit and that of its operation before anything is looked
 * up; unknown paths and OPTIONS count too. The `X-RateLimit` headers describe the limit of the
 * operation if it has one.
 *
 * @see https://github.com/fastify/fastify-rate-limit
 */
export default fp<{ perMinute: number }>(
  async (app, { perMinute }) => {
    await app.register(rateLimit, {
      ...WINDOW,
      max: perMinute,
      global: false,
      keyGenerator: ({ network }) => network,
    });
    const limiter = (options?: CreateRateLimitOptions) => app.createRateLimit(options);
    const general = limiter();
    const groups = new Map<string, ReturnType<typeof limiter>>();

    app.addHook('onRoute', ({ config, method, url }) => {
      if (config?.limit === undefined) return;
      const group = groupOf(config.limit, String(method), url);
      if (!groups.has(group))
        groups.set(group, limiter({ ...WINDOW, max: config.limit.perMinute }));
    });

    app.addHook('onRequest', (request, reply, done) => {
      const { config, method, url } = request.routeOptions;
      const own = config.limit && groups.get(groupOf(config.limit, String(method), url ?? ''));
      const counted = count(general, request, reply);
      const allCounted =
        own === undefined ? counted : counted.then(() => count(own, request, reply));
      allCounted.then(() => done(), done);
    });

    async function count(
      limit: ReturnType<typeof limiter>,
      request: FastifyRequest,
      reply: FastifyReply,
    ): Promise<void> {
      const result = await limit(request);
      // True only for clients on an allow-list, of which there is none.
      if (result.isAllowed) return;
      reply.headers({
        'x-ratelimit-limit': result.max,
        'x-ratelimit-remaining': result.remaining,
        'x-ratelimit-reset': result.ttlInSeconds,
      });
      if (!result.isExceeded) return;
      throw new ApiError('too_many_requests', {
        headers: { 'retry-after': String(result.ttlInSeconds) },
      });
    }
  },
  { name: 'rate-limit', dependencies: ['client-address'] },
);

/** HEAD shares the count of GET. */
function groupOf({ group }: OperationLimit, method: string, url: string): string {
  return group ?? `${method === 'HEAD' ? 'GET' : method} ${url}`;
}
