import { randomBytes } from 'node:crypto';
import {
  type ApiKey,
  type ApiKeyCreate,
  type ApiKeyCreated,
  type ApiKeyListQuery,
  MAX_API_KEYS,
} from '#schemas/api-keys.js';
import type { Page } from '#schemas/paging.js';
import type { ActingContext } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { toTimestamp } from '#src/lib/timestamps.js';
import { readPage } from '#src/lists/paging.js';
import { hashSecret, mintSecret } from '#src/people/lib/random-secrets.js';
import * as store from '#src/people/stores/api-keys.js';
import { KEY_PREFIX } from './credentials.js';

/** Random bytes in the visible prefix of a key, which identifies the key in lists. */
const PREFIX_BYTES = 4;

/** @throws InvalidRequest if the cursor is invalid */
export function listApiKeys(
  context: ActingContext,
  request: ApiKeyListQuery,
): Promise<Page<ApiKey>> {
  return readPage(request, {
    list: (slice) => store.listApiKeys(context.db, context.viewer.id, slice),
    count: () => store.countApiKeys(context.db, context.viewer.id),
    sortKey: (key, sort) => key[sort],
  });
}

/**
 * Creates an API key of the viewer. The key itself is only in this result: the database has its
 * hash.
 *
 * @throws InvalidRequest if `expires_at` is in the past; ApiError too_many_keys; user_unavailable
 *   if the viewer has just been deleted
 */
export function createApiKey(
  context: ActingContext,
  { name, scopes, expires_at }: ApiKeyCreate,
): Promise<ApiKeyCreated> {
  const expiresAt = expires_at === null ? null : toTimestamp(expires_at);
  if (expiresAt !== null && expiresAt <= context.now) {
    throw new InvalidRequest([
      valueError('timestamp_has_passed', ['body', 'expires_at'], expires_at),
    ]);
  }
  const prefix = `${KEY_PREFIX}${randomBytes(PREFIX_BYTES).toString('hex')}`;
  const key = `${prefix}_${mintSecret().secret}`;
  return inTransaction(context, async (trx) => {
    // Serializes concurrent calls, which could otherwise exceed the limit together.
    if (!(await store.lockHolder(trx.db, context.viewer.id)))
      throw new ApiError('user_unavailable');
    const count = await store.countApiKeys(trx.db, context.viewer.id);
    if (count >= MAX_API_KEYS) throw new ApiError('too_many_keys');
    const created = await store.insertApiKey(trx.db, {
      user_id: context.viewer.id,
      name,
      prefix,
      key_hash: hashSecret(key),
      scopes,
      created_at: context.now.toISOString(),
      expires_at: expiresAt?.toISOString() ?? null,
    });
    await record(trx, { action: 'api_key.create', id: created.id, after: auditable(created) });
    return { ...created, key };
  });
}

/**
 * Deletes an API key of the viewer, effective immediately.
 *
 * @throws ApiError not_found if the viewer has no such key
 */
export function deleteApiKey(context: ActingContext, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    const deleted = await store.deleteApiKey(trx.db, context.viewer.id, id);
    if (deleted === null) throw new ApiError('not_found');
    await record(trx, { action: 'api_key.delete', id, before: auditable(deleted) });
  });
}

/** Returns the fields of a key for the audit log. */
function auditable({ name, prefix, scopes, expires_at }: ApiKey): Record<string, unknown> {
  return { name, prefix, scopes, expires_at };
}
