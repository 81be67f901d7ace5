import type { Selectable } from 'kysely';
import type { Database } from '#src/db/database.js';
import { isIgnoringCase } from '#src/db/ignoring-case.js';
import type { Schema } from '#src/db/tables.js';

export type Registration = Pick<
  Selectable<Schema['registrations']>,
  'id' | 'username' | 'email' | 'password_hash'
>;

export interface NewRegistration {
  username: string;
  email: string;
  password_hash: string;
  created_at: string;
  expires_at: string;
}

/** Somebody may have registered with an address that is not theirs, and its owner too. */
const MOST_WITH_ONE_ADDRESS = 3;

const COLUMNS = ['id', 'username', 'email', 'password_hash'] as const;

/**
 * Writes a registration, in place of one for the same username that has expired.
 *
 * @returns its number
 * @throws DatabaseError 23505 if a live one has the username
 */
export async function insertRegistration(
  db: Database,
  registration: NewRegistration,
): Promise<number> {
  await db
    .deleteFrom('registrations')
    .where('expires_at', '<=', registration.created_at)
    .where(isIgnoringCase('username', registration.username))
    .execute();
  const { id } = await db
    .insertInto('registrations')
    .values(registration)
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** The registration with this number, unless it has expired; or null. */
export async function findRegistration(
  db: Database,
  id: number,
  now: Date,
): Promise<Registration | null> {
  const row = await db
    .selectFrom('registrations')
    .select(COLUMNS)
    .where('id', '=', id)
    .where('expires_at', '>', now.toISOString())
    .executeTakeFirst();
  return row ?? null;
}

/** The numbers of the latest registrations with this address that have not expired. */
export async function findRegistrationsByEmail(
  db: Database,
  email: string,
  now: Date,
): Promise<number[]> {
  const rows = await db
    .selectFrom('registrations')
    .select('id')
    .where(isIgnoringCase('email', email))
    .where('expires_at', '>', now.toISOString())
    .orderBy('id', 'desc')
    .limit(MOST_WITH_ONE_ADDRESS)
    .execute();
  return rows.map(({ id }) => id);
}

/** From now on this token, and no other, confirms the registration. */
export async function setRegistrationToken(
  db: Database,
  id: number,
  tokenHash: Buffer,
): Promise<void> {
  await db
    .updateTable('registrations')
    .set({ token_hash: tokenHash })
    .where('id', '=', id)
    .execute();
}

/** Takes out the registration that the token confirms, unless it has expired; or null. */
export async function takeRegistration(
  db: Database,
  tokenHash: Buffer,
  now: Date,
): Promise<Registration | null> {
  const row = await db
    .deleteFrom('registrations')
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', now.toISOString())
    .returning(COLUMNS)
    .executeTakeFirst();
  return row ?? null;
}

/** Removes what has expired. Returns how many registrations that were. */
export async function deleteExpiredRegistrations(db: Database, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('registrations')
    .where('expires_at', '<=', now.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
