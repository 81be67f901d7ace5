import { randomBytes } from 'node:crypto';
import {
  type ApiKey,
  type ApiKeyCreate,
  type ApiKeyCreated,
  type ApiKeyListQuery,
  MAX_API_KEYS,
} from '#schemas/api-keys.js';
import type { Page } from '#schemas/paging.js';
import type { Origin, Viewer } from '#src/access/viewer.js';
import { record } from '#src/audit/audit.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { toTimestamp } from '#src/lib/timestamps.js';
import { readPage } from '#src/lists/paging.js';
import { hashSecret, mintSecret } from '#src/people/lib/random-secrets.js';
import * as store from '#src/people/stores/api-keys.js';
import { KEY_MARK } from './credentials.js';

/** The part of a key that stays visible, in bytes: enough to tell one from another. */
const PREFIX_BYTES = 4;

/** @throws InvalidRequest if the cursor is not one of ours */
export function listApiKeys(
  db: Database,
  { id }: Viewer,
  request: ApiKeyListQuery,
): Promise<Page<ApiKey>> {
  return readPage(request, {
    list: (slice) => store.listApiKeys(db, id, slice),
    count: () => store.countApiKeys(db, id),
    sortKey: (key, sort) => key[sort],
  });
}

/**
 * A new key of the viewer. What is returned is the only place where the key itself ever is.
 *
 * @throws InvalidRequest if it would have expired already; ApiError too_many_keys;
 *   user_unavailable if the viewer has just been deleted
 */
export function createApiKey(
  db: Database,
  origin: Origin,
  viewer: Viewer,
  { name, scopes, expires_at }: ApiKeyCreate,
): Promise<ApiKeyCreated> {
  const expiresAt = expires_at === null ? null : toTimestamp(expires_at);
  if (expiresAt !== null && expiresAt <= origin.now) {
    throw new InvalidRequest([valueError('moment_has_passed', ['body', 'expires_at'], expires_at)]);
  }
  const prefix = `${KEY_MARK}${randomBytes(PREFIX_BYTES).toString('hex')}`;
  const key = `${prefix}_${mintSecret().secret}`;
  return inTransaction(db, async (trx) => {
    // Two at once would each count the keys before the other's is there.
    if (!(await store.lockHolder(trx, viewer.id))) throw new ApiError('user_unavailable');
    const count = await store.countApiKeys(trx, viewer.id);
    if (count >= MAX_API_KEYS) throw new ApiError('too_many_keys');
    const created = await store.insertApiKey(trx, {
      user_id: viewer.id,
      name,
      prefix,
      key_hash: hashSecret(key),
      scopes,
      created_at: origin.now.toISOString(),
      expires_at: expiresAt?.toISOString() ?? null,
    });
    await record(trx, origin, { action: 'api_key.create', id: created.id, after: told(created) });
    return { ...created, key };
  });
}

/**
 * Ends a key of the viewer at once.
 *
 * @throws ApiError not_found if the viewer has no such key
 */
export function deleteApiKey(
  db: Database,
  origin: Origin,
  viewer: Viewer,
  id: number,
): Promise<void> {
  return inTransaction(db, async (trx) => {
    const deleted = await store.deleteApiKey(trx, viewer.id, id);
    if (deleted === null) throw new ApiError('not_found');
    await record(trx, origin, { action: 'api_key.delete', id, before: told(deleted) });
  });
}

/** What the audit log is told of a key. */
function told({ name, prefix, scopes, expires_at }: ApiKey): Record<string, unknown> {
  return { name, prefix, scopes, expires_at };
}
