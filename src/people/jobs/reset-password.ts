import { composeMail } from '#src/mail/mails.js';
import { PASSWORD_RESET_MINUTES } from '#src/people/services/password-changes.js';
import { findCredentials } from '#src/people/stores/accounts.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { mintEmailToken } from './mint-email-token.js';

/** Sends the token that sets a new password, if the address is that of somebody who may sign in. */
export const resetPassword: Task<JobPayloads['reset_password']> = async (
  { email, language },
  context,
) => {
  const { db, mail, clientUrl } = context;
  const user = await findCredentials(db, email);
  const to = user?.email;
  // A username is no address, though one signs in with either.
  if (user === null || to == null || to.toLowerCase() !== email.toLowerCase()) return;
  const token = await mintEmailToken(context, {
    userId: user.id,
    purpose: 'reset_password',
    email: to,
    minutes: PASSWORD_RESET_MINUTES,
    isRightFor: (now) => now.email === to,
  });
  if (token === null) return;
  const parameters = { username: user.username, token, clientUrl, minutes: PASSWORD_RESET_MINUTES };
  await mail.send({ to, ...composeMail('reset_password', language, parameters) });
};
