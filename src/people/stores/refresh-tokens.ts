import type { Insertable, Selectable } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';

/** A refresh token: the SHA-256 of what the client holds. */
export type NewRefreshToken = Insertable<Schema['refresh_tokens']>;

/** Makes every other renewal of the sign-in wait until this transaction has ended. */
export async function lockSignIn(db: Database, sessionId: number): Promise<void> {
  await db.selectFrom('sessions').select('id').where('id', '=', sessionId).forUpdate().execute();
}

/** When the token was first used; null if the sign-in has no such token. */
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

/** Notes when the token was first used. */
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

/** How many other tokens the sign-in was given since this one was used. */
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

/** Removes what has expired, used or not. Returns how many tokens that were. */
export async function deleteExpiredRefreshTokens(db: Database, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('refresh_tokens')
    .where('expires_at', '<=', now.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
