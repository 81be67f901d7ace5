import type { Selectable } from 'kysely';
import type { ApiKeySort } from '#schemas/api-keys.js';
import type { Scope } from '#schemas/scopes.js';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { cut, type Slice } from '#src/lists/slices.js';

/** A stored key without its owner and hash. */
export type ApiKeyRow = Omit<Selectable<Schema['api_keys']>, 'user_id' | 'key_hash'>;

/** A key to insert. */
export interface NewApiKey {
  user_id: number;
  name: string;
  prefix: string;
  key_hash: Buffer;
  scopes: Scope[];
  created_at: string;
  expires_at: string | null;
}

const COLUMNS = [
  'id',
  'name',
  'prefix',
  'scopes',
  'created_at',
  'last_used_at',
  'expires_at',
] as const satisfies (keyof ApiKeyRow)[];

export async function insertApiKey(db: Database, key: NewApiKey): Promise<ApiKeyRow> {
  return db.insertInto('api_keys').values(key).returning(COLUMNS).executeTakeFirstOrThrow();
}

/** Returns a slice of a user's keys, sorted. */
export async function listApiKeys(
  db: Database,
  userId: number,
  slice: Slice<ApiKeySort>,
): Promise<ApiKeyRow[]> {
  const query = db.selectFrom('api_keys').select(COLUMNS).where('user_id', '=', userId);
  return cut(query, slice).execute();
}

/** Counts a user's keys. */
export async function countApiKeys(db: Database, userId: number): Promise<number> {
  const { count } = await db
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return count;
}

/** Deletes a key of the user. Returns the key, or null if the user has no such key. */
export async function deleteApiKey(
  db: Database,
  userId: number,
  id: number,
): Promise<ApiKeyRow | null> {
  const row = await db
    .deleteFrom('api_keys')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning(COLUMNS)
    .executeTakeFirst();
  return row ?? null;
}

/** Deletes all keys of the user, and returns them. */
export function deleteApiKeysOf(db: Database, userId: number): Promise<ApiKeyRow[]> {
  return db.deleteFrom('api_keys').where('user_id', '=', userId).returning(COLUMNS).execute();
}
