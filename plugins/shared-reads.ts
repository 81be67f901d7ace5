import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { components } from '#schemas/index.js';
import { CurrentState } from '#src/cache/current-state.js';
import { openRedis } from '#src/cache/redis-client.js';
import { SharedReads } from '#src/cache/shared-reads.js';
import { ARTICLE_CHANGES, notify } from '#src/db/channels.js';
import { bodyTag } from '#src/lib/entity-tag.js';
import { isSafe } from '#src/lib/safe-methods.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The cache for public reads. */
    sharedReads: SharedReads;
  }
}

export interface SharedReadsOptions {
  /** URL of the database without a pooler, to listen for notifications. */
  directUrl: string;
  /** Milliseconds to wait for a connection. */
  connectTimeout: number;
  /** URL of the Redis that all processes share; without it, each process caches in memory. */
  redisUrl: string | undefined;
}

/**
 * Caches public reads, and lets HTTP caches store public responses, which they must revalidate by
 * entity tag each time. A change is visible at once in the process that made it, and milliseconds
 * later in all others.
 *
 * The first read opens the connection that listens for changes.
 */
export default fp<SharedReadsOptions>(
  async (app, { directUrl, connectTimeout, redisUrl }) => {
    const state = new CurrentState({
      url: directUrl,
      connectTimeout,
      name: 'althing-changes',
      channel: ARTICLE_CHANGES,
      notify: (channel, payload) => notify(app.db, channel, payload),
      log: app.log,
      outages: app.outages,
    });
    const redis = redisUrl === undefined ? null : openRedis(redisUrl, keyPrefix(), app.log);
    app.decorate('sharedReads', new SharedReads({ db: app.db, state, redis }));

    // Runs after the transaction has ended, and before the client gets the response.
    app.addHook('onSend', (request, reply, payload, done) => {
      if (mayChange(request) && reply.statusCode < 400) app.sharedReads.invalidate();
      done(null, payload);
    });
    app.addHook('onClose', async () => {
      redis?.client.disconnect();
      await state.stop();
    });
  },
  { name: 'shared-reads', dependencies: ['postgres', 'idempotency', 'conditional-requests'] },
);

/**
 * Whether the request may have changed public content. Only operations that require authentication
 * do; others, such as login, do not count.
 */
function mayChange({ method, routeOptions }: FastifyRequest): boolean {
  return !isSafe(method) && (routeOptions.config.access ?? 'public') !== 'public';
}

/**
 * Returns a key prefix that depends on the schemas, because releases with other schemas must not
 * share cached responses.
 */
function keyPrefix(): string {
  return `althing:${bodyTag(components)}:`;
}
