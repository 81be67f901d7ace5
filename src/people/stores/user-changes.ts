import { sql } from 'kysely';
import { ROLE_PERMISSIONS } from '#schemas/roles.js';
import type { Address, UserBulkItem, UserUpdate } from '#schemas/users.js';
import type { Mask } from '#src/access/permissions.js';
import type { Database } from '#src/db/database.js';
import { type WithFolded, withFolded } from '#src/db/folded-columns.js';
import { insertJsonRows } from '#src/db/json-rows.js';
import { statement } from '#src/db/statement.js';
import { fold } from '#src/lib/fold.js';
import { FULL_COLUMNS, type FullUser, isAdministrator } from './users.js';

/** A user to insert; omitted fields get their defaults. */
export type NewUser = Pick<UserBulkItem, 'username'> &
  Partial<UserBulkItem> & { password_hash?: string; email_verified_at?: string };

/** Returns the user, locked until the transaction ends, or null if it does not exist. */
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
 * Returns the ids of the administrators who can sign in. Locks them and the user until the
 * transaction ends, in the order of their ids, so that concurrent calls never deadlock.
 */
export async function lockWithAdministrators(db: Database, id: number): Promise<number[]> {
  const rows = await db
    .selectFrom('users')
    .select(['id', isAdministrator.as('administrates')])
    .where(({ or, eb }) => or([eb('id', '=', id), isAdministrator]))
    .orderBy('id')
    .forUpdate()
    .execute();
  return rows.filter(({ administrates }) => administrates).map(({ id }) => id);
}

/** The values of a new user, by column. */
type UserValues = WithFolded<Omit<UserBulkItem, 'role'>> & {
  searched_nickname: string;
  permissions: Mask;
  password_hash: string | null;
  email_verified_at: string | null;
};

const INSERTED_COLUMNS = Object.keys({
  username: true,
  username_folded: true,
  email: true,
  email_folded: true,
  nickname: true,
  searched_nickname: true,
  bio: true,
  avatar_url: true,
  age: true,
  tags: true,
  address: true,
  permissions: true,
  is_active: true,
  password_hash: true,
  email_verified_at: true,
} satisfies Record<keyof UserValues, true>) as (keyof UserValues)[];

const insertOne = statement(
  (
    _db,
    user: Omit<UserValues, 'address'> & { address: string | null },
    _shape: Record<string, never>,
  ) => {
    const values = INSERTED_COLUMNS.map((column) => sql`${user[column]}`);
    return sql<FullUser>`
      insert into users (${refs(INSERTED_COLUMNS)}) values (${sql.join(values)})
      returning ${refs(FULL_COLUMNS)}`;
  },
);

const insertAll = statement(
  (_db, { rows }: { rows: string }, _shape: Record<string, never>) =>
    sql<{ id: number }>`${insertJsonRows('users', INSERTED_COLUMNS, rows)} returning id`,
);

/** @throws DatabaseError 23505 if the username or email address is taken */
export async function insertUser(db: Database, user: NewUser): Promise<FullUser> {
  const { address, ...values } = valuesOf(user);
  const row = { ...values, address: address === null ? null : JSON.stringify(address) };
  const [inserted] = await insertOne.run(db, row, {});
  if (inserted === undefined) throw new Error('The database did not return the new user');
  return inserted;
}

/**
 * Inserts any number of users with a single statement.
 *
 * @returns their ids, in the order of `users`
 * @throws DatabaseError 23505 if a username or email address is taken
 */
export async function insertUsers(db: Database, users: NewUser[]): Promise<number[]> {
  const inserted = await insertAll.run(db, { rows: JSON.stringify(users.map(valuesOf)) }, {});
  return inserted.map(({ id }) => id);
}

function valuesOf(user: NewUser): UserValues {
  const nickname = user.nickname ?? '';
  return {
    ...withFolded({ username: user.username, email: user.email ?? null }),
    nickname,
    searched_nickname: fold(nickname),
    bio: user.bio ?? '',
    avatar_url: user.avatar_url ?? null,
    age: user.age ?? null,
    tags: user.tags ?? [],
    address: user.address ?? null,
    permissions: ROLE_PERMISSIONS[user.role ?? 'author'],
    is_active: user.is_active ?? true,
    password_hash: user.password_hash ?? null,
    email_verified_at: user.email_verified_at ?? null,
  };
}

function refs(columns: readonly string[]) {
  return sql.join(columns.map((column) => sql.ref(column)));
}

/** Adds the folded names, and the form of the nickname that is searched. */
function withSearched<Values extends { nickname?: string; username?: string }>(values: Values) {
  const { nickname } = values;
  return {
    ...withFolded(values),
    ...(nickname === undefined ? {} : { searched_nickname: fold(nickname) }),
  };
}

/**
 * Returns which of these usernames and email addresses, both folded, are taken by users other than
 * `except`.
 */
export async function findTaken(
  db: Database,
  usernames: string[],
  emails: string[],
  except = 0,
): Promise<{ usernames: Set<string>; emails: Set<string> }> {
  const rows = await db
    .selectFrom('users')
    .select(['username_folded', 'email_folded'])
    .where('id', '<>', except)
    .where(({ or }) =>
      or([
        sql<boolean>`username_folded = any(${usernames}::text[])`,
        sql<boolean>`email_folded = any(${emails}::text[])`,
      ]),
    )
    .execute();
  return {
    usernames: new Set(rows.map(({ username_folded }) => username_folded)),
    emails: new Set(rows.flatMap(({ email_folded }) => email_folded ?? [])),
  };
}

/**
 * Updates the given fields, and the time of the change.
 *
 * @throws DatabaseError 23505 if the username or email address is taken
 */
export async function updateUser(
  db: Database,
  id: number,
  { address, ...changes }: UserUpdate & { permissions?: Mask; email_verified_at?: string | null },
  now: Date,
): Promise<FullUser> {
  return db
    .updateTable('users')
    .set({
      ...withSearched(changes),
      ...(address === undefined ? {} : { address: toJson(address) }),
      updated_at: now.toISOString(),
    })
    .where('id', '=', id)
    .returning(FULL_COLUMNS)
    .executeTakeFirstOrThrow();
}

export async function deleteUser(db: Database, id: number): Promise<void> {
  await db.deleteFrom('users').where('id', '=', id).execute();
}

/** Prevents other transactions from adding or changing users until this one ends. */
export async function lockAllUsers(db: Database): Promise<void> {
  await sql`lock table users in share row exclusive mode`.execute(db);
}

/**
 * Serializes to JSON explicitly, because the driver would not serialize arrays and strings as JSON.
 */
function toJson(address: Address | null | undefined) {
  return address === undefined || address === null
    ? null
    : sql<Address>`${JSON.stringify(address)}::jsonb`;
}
