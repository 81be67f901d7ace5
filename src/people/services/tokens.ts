import type { AuditAction } from '#schemas/audit.js';
import type { TokenPair, TokenRequest } from '#schemas/tokens.js';
import type { Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, missingValue } from '#src/errors.js';
import {
  ACCESS_TOKEN_SECONDS,
  REFRESH_TOKEN_SECONDS,
  type TokenKeys,
  type TokenSubject,
} from '#src/people/lib/access-tokens.js';
import { hashSecret } from '#src/people/lib/random-secrets.js';
import { findUserByToken } from '#src/people/stores/credentials.js';
import * as store from '#src/people/stores/refresh-tokens.js';
import { deleteSession, renewSession } from '#src/people/stores/sessions.js';
import { authenticate } from './auth.js';
import { startSession } from './sessions.js';

/**
 * How long a refresh token that was used is still good for another pair. A client whose requests
 * run side by side renews several times at once, with the one token that it has.
 */
const GRACE_MS = 5 * 1000;

/** How many tokens a sign-in may get in that time, so that a client gone wild fills no table. */
const MAX_TOKENS_IN_GRACE = 10;

/** What signs the tokens, and what the client says it is. */
export interface TokenIssuer {
  keys: TokenKeys;
  userAgent: string | null;
}

/**
 * Tokens for a password, which begin a sign-in, or for a refresh token, which prolong one
 * (RFC 6749, sections 4.3 and 6). Every refresh token is good for one renewal. One that comes again
 * after the grace is in two hands, nobody can tell in whose rightfully, and its whole sign-in ends.
 *
 * Not to be called within a transaction, which would take back that ending with the refusal.
 *
 * @throws InvalidRequest without what the grant needs; ApiError invalid_credentials; invalid_token
 *   if the refresh token is forged, has expired, was used before or belongs to a sign-in that has
 *   ended; wrong_token_type; user_unavailable
 */
export async function grantTokens(
  context: Context,
  request: TokenRequest,
  issuer: TokenIssuer,
): Promise<TokenPair> {
  if (request.grant_type === 'refresh_token') {
    assertFields(request, ['refresh_token']);
    return renewSignIn(context, request.refresh_token, issuer.keys);
  }
  assertFields(request, ['username', 'password']);
  return beginTokenSignIn(context, request, issuer);
}

/**
 * Ends the sign-in to which a refresh or an access token belongs (RFC 7009). A token that is worth
 * nothing already stays so, and nobody is told the difference.
 */
export async function revokeToken(context: Context, token: string, keys: TokenKeys): Promise<void> {
  const refreshed = await keys.verify('refresh', token, context.now);
  const subject =
    'fault' in refreshed ? await keys.verify('access', token, context.now) : refreshed;
  if ('fault' in subject) return;
  await inTransaction(context, (trx) => endTokenSignIn(trx, subject, 'session.end'));
}

async function beginTokenSignIn(
  context: Context,
  login: { username: string; password: string },
  { keys, userAgent }: TokenIssuer,
): Promise<TokenPair> {
  const { id: userId, passwordHash } = await authenticate(context, login);
  return inTransaction(context, async (trx) => {
    const sessionId = await startSession(trx, {
      userId,
      passwordHash,
      cookieId: null,
      remember: false,
      userAgent,
      expiresAt: expiryOf(context.now),
    });
    return issuePair(trx, { userId, sessionId }, keys, context.now);
  });
}

async function renewSignIn(context: Context, token: string, keys: TokenKeys): Promise<TokenPair> {
  const subject = await keys.verify('refresh', token, context.now);
  if ('fault' in subject) throw new ApiError(subject.fault);
  const pair = await inTransaction(context, (trx) =>
    exchangeToken(trx, { ...subject, tokenHash: hashSecret(token) }, keys),
  );
  // Thrown only now: within the transaction it would take back that the sign-in has ended.
  if (pair === null) throw new ApiError('invalid_token');
  return pair;
}

/** The next pair; or null if the token had been used long before, and the sign-in has ended for it. */
async function exchangeToken(
  trx: Context,
  { tokenHash, ...subject }: TokenSubject & { tokenHash: Buffer },
  keys: TokenKeys,
): Promise<TokenPair | null> {
  const { now } = trx;
  const { userId, sessionId } = subject;
  await store.lockSignIn(trx.db, sessionId);
  const bearer = await findUserByToken(trx.db, userId, sessionId, now);
  if (bearer === null || !bearer.is_active) throw new ApiError('user_unavailable');
  const known =
    bearer.session_id === null ? null : await store.findRefreshToken(trx.db, sessionId, tokenHash);
  if (known === null) throw new ApiError('invalid_token');

  if (known.used_at === null) {
    await store.recordRefreshTokenUse(trx.db, tokenHash, now);
  } else if (now.getTime() - Date.parse(known.used_at) > GRACE_MS) {
    await endTokenSignIn(trx, subject, 'token.reuse');
    return null;
  } else {
    const usage = { tokenHash, usedAt: known.used_at };
    const successors = await store.countSuccessors(trx.db, sessionId, usage);
    if (successors >= MAX_TOKENS_IN_GRACE) throw new ApiError('invalid_token');
  }
  const times = { last_seen_at: now.toISOString(), expires_at: expiryOf(now).toISOString() };
  await renewSession(trx.db, sessionId, times);
  return issuePair(trx, subject, keys, now);
}

async function issuePair(
  trx: Context,
  subject: TokenSubject,
  keys: TokenKeys,
  now: Date,
): Promise<TokenPair> {
  const access = await keys.sign('access', subject, now);
  const refresh = await keys.sign('refresh', subject, now);
  await store.insertRefreshToken(trx.db, {
    token_hash: hashSecret(refresh),
    session_id: subject.sessionId,
    created_at: now.toISOString(),
    expires_at: expiryOf(now).toISOString(),
  });
  return {
    access_token: access,
    token_type: 'bearer',
    expires_in: ACCESS_TOKEN_SECONDS,
    refresh_token: refresh,
    refresh_expires_in: REFRESH_TOKEN_SECONDS,
  };
}

async function endTokenSignIn(
  trx: Context,
  { userId, sessionId }: TokenSubject,
  action: AuditAction,
): Promise<void> {
  if (!(await deleteSession(trx.db, userId, sessionId, trx.now))) return;
  // The token speaks, and not whose cookie may have come along.
  const speaker = { ...trx, viewer: null };
  await record(speaker, { action, id: sessionId, actorId: userId });
}

/** A sign-in lives as long as the refresh token that was handed out last. */
function expiryOf(now: Date): Date {
  return new Date(now.getTime() + REFRESH_TOKEN_SECONDS * 1000);
}

/** @throws InvalidRequest that names each of the fields that is not there */
function assertFields<K extends keyof TokenRequest>(
  request: TokenRequest,
  names: readonly K[],
): asserts request is TokenRequest & Required<Pick<TokenRequest, K>> {
  const missing = names.filter((name) => request[name] === undefined);
  if (missing.length === 0) return;
  throw new InvalidRequest(missing.map((name) => missingValue(['body', name])));
}
