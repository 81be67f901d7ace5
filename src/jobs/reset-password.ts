import type { JobPayloads } from '../lib/job-payloads.js';
import { mintSecret } from '../lib/random-secrets.js';
import { composeMail } from '../services/mails.js';
import { PASSWORD_RESET_MINUTES } from '../services/password-changes.js';
import { findCredentials } from '../stores/accounts.js';
import { replaceEmailToken } from '../stores/email-tokens.js';
import type { Task } from './task.js';

/** Sends the token that sets a new password, if the address is that of somebody who may sign in. */
export const resetPassword: Task<JobPayloads['reset_password']> = async (
  { email, language },
  { db, mail, clock, clientUrl },
) => {
  const user = await findCredentials(db, email);
  if (user === null || !user.is_active || user.email === null) return;
  const { secret: token, hash } = mintSecret();
  const now = clock();
  await replaceEmailToken(db, {
    token_hash: hash,
    user_id: user.id,
    purpose: 'reset_password',
    email: user.email,
    created_at: now.toISOString(),
    expires_at: new Date(now.getTime() + PASSWORD_RESET_MINUTES * 60_000).toISOString(),
  });
  const parameters = { token, clientUrl, minutes: PASSWORD_RESET_MINUTES };
  await mail.send({ to: user.email, ...composeMail('reset_password', language, parameters) });
};
