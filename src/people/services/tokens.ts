import type { AuditAction } from '#schemas/audit.js';
import type { TokenPair, TokenRequest } from '#schemas/tokens.js';
import type { Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, missingValue } from '#src/errors.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import {
  lifetimeOf,
  REFRESH_TOKEN_SECONDS,
  type TokenKeys,
  type TokenSubject,
} from '#src/people/lib/access-tokens.js';
import { earlier, endOf, startOfEnding } from '#src/people/lib/session-ends.js';
import { findUserByToken } from '#src/people/stores/credentials.js';
import * as store from '#src/people/stores/refresh-tokens.js';
import { deleteSession, renewSession, reserveSessionId } from '#src/people/stores/sessions.js';
import { authenticate } from './auth.js';
import { startSession } from './sessions.js';

/**
 * Milliseconds during which a used refresh token still works, because a client may have lost the
 * response, or refresh several times at once.
 */
const GRACE_MS = 5 * 1000;

/**
 * Maximum number of tokens per session during that time, which bounds the table for faulty clients.
 */
const MAX_TOKENS_IN_GRACE = 10;

/**
 * Maximum number of refresh tokens per session. Older ones are deleted, the used ones first. An
 * unknown token of a live session ends it, so the reuse of a deleted token is still recognized.
 */
export const MAX_REFRESH_TOKENS = 100;

/** Keys that sign the tokens, and the client's `User-Agent`. */
export interface TokenIssuer {
  keys: TokenKeys;
  userAgent: string | null;
}

/**
 * Issues tokens for a password, which starts a session, or for a refresh token, which extends one
 * (RFC 6749, sections 4.3 and 6). A session ends when its time is up, however often it is extended.
 *
 * A refresh token works once. Reuse after the grace period ends the whole session, because two
 * parties then have the token. Reuse before its end begins a second line of tokens, which serves a
 * client that has lost the first. Once one line was renewed, renewing the other ends the session.
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
  const refreshed = keys.verify('refresh', token, context.now);
  const subject = 'fault' in refreshed ? keys.verify('access', token, context.now) : refreshed;
  if ('fault' in subject) return;
  await inTransaction(context, (trx) => endTokenSession(trx, subject, 'session.end'));
}

async function startTokenSession(
  context: Context,
  { username, password, device_token }: TokenRequest & { username: string; password: string },
  { keys, userAgent }: TokenIssuer,
): Promise<TokenPair> {
  const { now, sessionLimits } = context;
  const presented = device_token ?? null;
  const { id: userId, passwordHash } = await authenticate(
    context,
    { username, password },
    presented,
  );
  const end = endOf('token', now, sessionLimits);
  const sessionId = await reserveSessionId(context.db);
  const pair = signPair({ userId, sessionId }, { keys, now, end });
  return inTransaction(context, async (trx) => {
    const { device } = await startSession(trx, {
      id: sessionId,
      userId,
      passwordHash,
      cookieId: null,
      remember: false,
      userAgent,
      device: presented,
      expiresAt: expiryOf(now, end),
    });
    await storeRefreshToken(trx, pair, { sessionId, end, parentHash: null });
    return { ...pair, device_token: device };
  });
}

async function refreshSession(
  context: Context,
  token: string,
  keys: TokenKeys,
): Promise<TokenPair> {
  const { now, sessionLimits } = context;
  const subject = keys.verify('refresh', token, now);
  if ('fault' in subject) throw new ApiError(subject.fault);
  const start = await store.findSessionStart(context.db, subject.sessionId);
  const end = endOf('token', start ?? now, sessionLimits);
  const pair = signPair(subject, { keys, now, end });
  const isExchanged = await inTransaction(context, (trx) =>
    exchangeToken(trx, { ...subject, tokenHash: hashSecret(token), end }, pair),
  );
  // Thrown outside the transaction, whose rollback would undo the end of the session.
  if (!isExchanged) throw new ApiError('invalid_token');
  return pair;
}

/** Stores a new pair. Returns false if the token was reused, which ends the session. */
async function exchangeToken(
  trx: Context,
  { tokenHash, end, ...subject }: TokenSubject & { tokenHash: Buffer; end: Date },
  pair: TokenPair,
): Promise<boolean> {
  const { now, sessionLimits } = trx;
  const { userId, sessionId } = subject;
  await store.lockSession(trx.db, sessionId);
  const startedAfter = startOfEnding('token', now, sessionLimits);
  const user = await findUserByToken(trx.db, userId, sessionId, { now, startedAfter });
  if (user === null || !user.is_active) throw new ApiError('user_unavailable');
  if (user.session_id === null) throw new ApiError('invalid_token');
  // In its last second, a session is too short for a token.
  if (lifetimeOf('refresh', now, end) < 1) throw new ApiError('invalid_token');

  const known = await store.findRefreshToken(trx.db, sessionId, tokenHash);
  // The signature shows that the token was issued for this session. If it is not stored, it was used
  // long ago, or it stands beside a token that was used.
  if (known === null || isStolen(known, now)) {
    await endTokenSession(trx, subject, 'token.reuse');
    return false;
  }
  if (known.used_at === null) {
    await store.recordRefreshTokenUse(trx.db, tokenHash, now);
    await store.deleteSiblings(trx.db, sessionId, tokenHash);
  } else if ((await store.countChildren(trx.db, sessionId, tokenHash)) >= MAX_TOKENS_IN_GRACE) {
    throw new ApiError('invalid_token');
  }
  const expiresAt = expiryOf(now, end).toISOString();
  await renewSession(trx.db, sessionId, { last_seen_at: now.toISOString(), expires_at: expiresAt });
  await storeRefreshToken(trx, pair, { sessionId, end, parentHash: tokenHash });
  return true;
}

