import type { AuditAction } from '#schemas/audit.js';
import type { PasswordChange, PasswordReset } from '#schemas/passwords.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { foldEmail } from '#src/lib/fold.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import { REDACTED } from '#src/lib/redact.js';
import { setPassword } from '#src/people/stores/accounts.js';
import {
  deleteEmailTokensOf,
  findEmailToken,
  takeEmailToken,
} from '#src/people/stores/email-tokens.js';
import { deleteSessionsOf } from '#src/people/stores/sessions.js';
import { lockUser } from '#src/people/stores/user-changes.js';
import { type FullUser, findUser } from '#src/people/stores/users.js';
import { assertRoomForJob } from '#src/queue/jobs.js';
import { enqueue } from '#src/queue/store.js';
import { mailThrottles, throttled } from '#src/throttling/throttling.js';
import { deleteKeysAndCalendarToken } from './api-keys.js';
import { assertPassword, assertSamePassword } from './auth.js';
import { forgetOtherDevices, rememberDevice } from './devices.js';
import { hashPassword, passwordItems } from './passwords.js';

/** Lifetime of a password reset token in minutes. */
export const PASSWORD_RESET_MINUTES = 30;

/** The purposes of tokens that set a password without the current one. */
const RESETTING = ['reset_password', 'invite'] as const;

/**
 * Changes the viewer's password, ends all their other sessions and forgets all their devices except
 * that of the client; on request, deletes all their API keys and their calendar token.
 *
 * @param device the secret of the client's device, if it has presented one
 * @throws InvalidRequest if the current password is wrong, the new passwords differ, or the new
 *   password is the current one or breaks a rule; ApiError too_many_attempts; user_unavailable if
 *   the password was reset meanwhile
 */
export async function changePassword(
  context: ActingContext,
  { current_password, new_password, confirm_password, delete_api_keys }: PasswordChange,
  device: string | null,
): Promise<void> {
  const owner = await findUser(context.db, context.viewer.id, 'full');
  if (owner === null) throw new ApiError('user_unavailable');
  const items = [
    ...passwordItems(new_password, owner, 'new_password'),
    ...mismatch(new_password, confirm_password),
  ];
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
    await forgetOtherDevices(trx, user.id, device);
    if (delete_api_keys) await deleteKeysAndCalendarToken(trx, user.id);
  });
}

/**
 * Queues a mail with a reset token. It is sent only if the email address belongs to an active user.
 *
 * @throws ApiError too_many_mails if requested too often; too_busy if very many jobs wait
 */
export async function requestPasswordReset(context: Context, email: string): Promise<void> {
  await assertRoomForJob(context);
  await throttled(context, mailThrottles(email, context.address), () =>
    enqueue(context.db, 'reset_password', { email, language: context.language }),
  );
}

/**
 * Sets a new password with the token from a mail or an invitation, ends all sessions of the user,
 * deletes all their API keys and their calendar token, and forgets all their devices: whoever resets
 * a password may have lost control of the account. A token works once.
 *
 * @returns the secret of a known device for the client, which the token has proved to be the user's
 * @throws InvalidRequest if the token is unknown, used or expired, the passwords differ, or the new
 *   password breaks a rule, which does not use up the token
 */
export async function resetPassword(
  context: Context,
  { token, new_password, confirm_password }: PasswordReset,
): Promise<string> {
  const items = mismatch(new_password, confirm_password);
  if (items.length > 0) throw new InvalidRequest(items);
  const tokenHash = hashSecret(token);
  // Checked first, so that an invalid token does not cost a password hash.
  const found = await findEmailToken(context.db, tokenHash, RESETTING, context.now);
  const owner = found === null ? null : await findUser(context.db, found.user_id, 'full');
  if (owner === null) throw invalidToken();
  const broken = passwordItems(new_password, owner, 'new_password');
  if (broken.length > 0) throw new InvalidRequest(broken);
  const passwordHash = await hashPassword(new_password, context.passwordCost);
  return inTransaction(context, async (trx) => {
    const taken = await takeEmailToken(trx.db, tokenHash, RESETTING, context.now);
    const user = taken === null ? null : await lockUser(trx.db, taken.user_id);
    if (taken === null || user === null || !user.is_active) throw invalidToken();
    // The token was sent to an email address that the user may have given up since.
    if (foldEmail(user.email ?? '') !== foldEmail(taken.email)) throw invalidToken();
    // The token identifies the user, not a session cookie that was sent along.
    const anonymous = { ...trx, viewer: null };
    const isInvitation = taken.purpose === 'invite';
    const action = isInvitation ? 'account.accept_invitation' : 'account.reset_password';
    await writePassword(anonymous, user, passwordHash, action);
    await deleteSessionsOf(trx.db, user.id);
    await deleteKeysAndCalendarToken(anonymous, user.id);
    await forgetOtherDevices(trx, user.id, null);
    return rememberDevice(trx, user.id, null);
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
  if (email === null || action === 'account.accept_invitation') return;
  const { language } = trx;
  const notice = { kind: 'password_changed', userId: id, to: email } as const;
  await enqueue(trx.db, 'notice', { ...notice, username, language });
}

function mismatch(password: string, again: string) {
  return password === again
    ? []
    : [valueError('passwords_differ', ['body', 'confirm_password'], REDACTED)];
}

function invalidToken(): InvalidRequest {
  return new InvalidRequest([valueError('unusable_token', ['body', 'token'], REDACTED)]);
}
