import type { Context } from '#src/access/context.js';
import { eraseFromAuditLog } from '#src/audit/erasure.js';
import { deleteResponsesOf } from '#src/db/idempotency-keys.js';
import { deleteRegistrationsOf } from '#src/people/stores/registrations.js';
import type { FullUser } from '#src/people/stores/users.js';
import { deleteJobsOf } from '#src/queue/store.js';

/**
 * Erases the personal data of a user who has just been deleted from the tables that do not refer to
 * the user by a foreign key. Must be called in the same transaction, after its audit entry was
 * recorded.
 *
 * Throttles and visits remain: they are hashes that expire within hours.
 */
export async function eraseUser(
  trx: Pick<Context, 'db' | 'now'>,
  { id, email }: Pick<FullUser, 'id' | 'email'>,
): Promise<void> {
  const { db } = trx;
  const registrations = email === null ? [] : await deleteRegistrationsOf(db, email);
  await deleteResponsesOf(db, `user:${id}`, `/api/v1/users/${id}`);
  await deleteJobsOf(db, { userId: id, email });
  await eraseFromAuditLog(trx, id, registrations);
}