/**
 * Whether two parties must have the token: it was used long ago, or the line of tokens that it
 * begins or belongs to stands beside one that was renewed.
 */
function isStolen(
  { used_at, has_used_sibling, has_used_child }: store.StoredRefreshToken,
  now: Date,
): boolean {
  if (has_used_sibling) return true;
  if (used_at === null) return false;
  return has_used_child || now.getTime() - Date.parse(used_at) > GRACE_MS;
}

/** Signs a pair of tokens. */
function signPair(
  subject: TokenSubject,
  { keys, now, end }: { keys: TokenKeys; now: Date; end: Date },
): TokenPair {
  return {
    access_token: keys.sign('access', subject, now, end),
    token_type: 'bearer',
    expires_in: lifetimeOf('access', now, end),
    refresh_token: keys.sign('refresh', subject, now, end),
    refresh_expires_in: lifetimeOf('refresh', now, end),
  };
}

/** The session of a new refresh token. */
interface TokenPlace {
  sessionId: number;
  /** When the session ends, however often it is extended. */
  end: Date;
  /** Hash of the refresh token that the new one replaces; null for the first of a session. */
  parentHash: Buffer | null;
}

async function storeRefreshToken(
  trx: Context,
  { refresh_token }: TokenPair,
  { sessionId, end, parentHash }: TokenPlace,
): Promise<void> {
  const { now } = trx;
  await store.insertRefreshToken(trx.db, {
    token_hash: hashSecret(refresh_token),
    session_id: sessionId,
    created_at: now.toISOString(),
    expires_at: expiryOf(now, end).toISOString(),
    parent_hash: parentHash,
  });
  await store.deleteExcessRefreshTokens(trx.db, sessionId, MAX_REFRESH_TOKENS);
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

/** A session expires together with its latest refresh token, and no later than it ends. */
function expiryOf(now: Date, end: Date): Date {
  return earlier(new Date(now.getTime() + REFRESH_TOKEN_SECONDS * 1000), end);
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
