import type { Context } from '#src/access/context.js';
import { inTransaction } from '#src/db/transaction.js';
import { enqueue } from '#src/queue/store.js';
import * as store from './erasure-store.js';

/** Number of entries per statement. */
const BATCH = 1000;

/** Number of entries erased in the transaction of the deletion; a job erases the others. */
const ERASED_AT_ONCE = 10 * BATCH;

/** Milliseconds after which requests of the user that were running have ended. */
const REQUESTS_OVER_MS = 10 * 60 * 1000;

/**
 * Erases the personal data of a deleted user from the audit log: IP addresses, usernames and other
 * recorded fields of the user. The entries remain, with the id of the user. A job erases later
 * what requests record that are still running, or continues if there are very many entries.
 *
 * Must be called in the transaction that deletes the user, after its own entry was recorded.
 *
 * @param registrations ids of registrations that were deleted with the user
 */
export async function eraseFromAuditLog(
  trx: Pick<Context, 'db' | 'now'>,
  userId: number,
  registrations: readonly number[],
): Promise<void> {
  const { db, now } = trx;
  const confirmed = await store.findRegistrationsOf(db, userId);
  await store.eraseRegistrations(db, [...confirmed, ...registrations], now);
  let after: number | null = 0;
  for (let erased = 0; after !== null && erased < ERASED_AT_ONCE; erased += BATCH) {
    after = await eraseBatch(trx, userId, after);
  }
  const runAt = after === null ? { runAt: new Date(Date.now() + REQUESTS_OVER_MS) } : {};
  await enqueue(db, 'erase_audit_entries', { userId, after: after ?? 0 }, runAt);
}

/** Erases what the deletion of the user has left, each batch in its own transaction. */
export async function continueErasure(
  context: Pick<Context, 'db' | 'now'>,
  userId: number,
  from: number,
): Promise<void> {
  let after: number | null = from;
  while (after !== null) {
    const last: number = after;
    after = await inTransaction(context, (trx) => eraseBatch(trx, userId, last));
  }
}

/** @returns the id after which to continue, or null if no entries are left */
async function eraseBatch(
  { db, now }: Pick<Context, 'db' | 'now'>,
  userId: number,
  after: number,
): Promise<number | null> {
  const ids = await store.findEntriesOf(db, { userId, after, limit: BATCH });
  if (ids.length > 0) await store.eraseEntries(db, userId, ids, now);
  return ids.length < BATCH ? null : (ids.at(-1) ?? null);
}
