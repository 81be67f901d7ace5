import type { ProfileUpdate } from '#schemas/users.js';
import type { Precondition } from '#src/access/preconditions.js';
import type { Origin, Viewer } from '#src/access/viewer.js';
import { record } from '#src/audit/audit.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { type FullUser, findUser } from '#src/people/stores/users.js';
import { assertPassword, assertSamePassword } from './auth.js';
import { changeUser, removeUser } from './user-changes.js';

/** @throws ApiError user_unavailable if the account has been deleted in the meantime */
export async function readMe(db: Database, viewer: Viewer): Promise<FullUser> {
  const user = await findUser(db, viewer.id, 'full');
  if (user === null) throw new ApiError('user_unavailable');
  return user;
}

/** @throws ApiError precondition_failed; user_unavailable */
export function changeMe(
  db: Database,
  origin: Origin,
  viewer: Viewer,
  changes: ProfileUpdate,
  precondition: Precondition,
): Promise<FullUser> {
  return changeUser(db, origin, viewer.id, changes, { ...precondition, action: 'account.change' });
}

/**
 * Deletes the account for good, and with it every sign-in and key. What others still need of it has
 * its number, which names nobody any more.
 *
 * @throws InvalidRequest if the password is wrong; ApiError precondition_failed; last_administrator;
 *   user_unavailable
 */
export async function deleteMe(
  db: Database,
  origin: Origin,
  viewer: Viewer,
  password: string,
  precondition: Precondition,
): Promise<void> {
  const passwordHash = await assertPassword(db, origin, viewer, password);
  await inTransaction(db, async (trx) => {
    await assertSamePassword(trx, viewer, passwordHash);
    const { id, username } = await removeUser(trx, origin, viewer.id, precondition);
    await record(trx, origin, { action: 'account.delete', id, before: { username } });
  });
}
