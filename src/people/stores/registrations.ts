import { type Selectable, sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import { withFolded } from '#src/db/folded-columns.js';
import type { Schema } from '#src/db/tables.js';
import { fold, foldEmail } from '#src/lib/fold.js';

export type Registration = Pick<
  Selectable<Schema['registrations']>,
  'id' | 'username' | 'email' | 'password_hash'
>;

export interface NewRegistration {
  username: string;
  email: string;
  password_hash: string;
  network_hash: Buffer | null;
  created_at: string;
  expires_at: string;
}

/** Numbers of unexpired registrations. */
export interface PendingRegistrations {
  withEmail: number;
  fromNetwork: number;
  total: number;
}

/**
 * More than one, because someone may have registered with an email address that is not theirs, and
 * its owner too.
 */
const MOST_WITH_ONE_ADDRESS = 3;

const COLUMNS = ['id', 'username', 'email', 'password_hash'] as const;

/** Serializes registrations until the transaction ends, so that they cannot exceed a limit together. */
export async function lockRegistrations(trx: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('registrations', 0))`.execute(trx);
}

/** Counts the unexpired registrations: in total, with this address, and from this network. */
export async function countRegistrations(
  db: Database,
  { email, network_hash }: Pick<NewRegistration, 'email' | 'network_hash'>,
  now: Date,
): Promise<PendingRegistrations> {
  const { rows } = await sql<PendingRegistrations>`
    select count(*) as total,
      count(*) filter (where email_folded = ${foldEmail(email)}) as "withEmail",
      count(*) filter (where network_hash = ${network_hash}) as "fromNetwork"
    from registrations where expires_at > ${now.toISOString()}
  `.execute(db);
  return rows[0] ?? { withEmail: 0, fromNetwork: 0, total: 0 };
}

/**
 * Inserts a registration and deletes an expired one for the same username.
 *
 * @returns the id of the registration
 * @throws DatabaseError 23505 if an unexpired registration has the username
 */
export async function insertRegistration(
  db: Database,
  registration: NewRegistration,
): Promise<number> {
  await db
    .deleteFrom('registrations')
    .where('expires_at', '<=', registration.created_at)
    .where('username_folded', '=', fold(registration.username))
    .execute();
  const { id } = await db
    .insertInto('registrations')
    .values(withFolded(registration))
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Returns the registration with this id, or null if it is unknown or expired. */
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

/** Returns the registration that the token confirms, or null if unknown or expired. */
export async function findRegistrationByToken(
  db: Database,
  tokenHash: Buffer,
  now: Date,
): Promise<Registration | null> {
  const row = await db
    .selectFrom('registrations')
    .select(COLUMNS)
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', now.toISOString())
    .executeTakeFirst();
  return row ?? null;
}

/** Returns the ids of the latest unexpired registrations with this email address. */
export async function findRegistrationsByEmail(
  db: Database,
  email: string,
  now: Date,
): Promise<number[]> {
  const rows = await db
    .selectFrom('registrations')
    .select('id')
    .where('email_folded', '=', foldEmail(email))
    .where('expires_at', '>', now.toISOString())
    .orderBy('id', 'desc')
    .limit(MOST_WITH_ONE_ADDRESS)
    .execute();
  return rows.map(({ id }) => id);
}

/** Sets the token that confirms the registration; a previous one becomes invalid. */
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

/** Deletes and returns the registration that the token confirms, or null if unknown or expired. */
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

/** Deletes the registrations with this email address; returns their ids. */
export async function deleteRegistrationsOf(db: Database, email: string): Promise<number[]> {
  const rows = await db
    .deleteFrom('registrations')
    .where('email_folded', '=', foldEmail(email))
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** Deletes expired registrations; returns how many. */
export async function deleteExpiredRegistrations(db: Database, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('registrations')
    .where('expires_at', '<=', now.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
