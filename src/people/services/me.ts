import type { ProfileUpdate } from '#schemas/users.js';
import type { ActingContext } from '#src/access/context.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { type FullUser, findUser } from '#src/people/stores/users.js';
import { assertPassword, assertSamePassword } from './auth.js';
import { changeUser, removeUser } from './user-changes.js';

/** @throws ApiError user_unavailable if the account has been deleted meanwhile */
export async function readMe(context: ActingContext): Promise<FullUser> {
  const user = await findUser(context.db, context.viewer.id, 'full');
  if (user === null) throw new ApiError('user_unavailable');
  return user;
}

/** @throws ApiError precondition_failed; user_unavailable */
export function changeMe(context: ActingContext, changes: ProfileUpdate): Promise<FullUser> {
  return changeUser(context, context.viewer.id, changes, 'account.change');
}

/**
 * Deletes the viewer's account permanently, with all sessions and API keys. The audit log keeps its
 * id, and nothing else of it.
 *
 * @throws InvalidRequest if the password is wrong; ApiError precondition_failed;
 *   last_administrator; user_unavailable
 */
export async function deleteMe(context: ActingContext, password: string): Promise<void> {
  const passwordHash = await assertPassword(context, password);
  await inTransaction(context, async (trx) => {
    await assertSamePassword(trx, passwordHash);
    await removeUser(trx, context.viewer.id, 'account.delete');
  });
}
