import cookie from '@fastify/cookie';
import session from '@fastify/session';
import type { FastifyInstance, FastifyRequest, Session } from 'fastify';
import fp from 'fastify-plugin';
import { toPostgresAnswer } from '../src/db/postgres-errors.js';
import { ApiError } from '../src/errors.js';
import type { Viewer } from '../src/services/viewer.js';
import * as store from '../src/stores/sessions.js';

export const SESSION_COOKIE = 'althing_session';

/** How long a session lives after it was last used. */
const LIFETIME_MS = 30 * 60 * 1000;

/** A session is written again at most this often: renewing it with each request would cost a write. */
const RENEWAL_MS = 60 * 1000;

const MAX_USER_AGENT_LENGTH = 256;

declare module 'fastify' {
  interface Session {
    viewer?: Viewer;
    address?: string | null;
    user_agent?: string | null;
    last_seen_at?: string;
    /** Whether the database has it already. */
    stored?: boolean;
  }
  interface FastifyRequest {
    /** Who is asking, or null. */
    viewer: Viewer | null;
  }
}

export interface SessionOptions {
  /** Signs the cookie. At least 32 characters. */
  secret: string;
}

/**
 * Sessions in PostgreSQL, named by a signed cookie. An anonymous caller has none, so reading
 * without an account costs no row and sets no cookie.
 *
 * @see https://github.com/fastify/session
 */
export default fp<SessionOptions>(
  async (app, { secret }) => {
    await app.register(cookie, { secret });
    // Only the API asks who is there: probes, documents and assets answer without the database.
    app.addHook('onRequest', async (request) => {
      if (!request.url.startsWith('/api/')) delete request.cookies[SESSION_COOKIE];
    });
    await app.register(session, {
      secret,
      cookieName: SESSION_COOKIE,
      cookie: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: LIFETIME_MS },
      saveUninitialized: false,
      rolling: false,
      store: createStore(app),
    });

    app.decorateRequest('viewer', null);
    app.addHook('onRequest', async (request) => {
      const { viewer, last_seen_at } = request.session;
      if (viewer === undefined) return;
      request.viewer = viewer;
      const now = app.clock();
      if (last_seen_at === undefined || now.getTime() - Date.parse(last_seen_at) >= RENEWAL_MS) {
        request.session.last_seen_at = now.toISOString();
        request.session.touch();
      }
    });
  },
  { name: 'sessions', dependencies: ['postgres', 'request-context'] },
);

/**
 * Signs the viewer in: under a new session id, so that an id which somebody planted before the
 * login is worth nothing after it.
 */
export async function signIn(request: FastifyRequest, viewer: Viewer, now: Date): Promise<void> {
  await request.session.regenerate();
  request.session.viewer = viewer;
  request.session.address = request.ip;
  request.session.user_agent =
    request.headers['user-agent']?.slice(0, MAX_USER_AGENT_LENGTH) ?? null;
  request.session.last_seen_at = now.toISOString();
  try {
    await request.session.save();
  } catch (error) {
    // The plugin would try again while the error is being answered, and fail that answer too.
    Object.assign(request, { session: null });
    throw error;
  }
}

/** The store behind @fastify/session: columns instead of an opaque document. */
function createStore(app: FastifyInstance) {
  return {
    get(id: string, callback: (error: unknown, found?: Session | null) => void): void {
      store.findSession(app.db, id, app.clock()).then(
        (row) => callback(null, row === null ? null : toSession(row)),
        (error: unknown) => callback(unavailable(error)),
      );
    },
    set(id: string, { viewer, ...session }: Session, callback: (error?: unknown) => void): void {
      // A session without a user has nothing to keep.
      if (viewer === undefined) {
        callback();
        return;
      }
      const now = app.clock();
      const times = {
        last_seen_at: session.last_seen_at ?? now.toISOString(),
        expires_at: new Date(now.getTime() + LIFETIME_MS).toISOString(),
      };
      if (session.stored === true) {
        // Happens while an answer is on its way, which must not fail for it.
        store.renewSession(app.db, id, times).then(
          () => callback(),
          (error: unknown) => {
            app.log.warn({ err: error }, 'could not renew a session');
            callback();
          },
        );
        return;
      }
      const { address = null, user_agent = null } = session;
      store
        .insertSession(app.db, id, { user_id: viewer.id, address, user_agent, ...times })
        .then(() => callback(), callback);
    },
    destroy(id: string, callback: (error?: unknown) => void): void {
      store.deleteSession(app.db, id).then(() => callback(), callback);
    },
  };
}

/**
 * The plugin takes an error with the code ENOENT for a session that is not there, and a database
 * whose socket is gone has that code: the caller would silently become anonymous.
 */
function unavailable(error: unknown): unknown {
  return toPostgresAnswer(error)?.kind === 'unavailable'
    ? new ApiError('service_unavailable', { cause: error })
    : error;
}

function toSession(row: store.StoredSession): Session {
  return {
    cookie: { originalMaxAge: LIFETIME_MS },
    viewer: { id: row.user_id, username: row.username, role: row.role },
    address: row.address,
    user_agent: row.user_agent,
    last_seen_at: row.last_seen_at,
    stored: true,
  };
}
