import type { Insertable, Selectable } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';

/** A refresh token, stored as the SHA-256 of the client's secret. */
export type NewRefreshToken = Insertable<Schema['refresh_tokens']>;

/** Locks the session until the transaction ends, to serialize refreshes. */
export async function lockSession(db: Database, sessionId: number): Promise<void> {
  await db.selectFrom('sessions').select('id').where('id', '=', sessionId).forUpdate().execute();
}

/**
 * Returns when the token was first used (`used_at` is null if never), or null if the session has no
 * such token.
 */
export async function findRefreshToken(
  db: Database,
  sessionId: number,
  tokenHash: Buffer,
): Promise<Pick<Selectable<Schema['refresh_tokens']>, 'used_at'> | null> {
  const row = await db
    .selectFrom('refresh_tokens')
    .select('used_at')
    .where('token_hash', '=', tokenHash)
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return row ?? null;
}

export async function insertRefreshToken(db: Database, token: NewRefreshToken): Promise<void> {
  await db.insertInto('refresh_tokens').values(token).execute();
}

/** Records the time at which the token was first used. */
export async function recordRefreshTokenUse(
  db: Database,
  tokenHash: Buffer,
  now: Date,
): Promise<void> {
  await db
    .updateTable('refresh_tokens')
    .set({ used_at: now.toISOString() })
    .where('token_hash', '=', tokenHash)
    .execute();
}

/** Counts the session's other tokens issued since this one was first used. */
export async function countSuccessors(
  db: Database,
  sessionId: number,
  { tokenHash, usedAt }: { tokenHash: Buffer; usedAt: string },
): Promise<number> {
  const { count } = await db
    .selectFrom('refresh_tokens')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('session_id', '=', sessionId)
    .where('created_at', '>=', usedAt)
    .where('token_hash', '!=', tokenHash)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Deletes expired tokens, used or not; returns how many. */
export async function deleteExpiredRefreshTokens(db: Database, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('refresh_tokens')
    .where('expires_at', '<=', now.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
