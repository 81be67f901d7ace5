import { sql } from 'kysely';
import type { Database } from './database.js';

/** Lifetime of a stored response: 24 hours, in milliseconds. */
export const IDEMPOTENCY_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** The first response to a request, which is replayed. */
export interface StoredResponse {
  request_hash: Buffer;
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/**
 * Locks the key until the transaction ends.
 *
 * @returns false if another open transaction holds the lock
 */
export async function lockIdempotencyKey(
  db: Database,
  caller: string,
  key: string,
): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${caller} || ':' || ${key}, 0)) as locked
  `.execute(db);
  return rows[0]?.locked === true;
}

/** Returns the response stored under the key after `since`, or null. */
export async function findResponse(
  db: Database,
  caller: string,
  key: string,
  since: Date,
): Promise<StoredResponse | null> {
  const row = await db
    .selectFrom('idempotency_keys')
    .select(['request_hash', 'status', 'headers', 'body'])
    .where('caller', '=', caller)
    .where('key', '=', key)
    .where('created_at', '>', since.toISOString())
    .executeTakeFirst();
  return row ?? null;
}

/** Stores the response, replacing an expired one. */
export async function saveResponse(
  db: Database,
  caller: string,
  key: string,
  answer: StoredResponse,
  now: Date,
): Promise<void> {
  const values = {
    request_hash: answer.request_hash,
    status: answer.status,
    headers: sql<Record<string, string>>`${JSON.stringify(answer.headers)}::jsonb`,
    body: sql<unknown>`${JSON.stringify(answer.body ?? null)}::jsonb`,
    created_at: now.toISOString(),
  };
  await db
    .insertInto('idempotency_keys')
    .values({ caller, key, ...values })
    .onConflict((conflict) => conflict.columns(['caller', 'key']).doUpdateSet(values))
    .execute();
}

/** Deletes the responses stored for this caller, and those that created the resource. */
export async function deleteResponsesOf(
  db: Database,
  caller: string,
  location: string,
): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where(({ or, eb }) =>
      or([eb('caller', '=', caller), sql<boolean>`headers ->> 'location' = ${location}`]),
    )
    .execute();
}

/** Deletes responses stored up to `until`; returns how many. */
export async function deleteOldResponses(db: Database, until: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('idempotency_keys')
    .where('created_at', '<=', until.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
