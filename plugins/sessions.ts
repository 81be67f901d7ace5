import session from '@fastify/session';
import type { FastifyInstance, FastifyReply, FastifyRequest, Session } from 'fastify';
import fp from 'fastify-plugin';
import type { SessionLimits } from '#src/access/context.js';
import type { Viewer } from '#src/access/viewer.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { ApiError } from '#src/errors.js';
import { networkOf } from '#src/lib/network.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import { parseUserAgent } from '#src/lib/user-agent.js';
import { earlier, endOf, startOfEnding } from '#src/people/lib/session-ends.js';
import type { AuthenticatedUser } from '#src/people/services/auth.js';
import { startSession } from '#src/people/services/sessions.js';
import * as store from '#src/people/stores/sessions.js';
import { COOKIE_NAMES } from './cookies.js';

/** The name of the session cookie outside of production. */
export const SESSION_COOKIE = COOKIE_NAMES.session;

const MINUTE_MS = 60 * 1000;

/** Lifetime of a session after its last use, in milliseconds: 30 minutes. */
const LIFETIME_MS = 30 * MINUTE_MS;

/** Lifetime of a session with `remember`, in milliseconds: 30 days. */
const REMEMBERED_MS = 30 * 24 * 60 * MINUTE_MS;

/**
 * Minimum milliseconds between renewals of a session; renewing it with each request would cost a
 * write.
 */
const RENEWAL_MS = MINUTE_MS;

const MAX_USER_AGENT_LENGTH = 256;

declare module 'fastify' {
  interface FastifyInstance {
    /** When sessions end, however often they are used. */
    sessionLimits: SessionLimits;
    /** Opens the session of the request's cookie, or a new one. Use {@link openSession}. */
    openSession: (request: FastifyRequest, done: (error?: Error) => void) => void;
  }
  interface Session {
    viewer?: Viewer;
    remember?: boolean;
    user_agent?: string | null;
    address?: string | null;
    created_at?: string;
    last_seen_at?: string;
    /** Whether the database already has this state. */
    written?: boolean;
  }
  interface FastifyRequest {
    /** The authenticated user, or null. */
    viewer: Viewer | null;
    /** Whether the session is to be extended when the response is sent. */
    renewsSession: boolean;
  }
}

export interface SessionOptions {
  /** Signs the cookie. At least 32 characters. */
  secret: string;
  limits: SessionLimits;
  /** `basic` binds a session to the kind of browser, `strong` to the exact `User-Agent` and network. */
  protection: 'basic' | 'strong';
}

/**
 * Provides sessions in PostgreSQL, identified by a signed cookie. An anonymous client has none, so
 * reading without an account writes no row and sets no cookie.
 *
 * The hooks of @fastify/session would make and sign a session for every request. They stay in a
 * scope without routes; a session is opened for a request that brings the cookie to the API, and by
 * operations that need one.
 *
 * @see https://github.com/fastify/session
 */
