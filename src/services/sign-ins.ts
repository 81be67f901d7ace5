import type { Database } from '../db/database.js';
import { inTransaction } from '../db/transaction.js';
import { recordLogin } from '../stores/accounts.js';
import * as store from '../stores/sessions.js';
import { record } from './audit.js';
import type { Origin } from './viewer.js';

/** A sign-in that is about to begin. */
export interface NewSignIn {
  userId: number;
  /** The secret of the session's cookie; null for a client that holds tokens. */
  cookieId: string | null;
  remember: boolean;
  userAgent: string | null;
  expiresAt: Date;
}

/** Writes down that somebody has signed in. Returns the number of the session. */
export function beginSignIn(
  db: Database,
  { address, now, requestId }: Origin,
  { userId, cookieId, remember, userAgent, expiresAt }: NewSignIn,
): Promise<number> {
  return inTransaction(db, async (trx) => {
    const id = await store.insertSession(trx, cookieId, {
      user_id: userId,
      remember,
      address,
      user_agent: userAgent,
      last_seen_at: now.toISOString(),
      expires_at: expiresAt.toISOString(),
    });
    await recordLogin(trx, userId, now);
    const after = { user_agent: userAgent, remember, kind: cookieId === null ? 'token' : 'cookie' };
    await record(
      trx,
      // Whoever signs in is who acts, also where the cookie of somebody else came along.
      { viewer: null, address, requestId, now },
      { action: 'session.begin', id, after, actorId: userId },
    );
    return id;
  });
}
