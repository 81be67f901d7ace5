import { composeMail } from '#src/mail/mails.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';

/** Notifies a user of a change to their account. */
export const notice: Task<JobPayloads['notice']> = async (payload, { mail }) => {
  // The change itself is done; retrying without a mail server would not help.
  if (!mail.available) return;
  const { to, username, language } = payload;
  const content =
    payload.kind === 'api_key_created'
      ? composeMail(payload.kind, language, { username, name: payload.name })
      : composeMail(payload.kind, language, { username });
  await mail.send({ to, ...content });
};