export default fp<SessionOptions>(
  async (app, { secret, limits, protection }) => {
    const isSameClient = protection === 'strong' ? isSameBrowserAndNetwork : isSameDevice;
    app.decorate('sessionLimits', limits);
    const { name, attributes } = app.cookieOf('session');
    const cookie = { ...attributes, maxAge: LIFETIME_MS };
    await app.register(async (scope) => {
      await scope.register(session, {
        secret,
        cookieName: name,
        cookie,
        saveUninitialized: false,
        rolling: false,
        store: createStore(app),
      });
      app.decorate('openSession', (request, done) => {
        if (sessionOf(request) !== null) return done();
        scope.decryptSession(request.cookies[name] ?? '', request, cookie, done);
      });
    });
    // The types of @fastify/session say that every request has one; `sessionOf` says the truth.
    app.decorateRequest('session', null as unknown as FastifyRequest['session']);
    app.decorateRequest('viewer', null);
    app.decorateRequest('renewsSession', false);

    app.addHook('onRequest', (request, _reply, done) => {
      // Only the API uses sessions: health checks, documents and assets do not need the database.
      const isNeeded = request.cookies[name] !== undefined && request.url.startsWith('/api/');
      if (!isNeeded) return done();
      app.openSession(request, (error) => {
        if (error !== undefined) return done(error);
        const { viewer, last_seen_at } = request.session;
        if (viewer === undefined || !isSameClient(request.session, request)) return done();
        request.viewer = viewer;
        const now = app.clock();
        if (now.getTime() - Date.parse(last_seen_at ?? '') >= RENEWAL_MS) {
          request.session.last_seen_at = now.toISOString();
          request.session.touch();
          request.renewsSession = true;
        }
        done();
      });
    });
    app.addHook('onSend', (request, reply, payload, done) => {
      const opened = sessionOf(request);
      if (opened === null) return done(null, payload);
      const setCookie = () => {
        const given = request.cookies[name];
        const { expires = null } = opened.cookie;
        // A session whose commit has failed has no row.
        const isKept = opened.isSaved() && reply.statusCode < 500;
        if (isKept && expires !== null) {
          reply.setCookie(name, opened.encryptedSessionId, { ...attributes, expires });
        } else if (given !== undefined && given !== opened.encryptedSessionId) {
          // A cookie of a session that has ended, or that was never one.
          reply.clearCookie(name, attributes);
        }
        done(null, payload);
      };
      // The store logs its errors, so that no response fails because of them.
      if (request.renewsSession) opened.save(setCookie);
      else setCookie();
    });
  },
  { name: 'sessions', dependencies: ['cookies', 'recent-credentials', 'request-tracing'] },
);

/** Returns the session of a request; null if none is open, or if it has ended. */
export function sessionOf(request: FastifyRequest): FastifyRequest['session'] | null {
  return request.session as FastifyRequest['session'] | null;
}

/** Opens the session of the request, or a new one without a viewer. */
export function openSession(request: FastifyRequest): Promise<FastifyRequest['session']> {
  return new Promise((resolve, reject) => {
    request.server.openSession(request, (error) =>
      error === undefined ? resolve(request.session) : reject(error),
    );
  });
}

/**
 * Starts a session with a cookie, under a new session id to prevent session fixation. A session
 * that the browser had before ends.
 *
 * @param device the secret of the browser's device cookie, if it has one
 * @returns the secret for that cookie
 * @throws ApiError invalid_credentials if the user was deleted or deactivated, or the password was
 *   changed, meanwhile
 */
export async function signIn(
  request: FastifyRequest,
  { passwordHash, ...user }: AuthenticatedUser,
  { remember, device }: { remember: boolean; device: string | null },
): Promise<string> {
  await openSession(request);
  await request.session.regenerate();
  const { session } = request;
  const context = request.context();
  const { now } = context;
  const expiresAt = expiryOf(request.server, { remember, start: now });
  try {
    const started = await startSession(context, {
      userId: user.id,
      passwordHash,
      cookieId: session.sessionId,
      remember,
      userAgent: agentOf(request),
      device,
      expiresAt,
    });
    session.options({ maxAge: expiresAt.getTime() - now.getTime() });
    session.viewer = { ...user, credential: { kind: 'session', id: started.id } };
    session.written = true;
    await session.save();
    return started.device;
  } catch (error) {
    // It has no row, so its cookie must not be sent.
    Object.assign(request, { session: null });
    throw error;
  }
}

/** Clears the cookie of a session that has ended, and stops the renewal of both. */
export async function dropCookie(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  await sessionOf(request)?.destroy();
  const { name, attributes } = request.server.cookieOf('session');
  reply.clearCookie(name, attributes);
}

/** Returns the `User-Agent` of the request, cut to the stored length. */
export function agentOf(request: FastifyRequest): string | null {
  return request.headers['user-agent']?.slice(0, MAX_USER_AGENT_LENGTH) ?? null;
}

