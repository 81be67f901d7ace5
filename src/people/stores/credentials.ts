import { sql } from 'kysely';
import type { Role } from '#schemas/roles.js';
import type { Scope } from '#schemas/scopes.js';
import type { Database } from '#src/db/database.js';
import { lookup } from '#src/db/statement.js';

/** The user who holds a token or API key. */
export interface TokenUser {
  user_id: number;
  username: string;
  role: Role;
  permissions: number;
  is_active: boolean;
}

/** The user of a token; the session is null if it is not live. */
export interface TokenSessionUser extends TokenUser {
  session_id: number | null;
  session_expires_at: string | null;
}

export interface KeyUser extends TokenUser {
  key_id: number;
  scopes: Scope[];
  expires_at: string | null;
  last_used_at: string | null;
}

const BEARER_COLUMNS = [
  'users.id as user_id',
  'users.username',
  'users.role',
  'users.permissions',
  'users.is_active',
] as const;

type TokenLookup = { userId: number; sessionId: number; now: string; startedAfter: string };

const userByToken = lookup((db, { userId, sessionId, now, startedAfter }: TokenLookup) =>
  db
    .selectFrom('users')
    .leftJoin('sessions', (join) =>
      join
        .onRef('sessions.user_id', '=', 'users.id')
        .on('sessions.id', '=', sessionId)
        .on('sessions.kind', '=', 'token')
        .on('sessions.expires_at', '>', now)
        .on('sessions.created_at', '>', startedAfter),
    )
    .select([
      ...BEARER_COLUMNS,
      'sessions.id as session_id',
      'sessions.expires_at as session_expires_at',
    ])
    .where('users.id', '=', userId),
);

/**
 * Returns the user with this id, or null; `session_id` is null unless the token session is live and
 * has started after `startedAfter`.
 */
export async function findUserByToken(
  db: Database,
  userId: number,
  sessionId: number,
  { now, startedAfter }: { now: Date; startedAfter: Date },
): Promise<TokenSessionUser | null> {
  const [row] = await userByToken(db, {
    userId,
    sessionId,
    now: now.toISOString(),
    startedAfter: startedAfter.toISOString(),
  });
  return row ?? null;
}

const userByKey = lookup((db, { keyHash }: { keyHash: Buffer }) =>
  db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .select([
      ...BEARER_COLUMNS,
      'api_keys.id as key_id',
      'api_keys.scopes',
      'api_keys.expires_at',
      'api_keys.last_used_at',
    ])
    .where('api_keys.key_hash', '=', keyHash),
);

/** Returns the API key with this SHA-256 and its user, or null. */
export async function findUserByKey(db: Database, keyHash: Buffer): Promise<KeyUser | null> {
  const [row] = await userByKey(db, { keyHash });
  return row ?? null;
}

/**
 * Returns the users of these sessions and API keys, without those that have ended. Sessions end at
 * `now`, and those that began before `startedAfter` have ended.
 */
export async function findUsersOfCredentials(
  db: Database,
  { sessions, keys }: { sessions: readonly number[]; keys: readonly number[] },
  { now, startedAfter }: { now: Date; startedAfter: { cookie: Date; token: Date } },
): Promise<(TokenUser & { kind: 'cookie' | 'token' | 'key'; id: number })[]> {
  const at = now.toISOString();
  const { rows } = await sql<TokenUser & { kind: 'cookie' | 'token' | 'key'; id: number }>`
    select users.id as user_id, users.username, users.role, users.permissions, users.is_active,
      live.kind, live.id
    from (
      select id, user_id, kind from sessions
      where id = any(${sessions}::integer[]) and expires_at > ${at}::timestamptz
        and created_at > case kind when 'cookie' then ${startedAfter.cookie.toISOString()}::timestamptz
          else ${startedAfter.token.toISOString()}::timestamptz end
      union all
      select id, user_id, 'key' from api_keys
      where id = any(${keys}::integer[])
        and (expires_at is null or expires_at > ${at}::timestamptz)
    ) live
    join users on users.id = live.user_id
    where users.is_active`.execute(db);
  return rows;
}

/**
 * Records the use of a key, unless a use after `since` is recorded. Skips a locked row: of several
 * concurrent requests, one records the use and the others do not wait.
 */
export async function recordKeyUse(
  db: Database,
  keyId: number,
  { now, since }: { now: Date; since: Date },
): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ last_used_at: now.toISOString() })
    .where('id', '=', ({ selectFrom }) =>
      selectFrom('api_keys')
        .select('id')
        .where('id', '=', keyId)
        .where(({ or, eb }) =>
          or([eb('last_used_at', 'is', null), eb('last_used_at', '<=', since.toISOString())]),
        )
        .forUpdate()
        .skipLocked(),
    )
    .execute();
}
