import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { PostViews } from '#src/articles/services/post-views.js';
import { agentOf } from './sessions.js';

/** Milliseconds after which visits are counted. */
const FLUSH_MS = 5000;

declare module 'fastify' {
  interface FastifyInstance {
    postViews: PostViews;
  }
  interface FastifyRequest {
    /** Notes that whoever asks has read this post, if it is public and they are to see it now. */
    countView(post: { id: number; status: string }): void;
  }
}

/**
 * Counts who reads which post, without a write for each: every few seconds, and when the service
 * stops. A draft is not counted, nor what a browser fetches ahead of the reader.
 *
 * @param secret at least 32 characters
 */
export default fp<{ secret: string }>(
  async (app, { secret }) => {
    const views = new PostViews({ db: app.db, clock: app.clock, secret, log: app.log });
    app.decorate('postViews', views);
    app.decorateRequest('countView', function ({ id, status }) {
      if (status !== 'published' || this.method !== 'GET' || isAhead(this)) return;
      views.count(id, { address: this.ip, userAgent: agentOf(this) });
    });

    let timer: NodeJS.Timeout | undefined;
    app.addHook('onListen', async () => {
      timer = setInterval(() => views.flush(), FLUSH_MS).unref();
    });
    // The last request has been answered, and the pool is still open.
    app.addHook('onClose', async () => {
      clearInterval(timer);
      await views.flush();
    });
  },
  { name: 'post-views', dependencies: ['postgres', 'request-context', 'sessions'] },
);

/** Whether nobody may ever look at it (https://fetch.spec.whatwg.org/#sec-purpose-header). */
function isAhead({ headers }: FastifyRequest): boolean {
  return /\bprefetch\b/.test(`${headers['sec-purpose'] ?? headers['purpose'] ?? ''}`);
}
