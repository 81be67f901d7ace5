import type { Page } from '#schemas/paging.js';
import type { Session, SessionListQuery } from '#schemas/sessions.js';
import type { ActingContext, Context } from '#src/access/context.js';
import type { Viewer } from '#src/access/viewer.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { parseUserAgent } from '#src/lib/user-agent.js';
import { readPage } from '#src/lists/paging.js';
import { earlier, endOf, startOfEnding } from '#src/people/lib/session-ends.js';
import { recordLogin } from '#src/people/stores/accounts.js';
import * as store from '#src/people/stores/sessions.js';
import { rememberDevice } from './devices.js';

/** Maximum number of sessions per user; beyond it, those that were used least recently end. */
export const MAX_SESSIONS = 100;

/** Options for a new session. */
export interface SessionStart {
  /** The reserved id of the session; by default the next one. */
  id?: number;
  userId: number;
  /** Hash of the password that has just been verified. */
  passwordHash: string;
  /** Secret in the session's cookie; null for a client that uses tokens. */
  cookieId: string | null;
  remember: boolean;
  userAgent: string | null;
  /** Secret that the device has presented; null if it is new. */
  device: string | null;
  expiresAt: Date;
}

/** The reason why a session has ended, in the audit log. */
const EVICTED = { evicted: true };

/**
 * Starts a session, and makes the device a known one. A session that the same browser had before
 * ends, and so do the oldest beyond `MAX_SESSIONS`.
 *
 * @returns the id of the session, and the secret that the device is to present next time
 * @throws ApiError invalid_credentials if the user was deleted or deactivated, or the password was
 *   changed, meanwhile
 */
export function startSession(
  context: Context,
  {
    id: reserved,
    userId,
    passwordHash,
    cookieId,
    remember,
    userAgent,
    device,
    expiresAt,
  }: SessionStart,
): Promise<{ id: number; device: string }> {
  const { viewer, address, now } = context;
  return inTransaction(context, async (trx) => {
    // Must come first, as it locks the user: a concurrent deactivation or password change waits for
    // this transaction, and then ends this session too.
    if (!(await recordLogin(trx.db, { id: userId, passwordHash }, now)))
      throw new ApiError('invalid_credentials');
    if (cookieId !== null && viewer?.credential.kind === 'session') {
      await endSession({ ...trx, viewer }, viewer.credential.id);
    }
    const excess = await store.deleteExcessSessions(trx.db, userId, MAX_SESSIONS - 1);
    const id = await store.insertSession(trx.db, cookieId, {
      id: reserved,
      user_id: userId,
      remember,
      address,
      user_agent: userAgent,
      last_seen_at: now.toISOString(),
      expires_at: expiresAt.toISOString(),
    });
    const after = { user_agent: userAgent, remember, kind: cookieId === null ? 'token' : 'cookie' };
    // The entry must not name the user of the browser's previous session.
    const ends = excess.map((id) => ({ action: 'session.end', id, after: EVICTED }) as const);
    const begin = { action: 'session.begin', id, after } as const;
    const entries = [...ends, begin].map((entry) => ({ ...entry, actorId: userId }));
    await record({ ...trx, viewer: null }, ...entries);
    return { id, device: await rememberDevice(trx, userId, device) };
  });
}

/**
 * Returns a page of the viewer's live sessions, with the latest time until which each can be used.
 *
 * @throws InvalidRequest if the cursor is invalid
 */
export async function listSessions(
  context: ActingContext,
  query: SessionListQuery,
): Promise<Page<Session>> {
  const { now, sessionLimits } = context;
  const startedAfter = {
    cookie: startOfEnding('cookie', now, sessionLimits),
    token: startOfEnding('token', now, sessionLimits),
  };
  const filter = { userId: context.viewer.id, now, startedAfter };
  const page = await readPage(query, {
    list: (slice) => store.listSessions(context.db, filter, slice),
    count: () => store.countSessions(context.db, filter),
    sortKey: (row, sort) => row[sort],
  });
  const current = sessionOf(context.viewer);
  const items = page.items.map((row) => ({
    ...row,
    expires_at: earlier(
      new Date(row.expires_at),
      endOf(row.kind, new Date(row.created_at), sessionLimits),
    ).toISOString(),
    ...parseUserAgent(row.user_agent ?? ''),
    current: row.id === current,
  }));
  return { ...page, items };
}

/** Ends a session of the viewer. Returns whether it existed. */
export function endSession(context: ActingContext, id: number): Promise<boolean> {
  return inTransaction(context, async (trx) => {
    const ended = await store.deleteSession(trx.db, context.viewer.id, id, context.now);
    if (ended) await record(trx, { action: 'session.end', id });
    return ended;
  });
}

/** Ends all sessions of the viewer except that of this request. Returns how many. */
export function endOtherSessions(context: ActingContext): Promise<number> {
  const current = sessionOf(context.viewer);
  const others = { aliveAt: context.now, ...(current === null ? {} : { except: current }) };
  return inTransaction(context, async (trx) => {
    const ended = await store.deleteSessionsOf(trx.db, context.viewer.id, others);
    await record(trx, { action: 'session.end_others', id: current, after: { ended } });
    return ended;
  });
}

/** Returns the id of the session that authenticated the request; null for an API key. */
function sessionOf({ credential }: Viewer): number | null {
  return credential.kind === 'key' ? null : credential.id;
}
