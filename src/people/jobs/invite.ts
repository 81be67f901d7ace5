import { composeMail } from '#src/mail/mails.js';
import { INVITATION_DAYS } from '#src/people/services/invitations.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { mintEmailToken } from './mint-email-token.js';

/** Sends an invitation to choose a password, if the user still has none. */
export const invite: Task<JobPayloads['invite']> = async ({ userId, email, language }, context) => {
  const { mail, clientUrl } = context;
  let username = '';
  const token = await mintEmailToken(context, {
    userId,
    purpose: 'invite',
    email,
    minutes: INVITATION_DAYS * 24 * 60,
    isAllowedFor: (user) => {
      username = user.username;
      return user.email === email && user.password_hash === null;
    },
  });
  if (token === null) return;
  const parameters = { username, token, clientUrl, days: INVITATION_DAYS };
  await mail.send({ to: email, ...composeMail('invitation', language, parameters) });
};
