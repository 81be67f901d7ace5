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
 * Milliseconds during which a used refresh token still works, because a client with concurrent
 * requests may refresh several times at once.
 */
const GRACE_MS = 5 * 1000;

/**
 * Maximum number of tokens per session during that time, which bounds the table for faulty clients.
 */
const MAX_TOKENS_IN_GRACE = 10;

/** Keys that sign the tokens, and the client's `User-Agent`. */
export interface TokenIssuer {
  keys: TokenKeys;
  userAgent: string | null;
}

/**
 * Issues tokens for a password, which starts a session, or for a refresh token, which extends one
 * (RFC 6749, sections 4.3 and 6). A refresh token works once. Reuse after the grace period ends the
 * whole session, because two parties then have the token.
 *
 * Must not be called in a transaction, whose rollback would undo the end of the session.
 *
 * @throws InvalidRequest if fields that the grant type requires are missing; ApiError
 *   invalid_credentials; too_many_attempts; invalid_token if the refresh token is forged, expired
 *   or used, or its session has ended; wrong_token_type; user_unavailable
 */
export async function grantTokens(
  context: Context,
  request: TokenRequest,
  issuer: TokenIssuer,
): Promise<TokenPair> {
  if (request.grant_type === 'refresh_token') {
    assertFields(request, ['refresh_token']);
    return refreshSession(context, request.refresh_token, issuer.keys);
  }
  assertFields(request, ['username', 'password']);
  return startTokenSession(context, request, issuer);
}

/**
 * Ends the session of a refresh or access token (RFC 7009). An invalid token is ignored without an
 * error.
 */
export async function revokeToken(context: Context, token: string, keys: TokenKeys): Promise<void> {
  const refreshed = await keys.verify('refresh', token, context.now);
  const subject =
    'fault' in refreshed ? await keys.verify('access', token, context.now) : refreshed;
  if ('fault' in subject) return;
  await inTransaction(context, (trx) => endTokenSession(trx, subject, 'session.end'));
}

async function startTokenSession(
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

async function refreshSession(
  context: Context,
  token: string,
  keys: TokenKeys,
): Promise<TokenPair> {
  const subject = await keys.verify('refresh', token, context.now);
  if ('fault' in subject) throw new ApiError(subject.fault);
  const pair = await inTransaction(context, (trx) =>
    exchangeToken(trx, { ...subject, tokenHash: hashSecret(token) }, keys),
  );
  // Thrown outside the transaction, whose rollback would undo the end of the session.
  if (pair === null) throw new ApiError('invalid_token');
  return pair;
}

/** Returns a new pair, or null after a reused token has ended the session. */
async function exchangeToken(
  trx: Context,
  { tokenHash, ...subject }: TokenSubject & { tokenHash: Buffer },
  keys: TokenKeys,
): Promise<TokenPair | null> {
  const { now } = trx;
  const { userId, sessionId } = subject;
  await store.lockSession(trx.db, sessionId);
  const user = await findUserByToken(trx.db, userId, sessionId, now);
  if (user === null || !user.is_active) throw new ApiError('user_unavailable');
  const known =
    user.session_id === null ? null : await store.findRefreshToken(trx.db, sessionId, tokenHash);
  if (known === null) throw new ApiError('invalid_token');

  if (known.used_at === null) {
    await store.recordRefreshTokenUse(trx.db, tokenHash, now);
  } else if (now.getTime() - Date.parse(known.used_at) > GRACE_MS) {
    await endTokenSession(trx, subject, 'token.reuse');
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

async function endTokenSession(
  trx: Context,
  { userId, sessionId }: TokenSubject,
  action: AuditAction,
): Promise<void> {
  if (!(await deleteSession(trx.db, userId, sessionId, trx.now))) return;
  // The token identifies the user, not a session cookie that was sent along.
  const anonymous = { ...trx, viewer: null };
  await record(anonymous, { action, id: sessionId, actorId: userId });
}

/** A session expires together with its latest refresh token. */
function expiryOf(now: Date): Date {
  return new Date(now.getTime() + REFRESH_TOKEN_SECONDS * 1000);
}

/** @throws InvalidRequest with an item for every missing field */
function assertFields<K extends keyof TokenRequest>(
  request: TokenRequest,
  names: readonly K[],
): asserts request is TokenRequest & Required<Pick<TokenRequest, K>> {
  const missing = names.filter((name) => request[name] === undefined);
  if (missing.length === 0) return;
  throw new InvalidRequest(missing.map((name) => missingValue(['body', name])));
}
