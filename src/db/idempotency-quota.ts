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
  await sql`
    delete from idempotency_keys using (
      select key from idempotency_keys
      where caller = ${caller} and state = 'done' and key in (
        select key from (
          select key, row_number() over newest as position, sum(${bytes}) over newest as bytes
          from idempotency_keys where caller = ${caller}
          window newest as (order by created_at desc, key)
        ) as ranked
        where position > ${MAX_KEYS} or bytes > ${MAX_RESPONSE_BYTES / 2})
      for update skip locked
    ) as old
    where idempotency_keys.caller = ${caller} and idempotency_keys.key = old.key
  `.execute(db);
}
