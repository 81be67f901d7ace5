import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import { MAX_COUNTED } from '#schemas/paging.js';
import { PERMISSIONS } from '#schemas/roles.js';
import { containsText } from '#src/db/contains-text.js';
import type { Database } from '#src/db/database.js';
import { lookup, statement } from '#src/db/statement.js';
import type { Schema } from '#src/db/tables.js';
import { fold, foldEmail } from '#src/lib/fold.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import {
  countQuery,
  countRows,
  cut,
  isQuick,
  type Slice,
  type SliceShape,
  type SliceValues,
  sliceOf,
  sliceShape,
  sliceValues,
  widened,
} from '#src/lists/slices.js';

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

const pageOfUsers = statement(
  (db, values: SliceValues, { audience, ...shape }: SliceShape & { audience: Audience }) => {
    const slice = sliceOf<UserSort>(shape, values);
    const query = db.selectFrom('users').select(columnsOf(audience)).where(matches({ audience }));
    return cut(query, slice, sortColumn(slice.sort));
  },
);

/** Returns a slice of the users visible to the audience, sorted. */
export async function listUsers(
  db: Database,
  filter: UserFilter,
  slice: Slice<UserSort>,
): Promise<(PublicUser | FullUser)[]> {
  const { audience } = filter;
  if (!isUserSearch(filter)) {
    const [values, shape] = [sliceValues(slice), { audience, ...sliceShape(slice) }];
    return isQuick(slice)
      ? pageOfUsers.lookUp(db, values, shape)
      : pageOfUsers.run(db, values, shape);
  }
  const query = db.selectFrom('users').select(columnsOf(audience)).where(matches(filter));
  const column = sortColumn(slice.sort);
  const direction = slice.descending ? 'desc' : 'asc';
  return db
    .selectFrom(cut(query.select(column.as('sort_key')), widened(slice), column).as('found'))
    .select(columnsOf(filter.audience))
    .orderBy('found.sort_key', direction)
    .orderBy('found.id', direction)
    .limit(sql.lit(slice.limit))
    .offset(slice.offset ?? 0)
    .execute();
}

const numberOfUsers = statement(
  (db, _values: Record<string, never>, filter: { audience: Audience }) => {
    const found = db.selectFrom('users').select('users.id').where(matches(filter));
    return countQuery(db, found.orderBy('users.id'));
  },
);

/** Counts the users that match the filter, like `countRows`; a search at most `MAX_COUNTED`. */
export async function countUsers(db: Database, filter: UserFilter): Promise<number> {
  if (isUserSearch(filter)) {
    const found = db.selectFrom('users').select('users.id').where(matches(filter));
    return countRows(db, found, MAX_COUNTED);
  }
  const [row] = await numberOfUsers.run(db, {}, { audience: filter.audience });
  return row?.count ?? 0;
}

/** Whether the filter searches for a text. */
export function isUserSearch({ q }: UserFilter): boolean {
  return q !== undefined && q !== '';
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

const findById = (audience: Audience) =>
  lookup((db, parameters: { id: number }) =>
    db
      .selectFrom('users')
      .select(columnsOf(audience))
      .where('id', '=', parameters.id)
      .where(matches({ audience })),
  );
const userById = { public: findById('public'), full: findById('full') };

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
  const [row] = await userById[audience](db, { id });
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
      conditions.push(
        eb.or([
          containsText(['username_folded', 'searched_nickname'], fold(q)),
          // Searching hidden fields would reveal them letter by letter.
          ...(audience === 'full' ? [containsText(['email_folded'], foldEmail(q))] : []),
        ]),
      );
    }
    return eb.and(conditions);
  };
}
