import type { Selectable } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { fold, foldEmail } from '#src/lib/fold.js';

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

/** The fields of a user that authentication needs. */
export type Credentials = Pick<Selectable<Schema['users']>, (typeof CREDENTIAL_COLUMNS)[number]>;

/** Returns the credentials of the user with this username or email address, or null. */
export async function findCredentials(db: Database, login: string): Promise<Credentials | null> {
  const row = await db
    .selectFrom('users')
    .select(CREDENTIAL_COLUMNS)
    .where(({ eb, or }) =>
      or([eb('username_folded', '=', fold(login)), eb('email_folded', '=', foldEmail(login))]),
    )
    // Unambiguous, because an email address contains an @ and a username never does.
    .executeTakeFirst();
  return row ?? null;
}

/** Returns the credentials of the user with this email address, or null. */
export async function findCredentialsByEmail(
  db: Database,
  email: string,
): Promise<(Credentials & { email: string }) | null> {
  const row = await db
    .selectFrom('users')
    .select(CREDENTIAL_COLUMNS)
    .where('email_folded', '=', foldEmail(email))
    .$narrowType<{ email: string }>()
    .executeTakeFirst();
  return row ?? null;
}

/** Returns the credentials of the user with this id, or null. */
export async function findCredentialsById(db: Database, id: number): Promise<Credentials | null> {
  const row = await db
    .selectFrom('users')
    .select(CREDENTIAL_COLUMNS)
    .where('id', '=', id)
    .executeTakeFirst();
  return row ?? null;
}

/** Same as {@link findCredentialsById}, but locks the user until the transaction ends. */
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
 * Records a login with the password of this hash, and locks the user until the transaction ends.
 * Returns false if the user is gone or inactive, or the password has changed.
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

/** Replaces a password hash. Returns false if the stored hash is no longer `old`. */
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
