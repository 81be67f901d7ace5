import { randomUUID } from 'node:crypto';
import fp from 'fastify-plugin';
import { ChannelListener } from '#src/db/channel-listener.js';
import { NEW_EVENTS, notify, PRESENCE_CHANGES } from '#src/db/channels.js';
import type { EventPolicies } from '#src/events/event-policy.js';
import { isSafe } from '#src/lib/safe-methods.js';
import { EventFeed } from '#src/live/services/event-feed.js';
import type { LiveClient } from '#src/live/services/live-client.js';
import { Looks } from '#src/live/services/looks.js';
import { Presence } from '#src/live/services/presence.js';
import { PresenceClient, type PresenceClientOptions } from '#src/live/services/presence-client.js';
import { refreshViewers } from '#src/people/services/credentials.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Live clients and their events. */
    live: Live;
  }
}

export interface LiveOptions {
  /** URL of the database without a pooler, to listen for notifications. */
  directUrl: string;
  /** Milliseconds to wait for a connection. */
  connectTimeout: number;
  policies: EventPolicies;
}

/** How a client is disconnected. */
interface ClientEnds {
  /** Called when its credential has ended. */
  onEnd: () => void;
  /** Called when the service stops. */
  onShutdown: () => void;
}

interface Live {
  feed: EventFeed;
  /** The number of clients that are connected. */
  readonly clientCount: number;
  /** Checks the credentials of all clients. Must be called when one has got another. */
  checkSoon(): void;
  /** Returns what a client looks at, and what it is told of others; it must be closed. */
  presenceOf(options: Omit<PresenceClientOptions, 'db' | 'presence' | 'looks'>): PresenceClient;
  /**
   * Keeps the rights of a client up to date while it is connected.
   *
   * @returns a function to call when it disconnects
   */
  supervise(client: LiveClient, ends: ClientEnds): () => void;
}

/** Milliseconds for which further changes are announced together. */
const ANNOUNCE_MS = 10;

/**
 * Milliseconds between two checks of credentials, which also end by their age. Behind PgBouncer in
 * transaction mode, nothing else finds out that they have ended.
 */
const CHECK_MS = 10_000;

/** Shortest time between two checks because something has changed, in milliseconds. */
const RECHECK_MS = 1000;

/**
 * Delivers the events of all processes to the clients of this one. A process announces its changes
 * after their commit; a notification within the transaction would make all commits wait for each
 * other.
 *
 * The first client opens the connection that listens for announcements.
 *
 * @see https://www.postgresql.org/docs/current/sql-notify.html
 */
export default fp<LiveOptions>(
  async (app, { directUrl, connectTimeout, policies }) => {
    const feed = new EventFeed({ db: app.db, policies, log: app.log, outages: app.outages });
    const presence = new Presence({ db: app.db, feed, log: app.log, outages: app.outages });
    const self = randomUUID();
    const looks = new Looks({
      db: app.db,
      process: self,
      isWatched: () => presence.isWatched,
      onChange: (topics) => presence.mark(topics),
      report: (error) => presence.report(error),
    });
    const clients = new Map<LiveClient, ClientEnds>();
    const listener = new ChannelListener({
      url: directUrl,
      connectTimeout,
      name: 'althing-events',
      channel: NEW_EVENTS,
      others: {
        [PRESENCE_CHANGES]: (payload) => {
          const [process, topics = ''] = payload.split(' ');
          if (process !== self) presence.mark(topics.split(','));
        },
      },
      notify: (channel, payload) => notify(app.db, channel, payload),
      onUp: () => {
        feed.wake();
        presence.isHeard = true;
      },
      onMessage: () => feed.wake(),
      onLost: () => {
        presence.isHeard = false;
      },
      log: app.log,
      outages: app.outages,
    });

    let announcement: NodeJS.Timeout | undefined;
    function announce(): void {
      feed.wake();
      announcement ??= setTimeout(() => {
        announcement = undefined;
        // Other processes look once a second, too.
        notify(app.db, NEW_EVENTS, '').catch((err: unknown) => {
          app.log.debug({ err }, 'could not announce events');
        });
      }, ANNOUNCE_MS).unref();
    }
    // Runs after the transaction has ended.
    app.addHook('onSend', (request, reply, payload, done) => {
      const { method, routeOptions } = request;
      const isRead = isSafe(method) || (routeOptions.config.access ?? 'public') === 'public';
      if (!isRead && reply.statusCode < 400) announce();
      done(null, payload);
    });

    let isChecking = false;
    let isCheckDue = false;
    async function check(): Promise<void> {
      isChecking = true;
      while (isCheckDue && !isClosing) {
        isCheckDue = false;
        await checkAll();
        await new Promise((resolve) => setTimeout(resolve, RECHECK_MS).unref());
      }
      isChecking = false;
    }
    async function checkAll(): Promise<void> {
      const checked = [...clients.keys()].flatMap((client) =>
        client.viewer === null ? [] : [{ client, viewer: client.viewer }],
      );
      if (checked.length === 0) return;
      try {
        const viewers = await refreshViewers(
          app.db,
          checked.map(({ viewer }) => viewer),
          { now: app.clock(), sessionLimits: app.sessionLimits },
        );
        for (const [index, { client }] of checked.entries()) {
          const viewer = viewers[index] ?? null;
          if (viewer === null) clients.get(client)?.onEnd();
          else client.viewer = viewer;
        }
      } catch (err) {
        const message = 'could not check the credentials of live clients';
        if (!app.outages.takes(err, message)) app.log.warn({ err }, message);
        isCheckDue = true;
      }
    }
    function checkSoon(): void {
      isCheckDue = true;
      if (!isChecking) void check();
    }
    const timer = setInterval(checkSoon, CHECK_MS).unref();

    let isFollowing = false;
    let isClosing = false;
    app.decorate('live', {
      feed,
      get clientCount() {
        return clients.size;
      },
      checkSoon,
      presenceOf: (options) => new PresenceClient({ ...options, db: app.db, presence, looks }),
      supervise(client, ends) {
        if (!isFollowing) app.followCredentials(checkSoon);
        isFollowing = true;
        listener.start();
        clients.set(client, ends);
        if (isClosing) ends.onShutdown();
        // Its credential may have ended since it was looked up.
        checkSoon();
        return () => clients.delete(client);
      },
    });
    app.addHook('preClose', async () => {
      isClosing = true;
      for (const { onShutdown } of clients.values()) onShutdown();
    });
    app.addHook('onClose', async () => {
      clearInterval(timer);
      clearTimeout(announcement);
      await Promise.all([feed.stop(), presence.stop(), looks.stop(), listener.stop()]);
    });
  },
  { name: 'live', dependencies: ['postgres', 'recent-credentials', 'sessions', 'request-tracing'] },
);
