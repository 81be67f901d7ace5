import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import type { Address, UserCreate, UserUpdate } from '../../schemas/users.js';
import type { Database } from '../db/database.js';
import type { Schema } from '../db/tables.js';
import { isMoment } from '../lib/moments.js';

type UserRow = Selectable<Schema['users']>;

/** A user to be inserted; what is left out gets its default. */
export type NewUser = Pick<UserCreate, 'username'> & Partial<UserCreate>;

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

const FULL_COLUMNS = [
  ...PUBLIC_COLUMNS,
  'email',
  'age',
  'address',
  'role',
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

export interface UserSlice {
  sort: UserSort;
  descending: boolean;
  limit: number;
  offset?: number;
  /** Only what comes after this place. */
  after?: { key: string | number; id: number };
}

/** The value that a list is sorted by, as a cursor keeps it. */
export function userSortKey(user: PublicUser, sort: UserSort): string | number {
  return sort === 'username' ? user.username.toLowerCase() : user[sort];
}

/** Whether a list in this order could have such a key. */
export function isUserSortKey(key: string | number, sort: UserSort): boolean {
  if (sort === 'id') return typeof key === 'number';
  return typeof key === 'string' && (sort === 'username' || isMoment(key));
}

/** A slice of the users that the audience may see, in order. */
export async function listUsers(
  db: Database,
  filter: UserFilter,
  slice: UserSlice,
): Promise<(PublicUser | FullUser)[]> {
  const direction = slice.descending ? 'desc' : 'asc';
  let query = db
    .selectFrom('users')
    .select(columnsOf(filter.audience))
    .where(matches(filter))
    .orderBy(sortColumn(slice.sort), direction)
    .limit(sql.lit(slice.limit));
  if (slice.sort !== 'id') query = query.orderBy('id', direction);
  if (slice.offset !== undefined) query = query.offset(slice.offset);
  if (slice.after !== undefined) {
    const { key, id } = slice.after;
    const operator = sql.raw(slice.descending ? '<' : '>');
    query = query.where(
      slice.sort === 'id'
        ? sql<boolean>`id ${operator} ${id}`
        : sql<boolean>`(${sortColumn(slice.sort)}, id) ${operator} (${key}, ${id})`,
    );
  }
  return query.execute();
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

/** The user, locked until the transaction ends, or null. */
export async function lockUser(db: Database, id: number): Promise<FullUser | null> {
  const row = await db
    .selectFrom('users')
    .select(FULL_COLUMNS)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row ?? null;
}

/**
 * The ids of the active administrators. They and the user are locked until the transaction ends, in
 * the order of their ids, so that two such transactions wait for each other and never deadlock.
 */
export async function lockWithAdministrators(db: Database, id: number): Promise<number[]> {
  const rows = await db
    .selectFrom('users')
    .select(['id', 'role', 'is_active'])
    .where(({ or, and, eb }) =>
      or([eb('id', '=', id), and([eb('role', '=', 'admin'), eb('is_active', '=', true)])]),
    )
    .orderBy('id')
    .forUpdate()
    .execute();
  return rows.filter(({ role, is_active }) => role === 'admin' && is_active).map(({ id }) => id);
}

/** What a login needs to know of the user with this username or e-mail address, or null. */
export async function findCredentials(
  db: Database,
  login: string,
): Promise<Pick<UserRow, 'id' | 'username' | 'role' | 'password_hash' | 'is_active'> | null> {
  const row = await db
    .selectFrom('users')
    .select(['id', 'username', 'role', 'password_hash', 'is_active'])
    .where(({ or, eb }) => or([lowerIs(eb, 'username', login), lowerIs(eb, 'email', login)]))
    // A username has no @, an address has one: two rows are impossible.
    .executeTakeFirst();
  return row ?? null;
}

/** @throws DatabaseError 23505 if the username or the e-mail address is taken */
export async function insertUser(
  db: Database,
  user: NewUser & { password_hash?: string },
): Promise<FullUser> {
  return db
    .insertInto('users')
    .values({ ...user, address: toJson(user.address) })
    .returning(FULL_COLUMNS)
    .executeTakeFirstOrThrow();
}

/**
 * All of the users in one statement, however many.
 *
 * @returns their ids, in the order of `users`
 * @throws DatabaseError 23505 if a username or an e-mail address is taken
 */
export async function insertUsers(db: Database, users: NewUser[]): Promise<number[]> {
  const rows = users.map((user) => ({
    username: user.username,
    email: user.email ?? null,
    nickname: user.nickname ?? '',
    bio: user.bio ?? '',
    avatar_url: user.avatar_url ?? null,
    age: user.age ?? null,
    tags: user.tags ?? [],
    address: user.address ?? null,
    role: user.role ?? 'author',
    is_active: user.is_active ?? true,
  }));
  // The rows travel as one parameter, so the statement is the same for any number of them.
  const inserted = await sql<{ id: number }>`
    insert into users
      (username, email, nickname, bio, avatar_url, age, tags, address, role, is_active)
    select username, email, nickname, bio, avatar_url, age,
           array(select jsonb_array_elements_text(tags)), nullif(address, 'null'), role, is_active
    from rows from (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as (
           username text, email text, nickname text, bio text, avatar_url text, age integer,
           tags jsonb, address jsonb, role text, is_active boolean
         )) with ordinality as t (
           username, email, nickname, bio, avatar_url, age, tags, address, role, is_active, n)
    order by n
    returning id
  `.execute(db);
  return inserted.rows.map(({ id }) => id);
}

/** Which of these usernames and e-mail addresses are taken, in lower case. */
export async function findTaken(
  db: Database,
  usernames: string[],
  emails: string[],
): Promise<{ usernames: Set<string>; emails: Set<string> }> {
  const { rows } = await sql<{ username: string; email: string | null }>`
    select lower(username) as username, lower(email) as email from users
    where lower(username) collate "C" = any(${usernames}::text[])
       or lower(email) collate "C" = any(${emails}::text[])
  `.execute(db);
  return {
    usernames: new Set(rows.map(({ username }) => username)),
    emails: new Set(rows.map(({ email }) => email).filter((email) => email !== null)),
  };
}

/**
 * Writes the fields that are given, and the time of the change.
 *
 * @throws DatabaseError 23505 if the username or the e-mail address is taken
 */
export async function updateUser(
  db: Database,
  id: number,
  { address, ...changes }: UserUpdate,
  now: Date,
): Promise<FullUser> {
  return db
    .updateTable('users')
    .set({
      ...changes,
      ...(address === undefined ? {} : { address: toJson(address) }),
      updated_at: now.toISOString(),
    })
    .where('id', '=', id)
    .returning(FULL_COLUMNS)
    .executeTakeFirstOrThrow();
}

export async function recordLogin(db: Database, id: number, now: Date): Promise<void> {
  await db
    .updateTable('users')
    .set({ last_login_at: now.toISOString() })
    .where('id', '=', id)
    .execute();
}

export async function deleteUser(db: Database, id: number): Promise<void> {
  await db.deleteFrom('users').where('id', '=', id).execute();
}

/** Lets nobody else add or change a user until the transaction ends. */
export async function lockAllUsers(db: Database): Promise<void> {
  await sql`lock table users in share row exclusive mode`.execute(db);
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
      const pattern = `%${q.replace(/[\\%_]/g, '\\$&')}%`;
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

function lowerIs(
  eb: ExpressionBuilder<Schema, 'users'>,
  column: 'username' | 'email',
  value: string,
) {
  return eb(sql<string>`lower(${sql.ref(column)}) collate "C"`, '=', sql<string>`lower(${value})`);
}

/** The driver would write an array or a string as something else than JSON. */
function toJson(address: Address | null | undefined) {
  return address === undefined || address === null
    ? null
    : sql<Address>`${JSON.stringify(address)}::jsonb`;
}
