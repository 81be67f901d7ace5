import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { containing } from '#src/lib/like-pattern.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { cut, type Slice } from '#src/lists/slices.js';

type UserRow = Selectable<Schema['users']>;

/** How much of a user is read: what anyone may see, or what administrators and the user see. */
export type Audience = 'public' | 'full';

const PUBLIC_COLUMNS = [
  'id',
  'username',
  'nickname',
  'bio',
  'avatar_url',
  'tags',
  'version',
  'created_at',
] as const;

export const FULL_COLUMNS = [
  ...PUBLIC_COLUMNS,
  'email',
  'email_verified_at',
  'age',
  'address',
  'role',
  'permissions',
  'is_active',
  'updated_at',
  'last_login_at',
] as const;

export type PublicUser = Pick<UserRow, (typeof PUBLIC_COLUMNS)[number]>;
export type FullUser = Pick<UserRow, (typeof FULL_COLUMNS)[number]>;

export interface UserFilter {
  q?: string | undefined;
  audience: Audience;
}

export type UserSort = 'id' | 'username' | 'created_at';

/** The value that a list is sorted by, as a cursor keeps it. */
export function userSortKey(user: PublicUser, sort: UserSort): string | number {
  return sort === 'username' ? user.username.toLowerCase() : user[sort];
}

/** Whether a list in this order could have such a key. */
export function isUserSortKey(key: string | number, sort: UserSort): boolean {
  if (sort === 'id') return typeof key === 'number';
  return typeof key === 'string' && (sort === 'username' || isTimestamp(key));
}

/** A slice of the users that the audience may see, in order. */
export async function listUsers(
  db: Database,
  filter: UserFilter,
  slice: Slice<UserSort>,
): Promise<(PublicUser | FullUser)[]> {
  const query = db.selectFrom('users').select(columnsOf(filter.audience)).where(matches(filter));
  return cut(query, slice, sortColumn(slice.sort)).execute();
}

/** How many users the filter finds. */
export async function countUsers(db: Database, filter: UserFilter): Promise<number> {
  const { count } = await db
    .selectFrom('users')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(matches(filter))
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Every user that the audience may see, by id, as they are at one moment, read from a database
 * cursor in small portions. Holds a connection until the last one is taken, or `return` is called.
 *
 * @param timeout milliseconds after which the database ends it
 */
export async function* streamUsers(
  db: Database,
  audience: Audience,
  timeout: number,
): AsyncIterableIterator<PublicUser | FullUser> {
  const transaction = await db.startTransaction().setAccessMode('read only').execute();
  try {
    // The clock of a statement goes on while its cursor waits for the reader.
    await sql`select set_config('statement_timeout', ${String(timeout)}, true)`.execute(
      transaction,
    );
    yield* transaction
      .selectFrom('users')
      .select(columnsOf(audience))
      .where(matches({ audience }))
      .orderBy('id')
      .stream(500);
  } finally {
    await transaction.rollback().execute();
  }
}

/** The user, or null if there is none that the audience may see. */
export function findUser(db: Database, id: number, audience: 'full'): Promise<FullUser | null>;
export function findUser(
  db: Database,
  id: number,
  audience: Audience,
): Promise<PublicUser | FullUser | null>;
export async function findUser(
  db: Database,
  id: number,
  audience: Audience,
): Promise<PublicUser | FullUser | null> {
  const row = await db
    .selectFrom('users')
    .select(columnsOf(audience))
    .where('id', '=', id)
    .where(matches({ audience }))
    .executeTakeFirst();
  return row ?? null;
}

/** Whether there is any user at all. */
export async function hasUsers(db: Database): Promise<boolean> {
  const row = await db.selectFrom('users').select('id').limit(1).executeTakeFirst();
  return row !== undefined;
}

function columnsOf(audience: Audience): readonly (keyof PublicUser | keyof FullUser)[] {
  return audience === 'full' ? FULL_COLUMNS : PUBLIC_COLUMNS;
}

function sortColumn(sort: UserSort) {
  return sort === 'username' ? sql<string>`lower(username) collate "C"` : sql.ref<string>(sort);
}

function matches({ q, audience }: UserFilter) {
  return (eb: ExpressionBuilder<Schema, 'users'>) => {
    const conditions = [];
    if (audience === 'public') conditions.push(eb('is_active', '=', true));
    if (q !== undefined && q !== '') {
      const pattern = containing(q);
      conditions.push(
        eb.or([
          eb('username', 'ilike', pattern),
          eb('nickname', 'ilike', pattern),
          // Searching what a reader may not see would tell it, letter by letter.
          ...(audience === 'full' ? [eb('email', 'ilike', pattern)] : []),
        ]),
      );
    }
    return eb.and(conditions);
  };
}
