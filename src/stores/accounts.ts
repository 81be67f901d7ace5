import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import type { Database } from '../db/database.js';
import type { Schema } from '../db/tables.js';

const CREDENTIAL_COLUMNS = [
  'id',
  'username',
  'email',
  'role',
  'permissions',
  'password_hash',
  'is_active',
] as const;

/** What deciding about a login needs to know of a user. */
export type Credentials = Pick<Selectable<Schema['users']>, (typeof CREDENTIAL_COLUMNS)[number]>;

/** The credentials of the user with this username or e-mail address, or null. */
export async function findCredentials(db: Database, login: string): Promise<Credentials | null> {
  const row = await db
    .selectFrom('users')
    .select(CREDENTIAL_COLUMNS)
    .where(({ or, eb }) => or([lowerIs(eb, 'username', login), lowerIs(eb, 'email', login)]))
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

export async function recordLogin(db: Database, id: number, now: Date): Promise<void> {
  await db
    .updateTable('users')
    .set({ last_login_at: now.toISOString() })
    .where('id', '=', id)
    .execute();
}

/** Puts a new hash in the place of the old one, unless another one has taken it already. */
export async function replacePasswordHash(
  db: Database,
  id: number,
  { old, renewed }: { old: string; renewed: string },
): Promise<void> {
  await db
    .updateTable('users')
    .set({ password_hash: renewed })
    .where('id', '=', id)
    .where('password_hash', '=', old)
    .execute();
}

function lowerIs(
  eb: ExpressionBuilder<Schema, 'users'>,
  column: 'username' | 'email',
  value: string,
) {
  return eb(sql<string>`lower(${sql.ref(column)}) collate "C"`, '=', sql<string>`lower(${value})`);
}
