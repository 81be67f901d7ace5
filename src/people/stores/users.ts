import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import { PERMISSIONS } from '#schemas/roles.js';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { fold } from '#src/lib/fold.js';
import { containing } from '#src/lib/like-pattern.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { cut, type Slice } from '#src/lists/slices.js';

type UserRow = Selectable<Schema['users']>;

/**
 * Visibility of a user: public fields of active users, or all fields for administrators and the
 * user.
 */
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

/** SQL condition: the user is an administrator who can sign in, which requires a password. */
export const isAdministrator = sql<boolean>`
  permissions & ${sql.lit(PERMISSIONS.admin)} <> 0 and is_active and password_hash is not null`;

export type PublicUser = Pick<UserRow, (typeof PUBLIC_COLUMNS)[number]>;
export type FullUser = Pick<UserRow, (typeof FULL_COLUMNS)[number]>;

export interface UserFilter {
  q?: string | undefined;
  audience: Audience;
}

export type UserSort = 'id' | 'username' | 'created_at';

/** Returns the value that a user is sorted by, for cursors. */
export function userSortKey(user: PublicUser, sort: UserSort): string | number {
  return sort === 'username' ? fold(user.username) : user[sort];
}

/** Whether the key is valid for this sort order, to check cursors. */
export function isUserSortKey(key: string | number, sort: UserSort): boolean {
  if (sort === 'id') return typeof key === 'number';
  return typeof key === 'string' && (sort === 'username' ? key === fold(key) : isTimestamp(key));
}

/** Returns a slice of the users visible to the audience, sorted. */
export async function listUsers(
  db: Database,
  filter: UserFilter,
  slice: Slice<UserSort>,
): Promise<(PublicUser | FullUser)[]> {
  const query = db.selectFrom('users').select(columnsOf(filter.audience)).where(matches(filter));
  return cut(query, slice, sortColumn(slice.sort)).execute();
}

/** Counts the users that match the filter. */
export async function countUsers(db: Database, filter: UserFilter): Promise<number> {
  const { count } = await db
    .selectFrom('users')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(matches(filter))
    .executeTakeFirstOrThrow();
  return count;
}

/** Returns users visible to the audience with an id greater than `after`, ordered by id. */
export function listUsersAfter(
  db: Database,
  audience: Audience,
  after: number,
  limit: number,
): Promise<(PublicUser | FullUser)[]> {
  return db
    .selectFrom('users')
    .select(columnsOf(audience))
    .where(matches({ audience }))
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Returns the user, or null if it does not exist or is not visible to the audience. */
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

/** Whether any administrator can sign in, which requires a password. */
export async function hasAdministrators(db: Database): Promise<boolean> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where(isAdministrator)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether at least `count` users exist. */
export async function hasUsers(db: Database, count = 1): Promise<boolean> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .offset(count - 1)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function columnsOf(audience: Audience): readonly (keyof PublicUser | keyof FullUser)[] {
  return audience === 'full' ? FULL_COLUMNS : PUBLIC_COLUMNS;
}

function sortColumn(sort: UserSort) {
  return sql.ref<string>(sort === 'username' ? 'username_folded' : sort);
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
          // Searching hidden fields would reveal them letter by letter.
          ...(audience === 'full' ? [eb('email', 'ilike', pattern)] : []),
        ]),
      );
    }
    return eb.and(conditions);
  };
}
