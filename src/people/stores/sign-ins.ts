import type { Selectable } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { cut, type Slice } from '#src/lists/slices.js';

const COLUMNS = [
  'id',
  'kind',
  'created_at',
  'last_seen_at',
  'expires_at',
  'address',
  'user_agent',
  'remember',
] as const;

export type SignInRow = Pick<Selectable<Schema['sessions']>, (typeof COLUMNS)[number]>;

export type SignInSort = 'last_seen_at' | 'created_at' | 'id';

/** Whose sign-ins, and when: what has expired by then is not one any more. */
export interface SignInFilter {
  userId: number;
  now: Date;
}

/** A slice of the live sign-ins of a user, in order. */
export async function listSignIns(
  db: Database,
  filter: SignInFilter,
  slice: Slice<SignInSort>,
): Promise<SignInRow[]> {
  return cut(liveSignIns(db, filter).select(COLUMNS), slice).execute();
}

/** How many live sign-ins a user has. */
export async function countSignIns(db: Database, filter: SignInFilter): Promise<number> {
  const { count } = await liveSignIns(db, filter)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

function liveSignIns(db: Database, { userId, now }: SignInFilter) {
  return db
    .selectFrom('sessions')
    .where('user_id', '=', userId)
    .where('expires_at', '>', now.toISOString());
}
