import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { components } from '#schemas/index.js';
import { CurrentState } from '#src/cache/current-state.js';
import { openRedis } from '#src/cache/redis-client.js';
import { SharedReads } from '#src/cache/shared-reads.js';
import { ARTICLE_CHANGES, notify } from '#src/db/channels.js';
import { bodyTag } from '#src/lib/entity-tag.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Reads what is the same for everyone, once, and keeps it for a while. */
    sharedReads: SharedReads;
  }
}

export interface SharedReadsOptions {
  databaseUrl: string;
  /** Milliseconds to wait for a connection. */
  connectTimeout: number;
  /** Redis, which all processes share; without it each keeps in its memory what it reads. */
  redisUrl: string | undefined;
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Keeps what everyone is shown, and has caches on the way keep it too: those ask with its entity tag
 * each time whether it still holds. A change is seen at once by whoever asks the process that made it,
 * and milliseconds later by all others.
 *
 * The connection that hears of changes is opened by the first read.
 */
export default fp<SharedReadsOptions>(
  async (app, { databaseUrl, connectTimeout, redisUrl }) => {
    const state = new CurrentState({
      url: databaseUrl,
      connectTimeout,
      channel: ARTICLE_CHANGES,
      notify: (channel, payload) => notify(app.db, channel, payload),
      log: app.log,
    });
    const redis = redisUrl === undefined ? null : openRedis(redisUrl, keyPrefix(), app.log);
    app.decorate('sharedReads', new SharedReads({ db: app.db, state, redis }));

    // Behind the end of the transaction, and before anyone is told.
    app.addHook('onSend', async (request, reply) => {
      if (mayChange(request) && reply.statusCode < 400) app.sharedReads.changedHere();
    });
    app.addHook('onClose', async () => {
      redis?.client.disconnect();
      await state.stop();
    });
  },
  { name: 'shared-reads', dependencies: ['postgres', 'idempotency', 'conditional-requests'] },
);

/**
 * Whether what everyone is shown may be different after it: nobody changes that without being known,
 * so what an operation does for anyone, such as signing in, does not count.
 */
function mayChange({ method, routeOptions }: FastifyRequest): boolean {
  const { access = 'public' } = routeOptions.config;
  return !SAFE_METHODS.includes(method) && access !== 'public';
}

/** Another release may show other fields, and must not find what this one has kept. */
function keyPrefix(): string {
  return `althing:${bodyTag(components)}:`;
}