/** Whether a session began with the same browser, in this version, and in the same network. */
function isSameBrowserAndNetwork(
  { user_agent = null, address = null }: Session,
  request: FastifyRequest,
): boolean {
  return (
    user_agent === agentOf(request) && address !== null && networkOf(address) === request.network
  );
}

/** Whether a session began with the same browser on the same platform, in any version. */
function isSameDevice({ user_agent: before = null }: Session, request: FastifyRequest): boolean {
  const after = agentOf(request);
  if (before === after) return true;
  const [known, given] = [parseUserAgent(before ?? ''), parseUserAgent(after ?? '')];
  return known.browser === given.browser && known.platform === given.platform;
}

/** Returns when a session expires if it is used now and not again. */
function expiryOf(
  { clock, sessionLimits }: FastifyInstance,
  { remember, start }: { remember: boolean; start: Date },
): Date {
  const lifetime = remember ? REMEMBERED_MS : LIFETIME_MS;
  const expiry = new Date(clock().getTime() + lifetime);
  return earlier(expiry, endOf('cookie', start, sessionLimits));
}

/** Returns the store for @fastify/session, which uses columns instead of an opaque document. */
function createStore(app: FastifyInstance) {
  return {
    get(id: string, callback: (error: unknown, found?: Session | null) => void): void {
      const idHash = hashSecret(id);
      const load = () => {
        const now = app.clock();
        const startedAfter = startOfEnding('cookie', now, app.sessionLimits);
        return store.findSession(app.db, idHash, { now, startedAfter });
      };
      app.recentCredentials.find(credentialOf(idHash), load).then(
        (row) => {
          const isLive = row !== null && Date.parse(row.expires_at) > app.clock().getTime();
          callback(null, isLive ? toSession(app, row) : null);
        },
        (error: unknown) => callback(unavailable(error)),
      );
    },
    // Called while a response is sent, which must not fail because of an error here.
    set(id: string, session: Session, callback: () => void): void {
      const { viewer, remember = false, created_at, written } = session;
      // Sessions without a user are not stored.
      if (viewer === undefined || created_at === undefined || written === true) {
        callback();
        return;
      }
      const times = {
        last_seen_at: app.clock().toISOString(),
        expires_at: expiryOf(app, { remember, start: new Date(created_at) }).toISOString(),
      };
      store.renewSession(app.db, viewer.credential.id, times).then(
        () => {
          app.recentCredentials.forget(credentialOf(hashSecret(id)));
          callback();
        },
        (error: unknown) => {
          app.log.warn({ err: error }, 'could not extend a session');
          callback();
        },
      );
    },
    // Services end sessions, with an audit entry. The plugin would also end the session of another
    // user, if a browser sends that user's cookie and then signs in.
    destroy(_id: string, callback: () => void): void {
      callback();
    },
  };
}

function credentialOf(idHash: Buffer): string {
  return `session ${idHash.toString('base64')}`;
}

/**
 * Converts a lost database to an ApiError. The plugin treats the code ENOENT, which a missing
 * socket of the database has, as a missing session: the caller would silently become anonymous.
 */
function unavailable(error: unknown): unknown {
  return toPostgresFailure(error)?.kind === 'unavailable'
    ? new ApiError('service_unavailable', { cause: error })
    : error;
}

function toSession(app: FastifyInstance, { id, user_id, ...row }: store.StoredSession): Session {
  const { username, role, permissions, remember, created_at, last_seen_at } = row;
  const expiry = expiryOf(app, { remember, start: new Date(created_at) });
  return {
    cookie: { originalMaxAge: expiry.getTime() - app.clock().getTime() },
    viewer: { id: user_id, username, role, permissions, credential: { kind: 'session', id } },
    remember,
    user_agent: row.user_agent,
    address: row.address,
    created_at,
    last_seen_at,
  };
}
