import type { ExpressionBuilder, Insertable, Selectable } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';

export type EmailTokenPurpose = Selectable<Schema['email_tokens']>['purpose'];
export type EmailToken = Pick<Selectable<Schema['email_tokens']>, 'user_id' | 'email' | 'purpose'>;

/** Inserts a token and deletes the user's other tokens for the same purpose. */
export async function replaceEmailToken(
  db: Database,
  token: Insertable<Schema['email_tokens']>,
): Promise<void> {
  await deleteEmailTokensOf(db, token.user_id, token.purpose);
  await db.insertInto('email_tokens').values(token).execute();
}

/** Returns the unexpired token with this SHA-256 and one of these purposes, or null. */
export async function findEmailToken(
  db: Database,
  tokenHash: Buffer,
  purposes: EmailTokenPurpose | readonly EmailTokenPurpose[],
  now: Date,
): Promise<EmailToken | null> {
  const row = await db
    .selectFrom('email_tokens')
    .select(['user_id', 'email', 'purpose'])
    .where(isGood(tokenHash, [purposes].flat(), now))
    .executeTakeFirst();
  return row ?? null;
}

/** Deletes and returns the token, so that it works only once; null like `findEmailToken`. */
export async function takeEmailToken(
  db: Database,
  tokenHash: Buffer,
  purposes: EmailTokenPurpose | readonly EmailTokenPurpose[],
  now: Date,
): Promise<EmailToken | null> {
  const row = await db
    .deleteFrom('email_tokens')
    .where(isGood(tokenHash, [purposes].flat(), now))
    .returning(['user_id', 'email', 'purpose'])
    .executeTakeFirst();
  return row ?? null;
}

/** Deletes the tokens of a user, for one purpose or all. */
export async function deleteEmailTokensOf(
  db: Database,
  userId: number,
  purpose?: EmailTokenPurpose,
): Promise<void> {
  let query = db.deleteFrom('email_tokens').where('user_id', '=', userId);
  if (purpose !== undefined) query = query.where('purpose', '=', purpose);
  await query.execute();
}

/** Deletes expired tokens; returns how many. */
export async function deleteExpiredEmailTokens(db: Database, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('email_tokens')
    .where('expires_at', '<=', now.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

function isGood(tokenHash: Buffer, purposes: EmailTokenPurpose[], now: Date) {
  return (eb: ExpressionBuilder<Schema, 'email_tokens'>) =>
    eb.and([
      eb('token_hash', '=', tokenHash),
      eb('purpose', 'in', purposes),
      eb('expires_at', '>', now.toISOString()),
    ]);
}
