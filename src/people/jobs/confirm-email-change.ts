import { composeMail } from '#src/mail/mails.js';
import { EMAIL_CHANGE_HOURS } from '#src/people/services/email-addresses.js';
import { findCredentialsByEmail } from '#src/people/stores/accounts.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { mintEmailToken } from './mint-email-token.js';

/**
 * Sends the token that confirms a new email address. If another user has the address, tells that
 * user instead.
 */
export const confirmEmailChange: Task<JobPayloads['confirm_email_change']> = async (
  { userId, email, requestedAt, language },
  context,
) => {
  const { db, mail, clientUrl } = context;
  const holder = await findCredentialsByEmail(db, email);
  if (holder !== null && holder.id !== userId) {
    const { email: to, username } = holder;
    // Not to the spelling of a stranger, which may lead to another mailbox.
    await mail.send({ to, ...composeMail('already_registered', language, { username }) });
    return;
  }
  const token = await mintEmailToken(context, {
    userId,
    purpose: 'change_email',
    email,
    minutes: EMAIL_CHANGE_HOURS * 60,
    // The password at the time of the request authorized it.
    isAllowedFor: ({ password_changed_at }) =>
      password_changed_at === null || password_changed_at < requestedAt,
  });
  if (token === null) return;
  const parameters = { token, clientUrl, hours: EMAIL_CHANGE_HOURS };
  await mail.send({ to: email, ...composeMail('confirm_email_change', language, parameters) });
};
