import type { Selectable } from 'kysely';
import type { Database } from '#src/db/database.js';
import { isIgnoringCase } from '#src/db/ignoring-case.js';
import type { Schema } from '#src/db/tables.js';

const CREDENTIAL_COLUMNS = [
  'id',
  'username',
  'email',
  'role',
  'permissions',
  'password_hash',
  'password_changed_at',
  'is_active',
] as const;

/** What deciding about a login needs to know of a user. */
export type Credentials = Pick<Selectable<Schema['users']>, (typeof CREDENTIAL_COLUMNS)[number]>;

/** The credentials of the user with this username or e-mail address, or null. */
export async function findCredentials(db: Database, login: string): Promise<Credentials | null> {
  const row = await db
    .selectFrom('users')
    .select(CREDENTIAL_COLUMNS)
    .where(({ or }) => or([isIgnoringCase('username', login), isIgnoringCase('email', login)]))
    // A username has no @, an address has one: two rows are impossible.
    .executeTakeFirst();
  return row ?? null;
}

/** The credentials of the user with this number, or null. */
export async function findCredentialsById(db: Database, id: number): Promise<Credentials | null> {
  const row = await db
    .selectFrom('users')
    .select(CREDENTIAL_COLUMNS)
    .where('id', '=', id)
    .executeTakeFirst();
  return row ?? null;
}

/** The same, locked until the transaction ends. */
export async function lockCredentials(db: Database, id: number): Promise<Credentials | null> {
  const row = await db
    .selectFrom('users')
    .select(CREDENTIAL_COLUMNS)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Notes that the user has signed in with the password of this hash, and locks them until the
 * transaction ends. Returns false if they are gone, switched off, or have another password by now.
 */
export async function recordLogin(
  db: Database,
  { id, passwordHash }: { id: number; passwordHash: string },
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ last_login_at: now.toISOString() })
    .where('id', '=', id)
    .where('is_active', '=', true)
    .where('password_hash', '=', passwordHash)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

export async function setPassword(
  db: Database,
  id: number,
  passwordHash: string,
  now: Date,
): Promise<void> {
  await db
    .updateTable('users')
    .set({ password_hash: passwordHash, password_changed_at: now.toISOString() })
    .where('id', '=', id)
    .execute();
}

/**
 * Puts a new hash in the place of the old one. Returns false if another one has taken it already.
 */
export async function replacePasswordHash(
  db: Database,
  id: number,
  { old, renewed }: { old: string; renewed: string },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ password_hash: renewed })
    .where('id', '=', id)
    .where('password_hash', '=', old)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
