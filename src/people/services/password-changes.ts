import type { AuditAction } from '#schemas/audit.js';
import type { PasswordChange, PasswordReset } from '#schemas/passwords.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { REDACTED } from '#src/lib/redact.js';
import { hashSecret } from '#src/people/lib/random-secrets.js';
import { setPassword } from '#src/people/stores/accounts.js';
import {
  deleteEmailTokensOf,
  findEmailToken,
  takeEmailToken,
} from '#src/people/stores/email-tokens.js';
import { deleteSessionsOf } from '#src/people/stores/sessions.js';
import { lockUser } from '#src/people/stores/user-changes.js';
import type { FullUser } from '#src/people/stores/users.js';
import { enqueue } from '#src/queue/store.js';
import { assertPassword, assertSamePassword } from './auth.js';
import { mailThrottle, throttled } from './login-throttling.js';
import { hashPassword } from './passwords.js';

/** Minutes in which a password may be set with the token of a mail. */
export const PASSWORD_RESET_MINUTES = 30;

/**
 * Changes the password of whoever knows the current one. All their other sign-ins end.
 *
 * @throws InvalidRequest if the current password is wrong, or the new ones differ or are the current
 *   one; ApiError too_many_attempts; user_unavailable if it was reset in the meantime
 */
export async function changePassword(
  context: ActingContext,
  { current_password, new_password, confirm_password }: PasswordChange,
): Promise<void> {
  const items = differences(new_password, confirm_password);
  if (new_password === current_password) {
    items.push(valueError('password_unchanged', ['body', 'new_password'], REDACTED));
  }
  if (items.length > 0) throw new InvalidRequest(items);
  const old = await assertPassword(context, current_password, 'current_password');
  const passwordHash = await hashPassword(new_password, context.passwordCost);
  await inTransaction(context, async (trx) => {
    await assertSamePassword(trx, old);
    const user = await lockUser(trx.db, context.viewer.id);
    if (user === null) throw new ApiError('user_unavailable');
    await writePassword(trx, user, passwordHash, 'account.password');
    await deleteSessionsOf(trx.db, user.id, { except: context.viewer.credential.id });
  });
}

/**
 * Has a token sent to the address, if it is that of somebody who may sign in.
 *
 * @throws ApiError too_many_mails if that was asked for too often
 */
export async function requestPasswordReset(context: Context, email: string): Promise<void> {
  await throttled(context, [mailThrottle(email)], () =>
    enqueue(context.db, 'reset_password', { email, language: context.language }),
  );
}

/**
 * Gives a new password to whoever brings the token of a mail. It works once, and all sign-ins of the
 * user end.
 *
 * @throws InvalidRequest if the token is none, was used or has expired, or the passwords differ
 */
export async function resetPassword(
  context: Context,
  { token, new_password, confirm_password }: PasswordReset,
): Promise<void> {
  const items = differences(new_password, confirm_password);
  if (items.length > 0) throw new InvalidRequest(items);
  const tokenHash = hashSecret(token);
  // Whoever guesses tokens must not cost the work of a hash.
  const found = await findEmailToken(context.db, tokenHash, 'reset_password', context.now);
  if (found === null) throw unusable(token);
  const passwordHash = await hashPassword(new_password, context.passwordCost);
  await inTransaction(context, async (trx) => {
    const taken = await takeEmailToken(trx.db, tokenHash, 'reset_password', context.now);
    const user = taken === null ? null : await lockUser(trx.db, taken.user_id);
    if (taken === null || user === null || !user.is_active) throw unusable(token);
    // The address may be somebody else's by now.
    if (user.email?.toLowerCase() !== taken.email.toLowerCase()) throw unusable(token);
    await writePassword(trx, user, passwordHash, 'account.reset_password');
    await deleteSessionsOf(trx.db, user.id);
  });
}

async function writePassword(
  trx: Context,
  { id, email, username }: FullUser,
  passwordHash: string,
  action: AuditAction,
): Promise<void> {
  await setPassword(trx.db, id, passwordHash, trx.now);
  await deleteEmailTokensOf(trx.db, id);
  await record(trx, { action, id, actorId: id });
  if (email === null) return;
  const { language } = trx;
  await enqueue(trx.db, 'notice', { kind: 'password_changed', to: email, username, language });
}

function differences(password: string, again: string) {
  return password === again
    ? []
    : [valueError('passwords_differ', ['body', 'confirm_password'], REDACTED)];
}

function unusable(token: string): InvalidRequest {
  return new InvalidRequest([valueError('unusable_token', ['body', 'token'], token)]);
}
