import { type Selectable, sql } from 'kysely';
import type { Role } from '#schemas/roles.js';
import type { Database } from '#src/db/database.js';
import { lookup } from '#src/db/statement.js';
import type { Schema } from '#src/db/tables.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import { cut, type Slice } from '#src/lists/slices.js';

/** A live browser session and its active user. */
export interface StoredSession {
  id: number;
  user_id: number;
  remember: boolean;
  address: string | null;
  user_agent: string | null;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  username: string;
  role: Role;
  permissions: number;
}

/** A session to insert. */
export interface NewSession {
  user_id: number;
  remember: boolean;
  address: string | null;
  user_agent: string | null;
  last_seen_at: string;
  expires_at: string;
}

type CookieLookup = { idHash: Buffer; now: string; startedAfter: string };

const sessionByCookie = lookup((db, { idHash, now, startedAfter }: CookieLookup) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'sessions.id',
      'sessions.user_id',
      'sessions.remember',
      'sessions.address',
      'sessions.user_agent',
      'sessions.created_at',
      'sessions.last_seen_at',
      'sessions.expires_at',
      'users.username',
      'users.role',
      'users.permissions',
    ])
    .where('sessions.id_hash', '=', idHash)
    .where('sessions.expires_at', '>', now)
    .where('sessions.created_at', '>', startedAfter)
    .where('users.is_active', '=', true),
);

/**
 * Returns the session of a cookie with this hash, or null if it is unknown, expired or not started after
 * `startedAfter`, or its user is inactive.
 */
export async function findSession(
  db: Database,
  idHash: Buffer,
  { now, startedAfter }: { now: Date; startedAfter: Date },
): Promise<StoredSession | null> {
  const [row] = await sessionByCookie(db, {
    idHash,
    now: now.toISOString(),
    startedAfter: startedAfter.toISOString(),
  });
  return row ?? null;
}

/** Returns the id of a session to insert, which its tokens contain. */
export async function reserveSessionId(db: Database): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select nextval(pg_get_serial_sequence('sessions', 'id'))::integer as id
  `.execute(db);
  return (rows as [{ id: number }])[0].id;
}

/**
 * Inserts a new session.
 *
 * @param cookieId secret in the browser's cookie; null for a client that uses tokens
 * @param session with the id that `reserveSessionId` returned, if it is known already
 * @returns the id of the session
 */
export async function insertSession(
  db: Database,
  cookieId: string | null,
  session: NewSession & { id?: number | undefined },
): Promise<number> {
  const values = {
    ...session,
    id: session.id ?? (await reserveSessionId(db)),
    kind: cookieId === null ? 'token' : 'cookie',
    id_hash: cookieId === null ? null : hashSecret(cookieId),
    created_at: session.last_seen_at,
  };
  const columns = Object.keys(values).map((name) => sql.ref(name));
  await sql`
    insert into sessions (${sql.join(columns)}) overriding system value
    values (${sql.join(Object.values(values))})
  `.execute(db);
  return values.id;
}

/** Extends a session, unless it has ended or expired. */
export async function renewSession(
  db: Database,
  id: number,
  times: Pick<NewSession, 'last_seen_at' | 'expires_at'>,
): Promise<void> {
  await db
    .updateTable('sessions')
    .set(times)
    .where('id', '=', id)
    .where('expires_at', '>', times.last_seen_at)
    .execute();
}

/** Ends a live session of this user. Returns whether it existed. */
export async function deleteSession(
  db: Database,
  userId: number,
  id: number,
  now: Date,
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('expires_at', '>', now.toISOString())
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/**
 * Ends all sessions of a user, except the one with id `except`. With `aliveAt`, ends only those
 * that have not expired by then.
 *
 * @returns the number of sessions ended
 */
export async function deleteSessionsOf(
  db: Database,
  userId: number,
  { except, aliveAt }: { except?: number; aliveAt?: Date } = {},
): Promise<number> {
  let query = db.deleteFrom('sessions').where('user_id', '=', userId);
  if (except !== undefined) query = query.where('id', '!=', except);
  if (aliveAt !== undefined) query = query.where('expires_at', '>', aliveAt.toISOString());
  const { numDeletedRows } = await query.executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/**
 * Deletes the user's sessions beyond the `most` that were used last; returns their ids. The caller
 * must have locked the user.
 */
export async function deleteExcessSessions(
  db: Database,
  userId: number,
  most: number,
): Promise<number[]> {
  const rows = await db
    .deleteFrom('sessions')
    .where('id', 'in', ({ selectFrom }) =>
      selectFrom('sessions')
        .select('id')
        .where('user_id', '=', userId)
        .orderBy('last_seen_at', 'desc')
        .orderBy('id', 'desc')
        .offset(most),
    )
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** Deletes expired sessions; returns how many. */
export async function deleteExpiredSessions(db: Database, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where('expires_at', '<=', now.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

const LISTED_COLUMNS = [
  'id',
  'kind',
  'created_at',
  'last_seen_at',
  'expires_at',
  'address',
  'user_agent',
  'remember',
] as const;

export type SessionRow = Pick<Selectable<Schema['sessions']>, (typeof LISTED_COLUMNS)[number]>;

export type SessionSort = 'last_seen_at' | 'created_at' | 'id';

/**
 * Selects the live sessions of a user: those that have not expired and that started late enough, by
 * their kind, not to have ended.
 */
export interface SessionFilter {
  userId: number;
  now: Date;
  startedAfter: Record<'cookie' | 'token', Date>;
}

/** Returns a slice of a user's live sessions, sorted. */
export async function listSessions(
  db: Database,
  filter: SessionFilter,
  slice: Slice<SessionSort>,
): Promise<SessionRow[]> {
  return cut(liveSessions(db, filter).select(LISTED_COLUMNS), slice).execute();
}

/** Counts a user's live sessions. */
export async function countSessions(db: Database, filter: SessionFilter): Promise<number> {
  const { count } = await liveSessions(db, filter)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

function liveSessions(db: Database, { userId, now, startedAfter }: SessionFilter) {
  return db
    .selectFrom('sessions')
    .where('user_id', '=', userId)
    .where('expires_at', '>', now.toISOString())
    .where(({ eb, or, and }) =>
      or(
        (['cookie', 'token'] as const).map((kind) =>
          and([eb('kind', '=', kind), eb('created_at', '>', startedAfter[kind].toISOString())]),
        ),
      ),
    );
}
