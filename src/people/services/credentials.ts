import type { SessionLimits } from '#src/access/context.js';
import type { Viewer } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';
import { ApiError } from '#src/errors.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import type { TokenKeys } from '#src/people/lib/access-tokens.js';
import { startOfEnding } from '#src/people/lib/session-ends.js';
import * as store from '#src/people/stores/credentials.js';
import type { RecentCredentials } from './recent-credentials.js';

/** Prefix of every API key. Distinguishes keys from tokens, and makes leaked keys easy to find. */
export const KEY_PREFIX = 'alt_';

/**
 * Minimum milliseconds between two records of a key's use; recording each use would cost a write.
 */
const USE_INTERVAL_MS = 60 * 1000;

export interface CredentialOptions {
  /** Verifies access tokens. */
  keys: TokenKeys;
  recent: RecentCredentials;
  now: Date;
  sessionLimits: SessionLimits;
  /** Called if the use of a key could not be recorded, which does not fail the request. */
  onUnrecordedUse: (error: unknown) => void;
}

/**
 * Returns the user of an access token or API key.
 *
 * @throws ApiError invalid_token if it is forged, expired or revoked; wrong_token_type;
 *   user_unavailable if the user is gone or inactive
 */
export function identifyCredential(
  db: Database,
  credential: string,
  options: CredentialOptions,
): Promise<Viewer> {
  return credential.startsWith(KEY_PREFIX)
    ? identifyKey(db, credential, options)
    : identifyToken(db, credential, options);
}

async function identifyToken(
  db: Database,
  token: string,
  { keys, recent, now, sessionLimits }: CredentialOptions,
): Promise<Viewer> {
  const subject = keys.verify('access', token, now);
  if ('fault' in subject) throw new ApiError(subject.fault);
  const { userId, sessionId, expiresAt } = subject;
  const user = await recent.find(`token ${userId} ${sessionId}`, () => {
    const startedAfter = startOfEnding('token', now, sessionLimits);
    return store.findUserByToken(db, userId, sessionId, { now, startedAfter });
  });
  if (user === null || !user.is_active) throw new ApiError('user_unavailable');
  if (user.session_id === null || isPast(user.session_expires_at, now))
    throw new ApiError('invalid_token');
  return toViewer(user, { kind: 'token', id: user.session_id, expiresAt });
}

async function identifyKey(
  db: Database,
  key: string,
  { recent, now, onUnrecordedUse }: CredentialOptions,
): Promise<Viewer> {
  const hash = hashSecret(key);
  const credential = `key ${hash.toString('base64')}`;
  const user = await recent.find(credential, () => store.findUserByKey(db, hash));
  if (user === null || isPast(user.expires_at, now)) throw new ApiError('invalid_token');
  if (!user.is_active) throw new ApiError('user_unavailable');
  const since = new Date(now.getTime() - USE_INTERVAL_MS);
  if (isPast(user.last_used_at, since, true)) {
    // Reads must also work on a read-only standby, where this write fails.
    await store.recordKeyUse(db, user.key_id, { now, since }).catch(onUnrecordedUse);
    recent.forget(credential);
  }
  return toViewer(user, { kind: 'key', id: user.key_id, scopes: user.scopes });
}

/**
 * Returns what viewers may do now: null for one whose credential has ended, or whose user is gone or
 * inactive. One statement for all of them.
 */
export async function refreshViewers(
  db: Database,
  viewers: readonly Viewer[],
  { now, sessionLimits }: Pick<CredentialOptions, 'now' | 'sessionLimits'>,
): Promise<(Viewer | null)[]> {
  const idsOf = (isKey: boolean) =>
    viewers.flatMap(({ credential: { kind, id } }) => ((kind === 'key') === isKey ? [id] : []));
  const startedAfter = {
    cookie: startOfEnding('cookie', now, sessionLimits),
    token: startOfEnding('token', now, sessionLimits),
  };
  const users = await store.findUsersOfCredentials(
    db,
    { sessions: idsOf(false), keys: idsOf(true) },
    { now, startedAfter },
  );
  const byCredential = new Map(
    users.map((user) => [`${user.kind === 'key' ? 'key' : 'session'} ${user.id}`, user]),
  );
  return viewers.map(({ credential }) => {
    if (credential.kind === 'token' && credential.expiresAt <= now) return null;
    const kind = credential.kind === 'key' ? 'key' : 'session';
    const user = byCredential.get(`${kind} ${credential.id}`);
    return user === undefined ? null : toViewer(user, credential);
  });
}

function isPast(timestamp: string | null, now: Date, ifNever = false): boolean {
  return timestamp === null ? ifNever : Date.parse(timestamp) <= now.getTime();
}

function toViewer(user: store.TokenUser, credential: Viewer['credential']): Viewer {
  const { user_id, username, role, permissions } = user;
  return { id: user_id, username, role, permissions, credential };
}
