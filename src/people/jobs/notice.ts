import { composeMail } from '#src/mail/mails.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';

/** Tells somebody what happened to their account. */
export const notice: Task<JobPayloads['notice']> = async (payload, { mail }) => {
  // What happened can be seen without it; to wait for a mail server that there is not helps nobody.
  if (!mail.available) return;
  const { kind, to, username, language } = payload;
  await mail.send({ to, ...composeMail(kind, language, { username }) });
};
