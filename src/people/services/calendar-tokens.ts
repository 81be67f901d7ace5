import type { CalendarToken } from '#schemas/calendars.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { networkOf } from '#src/lib/network.js';
import { hashSecret, mintSecret } from '#src/lib/random-secrets.js';
import * as store from '#src/people/stores/calendar-tokens.js';
import { type Throttle, throttled } from '#src/throttling/throttling.js';

/** Minimum milliseconds between two records of a token's use. */
const USE_INTERVAL_MS = 60 * 60 * 1000;

/** Wrong tokens of a network without a delay: some programs go on with a token that was revoked. */
const FREE_WRONG_TOKENS = 20;

/** Returns whether the viewer has a token, and when it was created and used. */
export async function readCalendarToken({ db, viewer }: ActingContext): Promise<CalendarToken> {
  const token = await store.findCalendarToken(db, viewer.id);
  return { exists: token !== null, created_at: null, last_used_at: null, ...token };
}

/**
 * Creates the calendar token of the viewer; a former one ends. The secret is only in this result:
 * the database has its hash.
 */
export function createCalendarToken(
  context: ActingContext,
): Promise<CalendarToken & { token: string }> {
  const { viewer, now } = context;
  const { secret, hash } = mintSecret();
  return inTransaction(context, async (trx) => {
    const created = await store.replaceCalendarToken(trx.db, {
      user_id: viewer.id,
      token_hash: hash,
      created_at: now.toISOString(),
    });
    await record(trx, { action: 'calendar_token.create', id: viewer.id });
    return { token: secret, exists: true, ...created };
  });
}

/** Revokes the calendar token of the viewer, if there is one, effective immediately. */
export function deleteCalendarToken(context: ActingContext): Promise<void> {
  return inTransaction(context, (trx) => deleteCalendarTokenOf(trx, context.viewer.id));
}

/**
 * Revokes the calendar token of a user, effective at the end of the transaction.
 *
 * @param userId also the actor in the audit log, if the context has no viewer
 */
export async function deleteCalendarTokenOf(trx: Context, userId: number): Promise<void> {
  if (!(await store.deleteCalendarToken(trx.db, userId))) return;
  await record(trx, { action: 'calendar_token.delete', id: userId, actorId: userId });
}

/**
 * Returns the id of the active user whose calendar token this is. Wrong tokens are throttled by
 * network; a right one is accepted all the same, because several users of a calendar service share
 * its addresses, and 256 bits cannot be guessed.
 *
 * @param context on the pool
 * @throws ApiError invalid_token; user_unavailable; too_many_attempts
 */
export async function identifyCalendarToken(context: Context, token: string): Promise<number> {
  const { db, now, report } = context;
  const user = await store.findCalendarUser(db, hashSecret(token));
  if (user === null) {
    return throttled(context, [wrongTokens(context)], () =>
      Promise.reject(new ApiError('invalid_token')),
    );
  }
  if (!user.is_active) throw new ApiError('user_unavailable');
  const since = new Date(now.getTime() - USE_INTERVAL_MS);
  if (user.last_used_at === null || Date.parse(user.last_used_at) <= since.getTime()) {
    // Reads must also work on a read-only standby, where this write fails.
    await store
      .recordCalendarUse(db, user.user_id, { now, since })
      .catch((error) => report(error, 'could not record the use of a calendar token'));
  }
  return user.user_id;
}

function wrongTokens({ address }: Context): Throttle {
  const network = address === null ? '' : networkOf(address);
  return { key: `calendar_token:${network}`, free: FREE_WRONG_TOKENS, onSuccess: 'take_back' };
}
