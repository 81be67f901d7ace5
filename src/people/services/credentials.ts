import type { Viewer } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';
import { ApiError } from '#src/errors.js';
import type { TokenKeys } from '#src/people/lib/access-tokens.js';
import { hashSecret } from '#src/people/lib/random-secrets.js';
import * as store from '#src/people/stores/credentials.js';

/** What every API key begins with, so that one that has leaked can be found and told from a token. */
export const KEY_MARK = 'alt_';

/** That a key was used is noted at most this often: noting it with each request would cost a write. */
const USE_NOTED_MS = 60 * 1000;

export interface CredentialOptions {
  /** Verify access tokens. */
  keys: TokenKeys;
  now: Date;
  /** Told why the use of a key could not be noted, for which nobody is refused. */
  onUnnoted: (error: unknown) => void;
}

/**
 * Whoever presents this access token or API key.
 *
 * @throws ApiError invalid_token if it is forged, has expired or has been revoked; wrong_token_type;
 *   user_unavailable if its user is gone or switched off
 */
export function identifyCredential(
  db: Database,
  credential: string,
  options: CredentialOptions,
): Promise<Viewer> {
  return credential.startsWith(KEY_MARK)
    ? identifyKey(db, credential, options)
    : identifyToken(db, credential, options);
}

async function identifyToken(
  db: Database,
  token: string,
  { keys, now }: CredentialOptions,
): Promise<Viewer> {
  const subject = await keys.verify('access', token, now);
  if ('fault' in subject) throw new ApiError(subject.fault);
  const bearer = await store.findUserByToken(db, subject.userId, subject.sessionId, now);
  if (bearer === null || !bearer.is_active) throw new ApiError('user_unavailable');
  if (bearer.session_id === null) throw new ApiError('invalid_token');
  return toViewer(bearer, { kind: 'token', id: bearer.session_id });
}

async function identifyKey(
  db: Database,
  key: string,
  { now, onUnnoted }: CredentialOptions,
): Promise<Viewer> {
  const bearer = await store.findUserByKey(db, hashSecret(key));
  if (bearer === null || isPast(bearer.expires_at, now)) throw new ApiError('invalid_token');
  if (!bearer.is_active) throw new ApiError('user_unavailable');
  const since = new Date(now.getTime() - USE_NOTED_MS);
  if (isPast(bearer.last_used_at, since, true)) {
    // A standby that can only read serves readers all the same.
    await store.recordKeyUse(db, bearer.key_id, { now, since }).catch(onUnnoted);
  }
  return toViewer(bearer, { kind: 'key', id: bearer.key_id, scopes: bearer.scopes });
}

function isPast(moment: string | null, now: Date, ifNever = false): boolean {
  return moment === null ? ifNever : Date.parse(moment) <= now.getTime();
}

function toViewer(bearer: store.TokenUser, credential: Viewer['credential']): Viewer {
  const { user_id, username, role, permissions } = bearer;
  return { id: user_id, username, role, permissions, credential };
}
