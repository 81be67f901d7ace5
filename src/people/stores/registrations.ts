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

/** Unexpired registrations: their numbers, and when the first of them expires (null if none). */
export interface PendingRegistrations {
  withEmail: number;
  emailExpiry: string | null;
  fromNetwork: number;
  networkExpiry: string | null;
  total: number;
}

/**
 * Maximum number of mails per request to resend. More than one, because someone may have registered
 * with an email address that is not theirs, and its owner too.
 */
const MAX_RESENT = 3;

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
  const hasEmail = sql`email_folded = ${foldEmail(email)}`;
  const isFromNetwork = sql`network_hash = ${network_hash}`;
  const { rows } = await sql<PendingRegistrations>`
    select count(*) as total,
      count(*) filter (where ${hasEmail}) as "withEmail",
      min(expires_at) filter (where ${hasEmail}) as "emailExpiry",
      count(*) filter (where ${isFromNetwork}) as "fromNetwork",
      min(expires_at) filter (where ${isFromNetwork}) as "networkExpiry"
    from registrations where expires_at > ${now.toISOString()}
  `.execute(db);
  const none = { withEmail: 0, emailExpiry: null, fromNetwork: 0, networkExpiry: null, total: 0 };
  return rows[0] ?? none;
}

/**
 * Deletes the oldest registration with this email address from the network that has most of them,
 * if that network has more than this one. The caller must have locked the registrations.
 *
 * @returns false if there is none: this network has its share
 */
export async function displaceRegistration(
  trx: Database,
  { email, network_hash }: Pick<NewRegistration, 'email' | 'network_hash'>,
  now: Date,
): Promise<boolean> {
  const { rows } = await sql`
    with pending as (
      select id, network_hash, count(*) over (partition by network_hash) as share
      from registrations
      where email_folded = ${foldEmail(email)} and expires_at > ${now.toISOString()}
    )
    delete from registrations where id = (
      select id from pending
      where share > (
        select count(*) from pending where network_hash is not distinct from ${network_hash}::bytea)
      order by share desc, id limit 1)
    returning id
  `.execute(trx);
  return rows.length > 0;
}

/** Deletes the registration of this username with this email address from this network. */
export async function deleteSameRegistration(
  trx: Database,
  { username, email, network_hash }: Pick<NewRegistration, 'username' | 'email' | 'network_hash'>,
): Promise<void> {
  await sql`
    delete from registrations
    where username_folded = ${fold(username)} and email_folded = ${foldEmail(email)}
      and network_hash is not distinct from ${network_hash}::bytea
  `.execute(trx);
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

/**
 * Returns the ids of unexpired registrations with this email address, of which the confirmation is
 * to be sent again: the latest of each network before earlier ones, and that of the given network
 * first. So the registrations of others do not displace that of the owner.
 */
export async function findRegistrationsToResend(
  db: Database,
  { email, network_hash }: Pick<NewRegistration, 'email' | 'network_hash'>,
  now: Date,
): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from registrations
    where email_folded = ${foldEmail(email)} and expires_at > ${now.toISOString()}
    order by row_number() over (partition by network_hash order by id desc),
      network_hash is not distinct from ${network_hash}::bytea desc, id desc
    limit ${MAX_RESENT}
  `.execute(db);
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
