import type { JobPayloads } from '../lib/job-payloads.js';
import { mintSecret } from '../lib/random-secrets.js';
import { EMAIL_CHANGE_MINUTES } from '../services/email-addresses.js';
import { composeMail } from '../services/mails.js';
import { findCredentials, findCredentialsById } from '../stores/accounts.js';
import { replaceEmailToken } from '../stores/email-tokens.js';
import type { Task } from './task.js';

/**
 * Sends the token that makes an address that of a user; or, where it is somebody else's already,
 * says so to them and to nobody else.
 */
export const confirmEmailChange: Task<JobPayloads['confirm_email_change']> = async (
  { userId, email, language },
  { db, mail, clock, clientUrl },
) => {
  const user = await findCredentialsById(db, userId);
  if (user === null || !user.is_active) return;
  const holder = await findCredentials(db, email);
  if (holder !== null && holder.id !== userId) {
    const { username } = holder;
    await mail.send({ to: email, ...composeMail('already_registered', language, { username }) });
    return;
  }
  const { secret: token, hash } = mintSecret();
  const now = clock();
  await replaceEmailToken(db, {
    token_hash: hash,
    user_id: userId,
    purpose: 'change_email',
    email,
    created_at: now.toISOString(),
    expires_at: new Date(now.getTime() + EMAIL_CHANGE_MINUTES * 60_000).toISOString(),
  });
  const parameters = { token, clientUrl };
  await mail.send({ to: email, ...composeMail('confirm_email_change', language, parameters) });
};
