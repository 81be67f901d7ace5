import type { Invitation } from '#schemas/users.js';
import type { Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { mintSecret } from '#src/lib/random-secrets.js';
import { tokenLink } from '#src/mail/mails.js';
import { lockCredentials } from '#src/people/stores/accounts.js';
import { deleteEmailTokensOf, replaceEmailToken } from '#src/people/stores/email-tokens.js';
import { lockUser } from '#src/people/stores/user-changes.js';
import { type FullUser, findUser } from '#src/people/stores/users.js';
import { assertRoomForJob } from '#src/queue/jobs.js';
import { enqueue } from '#src/queue/store.js';
import { mailThrottles, throttled } from '#src/throttling/throttling.js';
import { assertMayChangeUser } from './policy.js';

/** Days until an invitation expires. */
export const INVITATION_DAYS = 7;

const DAY_MS = 24 * 60 * 60 * 1000;

export interface InvitationOptions {
  /** Whether mail is sent. Otherwise the token is returned, for the administrator to pass on. */
  sendsMail: boolean;
  /** The base URL of the client application, for links. */
  clientUrl: string | null;
}

/**
 * Invites a user without a password to choose one. The token is mailed, or returned if no mail is
 * sent or the user has no email address. It replaces the token of an earlier invitation.
 *
 * @throws ApiError not_found; not_invitable if the user is deactivated or has a password;
 *   beyond_own_permissions if the user is an administrator with permissions that the viewer lacks;
 *   too_many_mails; too_busy if very many jobs wait
 */
export async function inviteUser(
  context: Context,
  id: number,
  { sendsMail, clientUrl }: InvitationOptions,
): Promise<Invitation> {
  const expiresAt = new Date(context.now.getTime() + INVITATION_DAYS * DAY_MS).toISOString();
  const user = await findUser(context.db, id, 'full');
  if (user === null) throw new ApiError('not_found');
  const { email } = user;
  if (sendsMail && email !== null) {
    await assertRoomForJob(context);
    await throttled(context, mailThrottles(email, context.address), () =>
      inTransaction(context, async (trx) => {
        const { email: to } = await lockInvitable(trx, id);
        await deleteEmailTokensOf(trx.db, id, 'invite');
        const { language } = trx;
        if (to !== null) await enqueue(trx.db, 'invite', { userId: id, email: to, language });
        await record(trx, { action: 'user.invite', id });
      }),
    );
    return { status: 'mailed', token: null, link: null, expires_at: expiresAt };
  }
  const { secret: token, hash } = mintSecret();
  await inTransaction(context, async (trx) => {
    const { email: known } = await lockInvitable(trx, id);
    await replaceEmailToken(trx.db, {
      token_hash: hash,
      user_id: id,
      purpose: 'invite',
      email: known ?? '',
      created_at: trx.now.toISOString(),
      expires_at: expiresAt,
    });
    await record(trx, { action: 'user.invite', id });
  });
  const link = clientUrl === null ? null : tokenLink('invitation', token, clientUrl);
  return { status: 'returned', token, link, expires_at: expiresAt };
}

async function lockInvitable(trx: Context, id: number): Promise<FullUser> {
  const user = await lockUser(trx.db, id);
  if (user === null) throw new ApiError('not_found');
  // Whoever has the token sets the password, as with the email address.
  assertMayChangeUser(trx, user, 'email');
  const credentials = await lockCredentials(trx.db, id);
  if (!user.is_active || credentials?.password_hash !== null) throw new ApiError('not_invitable');
  return user;
}
