import { createHash } from 'node:crypto';
import type { Role } from '../../schemas/users.js';
import type { Database } from '../db/database.js';

/** A live session and the active user behind it. */
export interface StoredSession {
  user_id: number;
  address: string | null;
  user_agent: string | null;
  last_seen_at: string;
  expires_at: string;
  username: string;
  role: Role;
}

export interface SessionWrite {
  user_id: number;
  address: string | null;
  user_agent: string | null;
  last_seen_at: string;
  expires_at: string;
}

/** The session with this id, unless it has expired or its user may no longer sign in. */
export async function findSession(
  db: Database,
  id: string,
  now: Date,
): Promise<StoredSession | null> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'sessions.user_id',
      'sessions.address',
      'sessions.user_agent',
      'sessions.last_seen_at',
      'sessions.expires_at',
      'users.username',
      'users.role',
    ])
    .where('sessions.id_hash', '=', hashId(id))
    .where('sessions.expires_at', '>', now.toISOString())
    .where('users.is_active', '=', true)
    .executeTakeFirst();
  return row ?? null;
}

/** Writes a session that has just begun. */
export async function insertSession(
  db: Database,
  id: string,
  session: SessionWrite,
): Promise<void> {
  await db
    .insertInto('sessions')
    .values({ id_hash: hashId(id), ...session })
    .execute();
}

/** Prolongs a session, unless it has been ended in the meantime: then it stays so. */
export async function renewSession(
  db: Database,
  id: string,
  { last_seen_at, expires_at }: Pick<SessionWrite, 'last_seen_at' | 'expires_at'>,
): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ last_seen_at, expires_at })
    .where('id_hash', '=', hashId(id))
    .execute();
}

export async function deleteSession(db: Database, id: string): Promise<void> {
  await db.deleteFrom('sessions').where('id_hash', '=', hashId(id)).execute();
}

/** Removes what has expired. Returns how many sessions that were. */
export async function deleteExpiredSessions(db: Database, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where('expires_at', '<=', now.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Whoever reads the table must not be able to use what stands there. */
function hashId(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}
