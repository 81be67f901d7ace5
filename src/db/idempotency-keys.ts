import { sql } from 'kysely';
import type { Database } from './database.js';

/** Lifetime of a stored response: 24 hours, in milliseconds. */
export const IDEMPOTENCY_LIFETIME_MS = 24 * 60 * 60 * 1000;

/**
 * Lifetime of a claim in milliseconds, after which another request may take it over: its process
 * has died. Longer than any request should take: rendering is limited to half a minute.
 */
export const CLAIM_MS = 60 * 1000;

/** The first response to a request, which is replayed. */
export interface StoredResponse {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/** A key of a caller. */
export interface CallerKey {
  caller: string;
  key: string;
}

/** A claim on a key, for one execution of a request. */
export interface Claim extends CallerKey {
  /** Distinguishes this claim from later ones on the same key. */
  claimId: string;
  requestHash: Buffer;
  now: Date;
}

/** What is known of a key. */
export interface KnownKey {
  request_hash: Buffer;
  /** Null while the first request is running. */
  response: StoredResponse | null;
}

/**
 * Claims the key, unless it has a response or a request under it is running. An expired response
 * and an expired claim are replaced.
 *
 * @returns whether the claim was made
 */
export async function claimKey(db: Database, claim: Claim): Promise<boolean> {
  const { caller, key, claimId, requestHash, now } = claim;
  const values = {
    request_hash: requestHash,
    state: 'running',
    claim_id: claimId,
    claimed_until: new Date(now.getTime() + CLAIM_MS).toISOString(),
    status: null,
    headers: null,
    body: null,
    created_at: now.toISOString(),
  } as const;
  const forgottenSince = new Date(now.getTime() - IDEMPOTENCY_LIFETIME_MS).toISOString();
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('idempotency_keys')
    .values({ caller, key, ...values })
    .onConflict((conflict) =>
      conflict
        .columns(['caller', 'key'])
        .doUpdateSet(values)
        .where(({ or, and, eb }) =>
          or([
            and([
              eb('idempotency_keys.state', '=', 'running'),
              eb('idempotency_keys.claimed_until', '<=', now.toISOString()),
            ]),
            and([
              eb('idempotency_keys.state', '=', 'done'),
              eb('idempotency_keys.created_at', '<=', forgottenSince),
            ]),
          ]),
        ),
    )
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Returns what is known of the key, or null. */
export async function findKey(db: Database, { caller, key }: CallerKey): Promise<KnownKey | null> {
  const row = await db
    .selectFrom('idempotency_keys')
    .select(['request_hash', 'status', 'headers', 'body'])
    .where('caller', '=', caller)
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { request_hash, status, headers, body } = row;
  const response = status === null || headers === null ? null : { status, headers, body };
  return { request_hash, response };
}

/**
 * Stores the response, which ends the claim.
 *
 * @returns false if the claim has expired and another request has taken the key over; the change
 *   must then be rolled back
 */
export async function completeClaim(
  trx: Database,
  { caller, key, claimId }: Claim,
  { status, headers, body }: StoredResponse,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('idempotency_keys')
    .set({
      state: 'done',
      claim_id: null,
      claimed_until: null,
      status,
      headers: sql<Record<string, string>>`${JSON.stringify(headers)}::jsonb`,
      body: sql<unknown>`${JSON.stringify(body ?? null)}::jsonb`,
    })
    .where('caller', '=', caller)
    .where('key', '=', key)
    .where('claim_id', '=', claimId)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Ends the claim without a response. Does nothing if it has ended already. */
export async function releaseClaim(db: Database, { caller, key, claimId }: Claim): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where('caller', '=', caller)
    .where('key', '=', key)
    .where('claim_id', '=', claimId)
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

/** Deletes responses stored, and claims made, up to `until`; returns how many. */
export async function deleteOldResponses(db: Database, until: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('idempotency_keys')
    .where('created_at', '<=', until.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
