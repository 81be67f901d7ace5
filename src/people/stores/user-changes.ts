import { type RawBuilder, sql } from 'kysely';
import { ROLE_PERMISSIONS } from '#schemas/roles.js';
import type { Address, UserBulkItem, UserUpdate } from '#schemas/users.js';
import type { Mask } from '#src/access/permissions.js';
import type { Database } from '#src/db/database.js';
import { type WithFolded, withFolded } from '#src/db/folded-columns.js';
import { tables } from '#src/db/tables.js';
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

/** @throws DatabaseError 23505 if the username or email address is taken */
export async function insertUser(
  db: Database,
  { role = 'author', ...user }: NewUser,
): Promise<FullUser> {
  return db
    .insertInto('users')
    .values({
      ...withSearched(user),
      permissions: ROLE_PERMISSIONS[role],
      address: toJson(user.address),
    })
    .returning(FULL_COLUMNS)
    .executeTakeFirstOrThrow();
}

/**
 * Inserts any number of users with a single statement.
 *
 * @returns their ids, in the order of `users`
 * @throws DatabaseError 23505 if a username or email address is taken
 */
export async function insertUsers(db: Database, users: NewUser[]): Promise<number[]> {
  const rows = users.map(toBulkRow);
  const names = sql.join(Object.keys(BULK_TYPES).map((name) => sql.ref(name)));
  const values = sql.join(Object.entries(BULK_TYPES).map(([name, type]) => fromJson(name, type)));
  const types = sql.join(
    Object.entries(BULK_TYPES).map(
      ([name, type]) => sql`${sql.ref(name)} ${sql.raw(JSON_TYPES.has(type) ? 'jsonb' : type)}`,
    ),
  );
  // The rows travel as one parameter, so the statement is the same for any number of them.
  const inserted = await sql<{ id: number }>`
    insert into users (${names})
    select ${values}
    from rows from (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as (${types}))
      with ordinality as t (${names}, n)
    order by n
    returning id
  `.execute(db);
  return inserted.rows.map(({ id }) => id);
}

type BulkRow = WithFolded<Omit<UserBulkItem, 'role'> & { permissions: Mask }> & {
  searched_nickname?: string;
};

/**
 * The columns that a bulk insert writes, with their types: every field of `UserBulkItem`, and the folded ones.
 */
const BULK_TYPES: Record<keyof BulkRow, string> = {
  username: tables.users.username.type,
  username_folded: tables.users.username_folded.type,
  email: tables.users.email.type,
  email_folded: tables.users.email_folded.type,
  nickname: tables.users.nickname.type,
  searched_nickname: tables.users.searched_nickname.type,
  bio: tables.users.bio.type,
  avatar_url: tables.users.avatar_url.type,
  age: tables.users.age.type,
  tags: tables.users.tags.type,
  address: tables.users.address.type,
  permissions: tables.users.permissions.type,
  is_active: tables.users.is_active.type,
};

/** Types that arrive as JSON and are converted by the statement. */
const JSON_TYPES = new Set(['text[]', 'jsonb']);

function fromJson(name: string, type: string): RawBuilder<unknown> {
  const column = sql.ref(name);
  if (type === 'text[]') return sql`array(select jsonb_array_elements_text(${column}))`;
  return type === 'jsonb' ? sql`nullif(${column}, 'null')` : column;
}

function toBulkRow(user: NewUser): BulkRow {
  return withSearched({
    username: user.username,
    email: user.email ?? null,
    nickname: user.nickname ?? '',
    bio: user.bio ?? '',
    avatar_url: user.avatar_url ?? null,
    age: user.age ?? null,
    tags: user.tags ?? [],
    address: user.address ?? null,
    permissions: ROLE_PERMISSIONS[user.role ?? 'author'],
    is_active: user.is_active ?? true,
  });
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
