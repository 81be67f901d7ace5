import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { CurrentState } from '#src/cache/current-state.js';
import { CREDENTIAL_CHANGES, notify } from '#src/db/channels.js';
import { isSafe } from '#src/lib/safe-methods.js';
import { RecentCredentials } from '#src/people/services/recent-credentials.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The credentials that have just been looked up. */
    recentCredentials: RecentCredentials;
    /**
     * From now on, calls `listener` whenever sessions, tokens or API keys may have ended, or the rights of
     * users may have changed.
     */
    followCredentials: (listener: () => void) => void;
  }
  interface FastifyRequest {
    /** Whether the handler has begun to run, and may end credentials. */
    mayHaveRevoked: boolean;
  }
  interface FastifyContextConfig {
    /**
     * False for an operation that ends no session, token or API key and changes nobody's rights.
     * All other operations that change something make this process forget the credentials it knows.
     */
    revokes?: boolean;
  }
}

export interface RecentCredentialsOptions {
  /** URL of the database without a pooler, to listen for notifications. */
  directUrl: string;
  /** Milliseconds to wait for a connection. */
  connectTimeout: number;
  /** How long a credential is kept, in milliseconds; that of production if it is left out. */
  lifetime: number | undefined;
}

/**
 * Keeps what is known of a credential for a moment, so that a client that sends many requests does
 * not cost a lookup with each.
 *
 * The first credential opens the connection that listens for changes.
 */
export default fp<RecentCredentialsOptions>(
  async (app, { directUrl, connectTimeout, lifetime }) => {
    const listeners: (() => void)[] = [];
    const state = new CurrentState({
      onChange: () => {
        for (const listener of listeners) listener();
      },
      url: directUrl,
      connectTimeout,
      name: 'althing-credentials',
      channel: CREDENTIAL_CHANGES,
      notify: (channel, payload) => notify(app.db, channel, payload),
      log: app.log,
      outages: app.outages,
    });
    app.decorate('followCredentials', (listener) => {
      listeners.push(listener);
      state.start();
    });
    app.decorate('recentCredentials', new RecentCredentials({ state, clock: app.clock, lifetime }));
    app.decorateRequest('mayHaveRevoked', false);
    app.addHook('preHandler', (request, _reply, done) => {
      request.mayHaveRevoked = mayRevoke(request);
      done();
    });
    // Runs after the transaction has ended, and before the client gets the response. A handler that
    // refuses its request may have ended something, too.
    app.addHook('onSend', (request, _reply, payload, done) => {
      if (request.mayHaveRevoked) app.recentCredentials.invalidate();
      done(null, payload);
    });
    app.addHook('onClose', () => state.stop());
  },
  { name: 'recent-credentials', dependencies: ['postgres', 'request-tracing'] },
);

function mayRevoke({ method, routeOptions }: FastifyRequest): boolean {
  return !isSafe(method) && routeOptions.config.revokes !== false;
}
