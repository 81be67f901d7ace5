import type { Selectable } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';

/** A token without its hash. */
export type CalendarTokenRow = Pick<
  Selectable<Schema['calendar_tokens']>,
  'created_at' | 'last_used_at'
>;

/** The user of a calendar token. */
export interface CalendarUser {
  user_id: number;
  is_active: boolean;
  last_used_at: string | null;
}

/** Returns the token of a user, or null. */
export async function findCalendarToken(
  db: Database,
  userId: number,
): Promise<CalendarTokenRow | null> {
  const row = await db
    .selectFrom('calendar_tokens')
    .select(['created_at', 'last_used_at'])
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row ?? null;
}

/** Stores the hash of a new token, which replaces the former one. */
export function replaceCalendarToken(
  db: Database,
  token: { user_id: number; token_hash: Buffer; created_at: string },
): Promise<CalendarTokenRow> {
  const { token_hash, created_at } = token;
  return db
    .insertInto('calendar_tokens')
    .values(token)
    .onConflict((conflict) =>
      conflict.column('user_id').doUpdateSet({ token_hash, created_at, last_used_at: null }),
    )
    .returning(['created_at', 'last_used_at'])
    .executeTakeFirstOrThrow();
}

/** Deletes the token of a user. Returns whether there was one. */
export async function deleteCalendarToken(db: Database, userId: number): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('calendar_tokens')
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** Returns the user whose token has this SHA-256, or null. */
export async function findCalendarUser(
  db: Database,
  tokenHash: Buffer,
): Promise<CalendarUser | null> {
  const row = await db
    .selectFrom('calendar_tokens')
    .innerJoin('users', 'users.id', 'calendar_tokens.user_id')
    .select(['user_id', 'is_active', 'calendar_tokens.last_used_at'])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst();
  return row ?? null;
}

/** Records the use of a token, unless a use after `since` is recorded. */
export async function recordCalendarUse(
  db: Database,
  userId: number,
  { now, since }: { now: Date; since: Date },
): Promise<void> {
  await db
    .updateTable('calendar_tokens')
    .set({ last_used_at: now.toISOString() })
    .where('user_id', '=', userId)
    .where(({ or, eb }) =>
      or([eb('last_used_at', 'is', null), eb('last_used_at', '<=', since.toISOString())]),
    )
    .execute();
}
