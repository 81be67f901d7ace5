import type { Role } from '#schemas/roles.js';
import type { Scope } from '#schemas/scopes.js';
import type { Database } from '#src/db/database.js';

/** Who holds a token or a key, and whether they may still use it. */
export interface TokenUser {
  user_id: number;
  username: string;
  role: Role;
  permissions: number;
  is_active: boolean;
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

/** The user with this number, and whether the sign-in `sessionId` of theirs goes on; or null. */
export async function findUserByToken(
  db: Database,
  userId: number,
  sessionId: number,
  now: Date,
): Promise<(TokenUser & { session_id: number | null }) | null> {
  const row = await db
    .selectFrom('users')
    .leftJoin('sessions', (join) =>
      join
        .onRef('sessions.user_id', '=', 'users.id')
        .on('sessions.id', '=', sessionId)
        .on('sessions.kind', '=', 'token')
        .on('sessions.expires_at', '>', now.toISOString()),
    )
    .select([...BEARER_COLUMNS, 'sessions.id as session_id'])
    .where('users.id', '=', userId)
    .executeTakeFirst();
  return row ?? null;
}

/** The API key with this SHA-256, and whose it is; or null. */
export async function findUserByKey(db: Database, keyHash: Buffer): Promise<KeyUser | null> {
  const row = await db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .select([
      ...BEARER_COLUMNS,
      'api_keys.id as key_id',
      'api_keys.scopes',
      'api_keys.expires_at',
      'api_keys.last_used_at',
    ])
    .where('api_keys.key_hash', '=', keyHash)
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Notes that the key was used, unless that was noted after `since`. Does not wait for a row that
 * somebody else holds: of many requests at once one notes it and the others go on.
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
