import { type Insertable, type Selectable, sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';

/** A refresh token, stored as the SHA-256 of the client's secret. */
export type NewRefreshToken = Insertable<Schema['refresh_tokens']>;

/** A refresh token of a session, and what has become of the tokens next to it. */
export interface StoredRefreshToken extends Pick<Selectable<Schema['refresh_tokens']>, 'used_at'> {
  /** Whether another token with the same parent was used. */
  has_used_sibling: boolean;
  /** Whether a token that was issued for this one was used. */
  has_used_child: boolean;
}

/** Returns when the session started, or null if there is no such session. */
export async function findSessionStart(db: Database, sessionId: number): Promise<Date | null> {
  const row = await db
    .selectFrom('sessions')
    .select('created_at')
    .where('id', '=', sessionId)
    .executeTakeFirst();
  return row === undefined ? null : new Date(row.created_at);
}

/** Locks the session until the transaction ends, to serialize refreshes. */
export async function lockSession(db: Database, sessionId: number): Promise<void> {
  await db.selectFrom('sessions').select('id').where('id', '=', sessionId).forUpdate().execute();
}

/**
 * Returns the token, of which `used_at` is when it was first used, or null if the session has no
 * such token.
 */
export async function findRefreshToken(
  db: Database,
  sessionId: number,
  tokenHash: Buffer,
): Promise<StoredRefreshToken | null> {
  const row = await db
    .selectFrom('refresh_tokens as token')
    .select(({ exists, selectFrom }) => {
      const used = selectFrom('refresh_tokens as other')
        .select('other.token_hash')
        .whereRef('other.session_id', '=', 'token.session_id')
        .where('other.used_at', 'is not', null);
      return [
        'token.used_at',
        exists(
          used
            .whereRef('other.parent_hash', '=', 'token.parent_hash')
            .whereRef('other.token_hash', '!=', 'token.token_hash'),
        ).as('has_used_sibling'),
        exists(used.whereRef('other.parent_hash', '=', 'token.token_hash')).as('has_used_child'),
      ];
    })
    .where('token.token_hash', '=', tokenHash)
    .where('token.session_id', '=', sessionId)
    .executeTakeFirst();
  // PostgreSQL answers `exists` with a boolean; the type allows for databases that do not.
  return row === undefined
    ? null
    : {
        ...row,
        has_used_sibling: Boolean(row.has_used_sibling),
        has_used_child: Boolean(row.has_used_child),
      };
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

/**
 * Deletes the other tokens with the same parent. The caller must have locked the session, and have
 * checked that none of them was used.
 */
export async function deleteSiblings(
  db: Database,
  sessionId: number,
  tokenHash: Buffer,
): Promise<void> {
  await db
    .deleteFrom('refresh_tokens')
    .where('session_id', '=', sessionId)
    .where('token_hash', '!=', tokenHash)
    .where('parent_hash', '=', ({ selectFrom }) =>
      selectFrom('refresh_tokens').select('parent_hash').where('token_hash', '=', tokenHash),
    )
    .execute();
}

/** Counts the tokens that were issued for this one. */
export async function countChildren(
  db: Database,
  sessionId: number,
  tokenHash: Buffer,
): Promise<number> {
  const { count } = await db
    .selectFrom('refresh_tokens')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('session_id', '=', sessionId)
    .where('parent_hash', '=', tokenHash)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/**
 * Deletes the session's tokens beyond the newest `most`, used ones first. The caller must have
 * locked the session.
 */
export async function deleteExcessRefreshTokens(
  db: Database,
  sessionId: number,
  most: number,
): Promise<void> {
  await db
    .deleteFrom('refresh_tokens')
    .where('token_hash', 'in', ({ selectFrom }) =>
      selectFrom('refresh_tokens')
        .select('token_hash')
        .where('session_id', '=', sessionId)
        .orderBy(sql`used_at is null`, 'desc')
        .orderBy('created_at', 'desc')
        .orderBy('token_hash')
        .offset(most),
    )
    .execute();
}

/** Deletes expired tokens, used or not; returns how many. */
export async function deleteExpiredRefreshTokens(db: Database, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('refresh_tokens')
    .where('expires_at', '<=', now.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
