import { randomBytes } from 'node:crypto';
import {
  type ApiKey,
  type ApiKeyCreate,
  type ApiKeyCreated,
  type ApiKeyListQuery,
  MAX_API_KEYS,
} from '#schemas/api-keys.js';
import type { Page } from '#schemas/paging.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { hashSecret, mintSecret } from '#src/lib/random-secrets.js';
import { toTimestamp } from '#src/lib/timestamps.js';
import { readPage } from '#src/lists/paging.js';
import * as store from '#src/people/stores/api-keys.js';
import { enqueue } from '#src/queue/store.js';
import { assertPassword, assertSamePassword } from './auth.js';
import { deleteCalendarTokenOf } from './calendar-tokens.js';
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
 * Creates an API key of the viewer, and notifies them by mail. The key itself is only in this
 * result: the database has its hash.
 *
 * @throws InvalidRequest if the password is wrong or `expires_at` is in the past; ApiError
 *   too_many_attempts; too_many_keys; user_unavailable if the viewer has just been deleted or their
 *   password has been reset
 */
export async function createApiKey(
  context: ActingContext,
  { name, scopes, expires_at, current_password }: ApiKeyCreate,
): Promise<ApiKeyCreated> {
  const expiresAt = expires_at === null ? null : toTimestamp(expires_at);
  if (expiresAt !== null && expiresAt <= context.now) {
    throw new InvalidRequest([
      valueError('timestamp_has_passed', ['body', 'expires_at'], expires_at),
    ]);
  }
  // A key outlives the session, so a stolen session must not be enough to create one.
  const passwordHash = await assertPassword(context, current_password, 'current_password');
  const prefix = `${KEY_PREFIX}${randomBytes(PREFIX_BYTES).toString('hex')}`;
  const key = `${prefix}_${mintSecret().secret}`;
  return inTransaction(context, async (trx) => {
    // The lock also serializes concurrent calls, which could otherwise exceed the limit together.
    const { email, username } = await assertSamePassword(trx, passwordHash);
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
    if (email !== null) {
      const { language } = context;
      await enqueue(trx.db, 'notice', {
        kind: 'api_key_created',
        userId: context.viewer.id,
        to: email,
        username,
        name,
        language,
      });
    }
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

/**
 * Deletes all API keys and the calendar token of a user, effective at the end of the transaction.
 *
 * @param userId also the actor in the audit log, if the context has no viewer
 */
export async function deleteKeysAndCalendarToken(trx: Context, userId: number): Promise<void> {
  await deleteCalendarTokenOf(trx, userId);
  const deleted = await store.deleteApiKeysOf(trx.db, userId);
  if (deleted.length === 0) return;
  const action = 'api_key.delete';
  await record(
    trx,
    ...deleted.map(
      (key) =>
        ({
          action,
          id: key.id,
          actorId: userId,
          before: auditable(key),
        }) as const,
    ),
  );
}

/** Returns the fields of a key for the audit log. */
function auditable({ name, prefix, scopes, expires_at }: ApiKey): Record<string, unknown> {
  return { name, prefix, scopes, expires_at };
}
