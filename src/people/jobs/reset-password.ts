import { composeMail } from '#src/mail/mails.js';
import { PASSWORD_RESET_MINUTES } from '#src/people/services/password-changes.js';
import { findCredentialsByEmail } from '#src/people/stores/accounts.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { mintEmailToken } from './mint-email-token.js';

/** Sends a password reset token, if the email address belongs to an active user. */
export const resetPassword: Task<JobPayloads['reset_password']> = async (
  { email, language },
  context,
) => {
  const { db, mail, clientUrl } = context;
  const user = await findCredentialsByEmail(db, email);
  if (user === null) return;
  // The stored spelling: the requested one may lead to another mailbox.
  const to = user.email;
  const token = await mintEmailToken(context, {
    userId: user.id,
    purpose: 'reset_password',
    email: to,
    minutes: PASSWORD_RESET_MINUTES,
    isAllowedFor: (now) => now.email === to,
  });
  if (token === null) return;
  const parameters = { username: user.username, token, clientUrl, minutes: PASSWORD_RESET_MINUTES };
  await mail.send({ to, ...composeMail('reset_password', language, parameters) });
};
