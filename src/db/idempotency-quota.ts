import { sql } from 'kysely';
import type { Database } from './database.js';

/** Maximum number of keys of one caller within their lifetime. */
export const MAX_KEYS = 5000;

/** Maximum bytes of one caller's stored responses, as the database stores them. */
export const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/** What a caller has stored. */
export interface KeyUsage {
  keys: number;
  bytes: number;
  /** When the oldest key was used; null if there is none. */
  oldest: string | null;
}

const bytes = sql<number>`coalesce(pg_column_size(headers), 0) + coalesce(pg_column_size(body), 0)`;

/** Returns what the caller has stored since `since`. */
export async function findKeyUsage(db: Database, caller: string, since: Date): Promise<KeyUsage> {
  const { rows } = await sql<KeyUsage>`
    select count(*) as keys, coalesce(sum(${bytes}), 0)::bigint as bytes, min(created_at) as oldest
    from idempotency_keys where caller = ${caller} and created_at > ${since.toISOString()}
  `.execute(db);
  return rows[0] ?? { keys: 0, bytes: 0, oldest: null };
}

/**
 * Deletes the caller's oldest keys, until at most `MAX_KEYS` are left and half of the bytes are
 * free. Skips keys whose request is running.
 */
export async function deleteOldestKeys(db: Database, caller: string): Promise<void> {
  // Two statements, because the planner may compare every key with every other in a single one.
  const { rows } = await sql<{ key: string }>`
    select key from (
      select key, state, row_number() over newest as position, sum(${bytes}) over newest as bytes
      from idempotency_keys where caller = ${caller}
      window newest as (order by created_at desc, key)
    ) as ranked
    where state = 'done' and (position > ${MAX_KEYS} or bytes > ${MAX_RESPONSE_BYTES / 2})
  `.execute(db);
  const keys = rows.map(({ key }) => key);
  await sql`
    delete from idempotency_keys where caller = ${caller} and key = any(array(
      select key from idempotency_keys
      where caller = ${caller} and state = 'done' and key = any(${keys})
      for update skip locked))
  `.execute(db);
}
