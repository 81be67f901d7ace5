import { inTransaction } from '#src/db/transaction.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import { enqueue, enqueueAll } from '#src/queue/store.js';
import type { Task } from '#src/queue/task.js';
import { mailDigest } from '#src/work/services/notification-mails.js';
import { findUsersWithDigest } from '#src/work/stores/notification-mails.js';

/** The number of users whose jobs are added at once: the queue must not be full of them. */
const BATCH = 1000;

/**
 * Adds a job for each user who may get a digest, and for the next users one that is done after
 * those.
 */
export const mailDigests: Task<JobPayloads['mail_digests']> = async (
  { after = 0 },
  { db, mail, clock },
) => {
  if (!mail.available) return;
  await inTransaction({ db }, async ({ db: trx }) => {
    const users = await findUsersWithDigest(trx, clock(), after, BATCH);
    const jobs = users.map((userId) => ({
      payload: { userId },
      key: `user:${userId}:mail_digest`,
    }));
    await enqueueAll(trx, 'mail_digest', jobs);
    const last = users.at(-1);
    if (last !== undefined && users.length === BATCH) {
      await enqueue(trx, 'mail_digests', { after: last });
    }
  });
};

/** Sends a user the mail about unread notifications. */
export const mailDigestJob: Task<JobPayloads['mail_digest']> = ({ userId }, context) =>
  mailDigest(context, userId);
