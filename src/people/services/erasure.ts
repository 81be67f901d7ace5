import type { Context } from '#src/access/context.js';
import { eraseFromAuditLog } from '#src/audit/erasure.js';
import { deleteResponsesOf } from '#src/db/idempotency-keys.js';
import { deleteEventsOf } from '#src/events/store.js';
import { deleteInvitationsTo } from '#src/people/stores/project-invitations.js';
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
  if (email !== null) await deleteInvitationsTo(db, email);
  await deleteResponsesOf(db, `user:${id}`, `/api/v1/users/${id}`);
  await deleteJobsOf(db, { userId: id, email });
  await deleteEventsOf(db, id);
  await eraseFromAuditLog(trx, id, registrations);
}
