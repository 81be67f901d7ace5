import type { EmailChange, EmailConfirmation } from '#schemas/registrations.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import { duplicate, InvalidRequest, valueError } from '#src/errors.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import { REDACTED } from '#src/lib/redact.js';
import { deleteEmailTokensOf, takeEmailToken } from '#src/people/stores/email-tokens.js';
import { lockUser, updateUser } from '#src/people/stores/user-changes.js';
import { assertRoomForJob } from '#src/queue/jobs.js';
import { enqueue } from '#src/queue/store.js';
import { mailThrottles, throttled } from '#src/throttling/throttling.js';
import { assertPassword } from './auth.js';
import { assertRegistrant, confirmRegistration } from './registrations.js';

/** Lifetime of the token that confirms a new email address, in hours. */
export const EMAIL_CHANGE_HOURS = 24;

/** The user whose email address has been confirmed. */
export interface ConfirmedEmail {
  username: string;
  email: string;
}

/**
 * Queues a mail with a token to the new email address, which replaces the old one when the token is
 * confirmed. Never reveals whether another user has the address.
 *
 * @throws InvalidRequest if the password is wrong; ApiError too_many_attempts; too_many_mails;
 *   too_busy if very many jobs wait
 */
export async function requestEmailChange(
  context: ActingContext,
  { email, password }: EmailChange,
): Promise<void> {
  await assertRoomForJob(context);
  await assertPassword(context, password);
  const { language, now } = context;
  await throttled(context, mailThrottles(email, context.address), () =>
    enqueue(context.db, 'confirm_email_change', {
      userId: context.viewer.id,
      email,
      requestedAt: now.toISOString(),
      language,
    }),
  );
}

/**
 * Confirms the email address of a registration or of a requested change, with the token from the
 * mail, which works once. A registration also takes the password that was chosen then: the token
 * proves who owns the address, and only the password who has registered.
 *
 * @param context on the pool, not in a transaction: failures are counted even if the request fails
 * @throws InvalidRequest if the token is unknown, used or expired, or the password is missing;
 *   ApiError invalid_credentials if the password is wrong; too_many_attempts; duplicate if the
 *   username or email address has been taken meanwhile
 */
export async function confirmEmail(
  context: Context,
  { token, password }: EmailConfirmation,
): Promise<ConfirmedEmail> {
  const tokenHash = hashSecret(token);
  const isRegistration = await assertRegistrant(context, tokenHash, password);
  return inTransaction(context, async (trx) => {
    // Never by the token alone, even if a registration came in between.
    const confirmed = isRegistration
      ? await confirmRegistration(trx, tokenHash)
      : await confirmChange(trx, tokenHash);
    if (confirmed !== null) {
      return { username: confirmed.username, email: String(confirmed.email) };
    }
    throw new InvalidRequest([valueError('unusable_token', ['body', 'token'], REDACTED)]);
  });
}

async function confirmChange(trx: Context, tokenHash: Buffer): Promise<ConfirmedEmail | null> {
  const { now, language } = trx;
  const token = await takeEmailToken(trx.db, tokenHash, 'change_email', now);
  const before = token === null ? null : await lockUser(trx.db, token.user_id);
  if (token === null || before === null || !before.is_active) return null;
  const { id, username } = before;
  const { email } = token;
  const verified = { email_verified_at: now.toISOString() };
  try {
    await updateUser(trx.db, id, { email, ...verified }, now);
  } catch (error) {
    if (toPostgresFailure(error)?.kind !== 'duplicate') throw error;
    throw duplicate([{ loc: ['body', 'token', 'email'], input: email }], error);
  }
  // Tokens sent to the old address must no longer work.
  await deleteEmailTokensOf(trx.db, id);
  const difference = { before: { email: before.email }, after: { email } };
  await record(trx, { action: 'account.email', id, actorId: id, ...difference });
  if (before.email !== null) {
    const notice = { kind: 'email_changed', userId: id, to: before.email } as const;
    await enqueue(trx.db, 'notice', { ...notice, username, language });
  }
  return { username, email };
}
