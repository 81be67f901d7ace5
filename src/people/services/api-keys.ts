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
import { KEY_MARK } from './credentials.js';

/** The part of a key that stays visible, in bytes: enough to tell one from another. */
const PREFIX_BYTES = 4;

/** @throws InvalidRequest if the cursor is not one of ours */
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
 * A new key of the viewer. What is returned is the only place where the key itself ever is.
 *
 * @throws InvalidRequest if it would have expired already; ApiError too_many_keys;
 *   user_unavailable if the viewer has just been deleted
 */
export function createApiKey(
  context: ActingContext,
  { name, scopes, expires_at }: ApiKeyCreate,
): Promise<ApiKeyCreated> {
  const expiresAt = expires_at === null ? null : toTimestamp(expires_at);
  if (expiresAt !== null && expiresAt <= context.now) {
    throw new InvalidRequest([valueError('moment_has_passed', ['body', 'expires_at'], expires_at)]);
  }
  const prefix = `${KEY_MARK}${randomBytes(PREFIX_BYTES).toString('hex')}`;
  const key = `${prefix}_${mintSecret().secret}`;
  return inTransaction(context, async (trx) => {
    // Two at once would each count the keys before the other's is there.
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
    await record(trx, { action: 'api_key.create', id: created.id, after: told(created) });
    return { ...created, key };
  });
}

/**
 * Ends a key of the viewer at once.
 *
 * @throws ApiError not_found if the viewer has no such key
 */
export function deleteApiKey(context: ActingContext, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    const deleted = await store.deleteApiKey(trx.db, context.viewer.id, id);
    if (deleted === null) throw new ApiError('not_found');
    await record(trx, { action: 'api_key.delete', id, before: told(deleted) });
  });
}

/** What the audit log is told of a key. */
function told({ name, prefix, scopes, expires_at }: ApiKey): Record<string, unknown> {
  return { name, prefix, scopes, expires_at };
}
