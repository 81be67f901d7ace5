import type { Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { findCredentials, setPassword } from '#src/people/stores/accounts.js';
import { deleteEmailTokensOf } from '#src/people/stores/email-tokens.js';
import { deleteSessionsOf } from '#src/people/stores/sessions.js';
import { deleteKeysAndCalendarToken } from './api-keys.js';
import { forgetOtherDevices } from './devices.js';

/** Returns the user with this username or email address, or null. */
export async function findAccount(context: Context, login: string) {
  return findCredentials(context.db, login);
}

/**
 * Sets the password of a user on the operator's behalf, with the consequences of a reset: ends all
 * sessions of the user, deletes all their API keys and forgets all their devices.
 */
export async function overwritePassword(
  context: Context,
  userId: number,
  passwordHash: string,
): Promise<void> {
  await inTransaction(context, async (trx) => {
    await setPassword(trx.db, userId, passwordHash, trx.now);
    await deleteEmailTokensOf(trx.db, userId);
    await deleteSessionsOf(trx.db, userId);
    await deleteKeysAndCalendarToken(trx, userId);
    await forgetOtherDevices(trx, userId, null);
    await record(trx, { action: 'account.password', id: userId });
  });
}
