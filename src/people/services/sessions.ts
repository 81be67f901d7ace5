import type { Page } from '#schemas/paging.js';
import type { Session, SessionListQuery } from '#schemas/sessions.js';
import type { ActingContext, Context } from '#src/access/context.js';
import type { Viewer } from '#src/access/viewer.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { parseUserAgent } from '#src/lib/user-agent.js';
import { readPage } from '#src/lists/paging.js';
import { recordLogin } from '#src/people/stores/accounts.js';
import * as store from '#src/people/stores/sessions.js';

/** A sign-in that is about to begin. */
export interface SessionStart {
  userId: number;
  /** Of the password that has just proved right. */
  passwordHash: string;
  /** The secret of the session's cookie; null for a client that holds tokens. */
  cookieId: string | null;
  remember: boolean;
  userAgent: string | null;
  expiresAt: Date;
}

/**
 * Writes down that somebody has signed in. A browser has one session: the one that it had before
 * ends.
 *
 * @returns the number of the session
 * @throws ApiError invalid_credentials if the user was deleted, was switched off or got
 *   another password in the meantime
 */
export function startSession(
  context: Context,
  { userId, passwordHash, cookieId, remember, userAgent, expiresAt }: SessionStart,
): Promise<number> {
  const { viewer, address, now } = context;
  return inTransaction(context, async (trx) => {
    // First of all: whoever switches the user off, or sets a password, has to wait, and then ends this session too.
    if (!(await recordLogin(trx.db, { id: userId, passwordHash }, now)))
      throw new ApiError('invalid_credentials');
    if (cookieId !== null && viewer?.credential.kind === 'session') {
      await endSession({ ...trx, viewer }, viewer.credential.id);
    }
    const id = await store.insertSession(trx.db, cookieId, {
      user_id: userId,
      remember,
      address,
      user_agent: userAgent,
      last_seen_at: now.toISOString(),
      expires_at: expiresAt.toISOString(),
    });
    const after = { user_agent: userAgent, remember, kind: cookieId === null ? 'token' : 'cookie' };
    // Whoever was signed in here before has no part in it.
    await record({ ...trx, viewer: null }, { action: 'session.begin', id, after, actorId: userId });
    return id;
  });
}

/**
 * The sign-ins of the viewer that have not expired.
 *
 * @throws InvalidRequest if the cursor is not one of ours
 */
export async function listSessions(
  context: ActingContext,
  query: SessionListQuery,
): Promise<Page<Session>> {
  const filter = { userId: context.viewer.id, now: context.now };
  const page = await readPage(query, {
    list: (slice) => store.listSessions(context.db, filter, slice),
    count: () => store.countSessions(context.db, filter),
    sortKey: (row, sort) => row[sort],
  });
  const current = sessionOf(context.viewer);
  const items = page.items.map((row) => ({
    ...row,
    ...parseUserAgent(row.user_agent ?? ''),
    current: row.id === current,
  }));
  return { ...page, items };
}

/** Ends a sign-in of the viewer. Returns whether they had such a one. */
export function endSession(context: ActingContext, id: number): Promise<boolean> {
  return inTransaction(context, async (trx) => {
    const ended = await store.deleteSession(trx.db, context.viewer.id, id, context.now);
    if (ended) await record(trx, { action: 'session.end', id });
    return ended;
  });
}

/** Ends every sign-in of the viewer but the one of this request. Returns how many that were. */
export function endOtherSessions(context: ActingContext): Promise<number> {
  const current = sessionOf(context.viewer);
  const others = { aliveAt: context.now, ...(current === null ? {} : { except: current }) };
  return inTransaction(context, async (trx) => {
    const ended = await store.deleteSessionsOf(trx.db, context.viewer.id, others);
    await record(trx, { action: 'session.end_others', id: current, after: { ended } });
    return ended;
  });
}

/** The number of the sign-in that a request was made with; null for one with a key. */
function sessionOf({ credential }: Viewer): number | null {
  return credential.kind === 'key' ? null : credential.id;
}
