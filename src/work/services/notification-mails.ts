import { MAILS_PER_HOUR, MAX_DIGEST_LINES } from '#schemas/notification-settings.js';
import { MAX_UNREAD } from '#schemas/notifications.js';
import { systemContext } from '#src/access/context.js';
import { lockUser } from '#src/db/lock-user.js';
import { inTransaction } from '#src/db/transaction.js';
import type { Mail } from '#src/mail/mailer.js';
import { composeDigest, composeNotification } from '#src/mail/notification-mails.js';
import type { JobContext } from '#src/queue/task.js';
import * as store from '#src/work/stores/notification-mails.js';

const HOUR_MS = 60 * 60 * 1000;

/** A mail, and the notifications that it is about. */
interface Claimed {
  mail: Mail;
  ids: number[];
}

/**
 * Sends the mail about a notification, unless it was read, sent or is no longer visible, or its user
 * is inactive or has no confirmed email address. Beyond `MAILS_PER_HOUR` it is left to the digest.
 *
 * @throws MailError if the mail was not accepted; it can be sent again then
 */
export function mailNotification(
  context: JobContext,
  { notificationId, userId }: { notificationId: number; userId: number },
): Promise<void> {
  const { clientUrl } = context;
  return send(context, userId, async ({ db, now }, { to, language }) => {
    const found = await store.findMailable(db, notificationId, now);
    if (found === null) return null;
    const after = new Date(now.getTime() - HOUR_MS);
    if (!(await store.countMail(db, userId, { now, after, most: MAILS_PER_HOUR }))) {
      await store.leaveToDigest(db, [notificationId]);
      return null;
    }
    return { mail: { to, ...composeNotification(language, found, clientUrl) }, ids: [found.id] };
  });
}

/**
 * Sends a user the mail about all notifications that wait for it, if there are any.
 *
 * @throws MailError if the mail was not accepted; it can be sent again then
 */
export function mailDigest(context: JobContext, userId: number): Promise<void> {
  const { clientUrl } = context;
  return send(context, userId, async ({ db, now }, { to, language }) => {
    const found = await store.listForDigest(db, userId, now, MAX_UNREAD);
    if (found.length === 0) return null;
    const listed = found.slice(0, MAX_DIGEST_LINES);
    const mail = { to, ...composeDigest(language, listed, found.length, clientUrl) };
    return { mail, ids: found.map(({ id }) => id) };
  });
}

/** Lets notifications be mailed again, as if no mail had been counted. */
async function release(
  db: JobContext['db'],
  userId: number,
  { ids, at }: { ids: readonly number[]; at: Date },
): Promise<void> {
  await inTransaction({ db }, async ({ db: trx }) => {
    await lockUser(trx, userId);
    await store.setMailed(trx, ids, null);
    await store.takeBackMail(trx, userId, at);
  });
}

/** Sends what `claim` returns. It is marked as mailed first, so that no other job sends it, too. */
async function send(
  { db: pool, mail: mailer, clock, log }: JobContext,
  userId: number,
  claim: (
    trx: Pick<ReturnType<typeof systemContext>, 'db' | 'now'>,
    recipient: store.Recipient,
  ) => Promise<Claimed | null>,
): Promise<void> {
  if (!mailer.available) return;
  const claimed = await inTransaction(systemContext(pool, clock()), async (trx) => {
    // Other mails to the user wait, so that none exceeds the limit.
    await lockUser(trx.db, userId);
    const recipient = await store.findRecipient(trx.db, userId);
    const found = recipient === null ? null : await claim(trx, recipient);
    if (found !== null) await store.setMailed(trx.db, found.ids, trx.now.toISOString());
    return found === null ? null : { ...found, at: trx.now };
  });
  if (claimed === null) return;
  try {
    await mailer.send(claimed.mail);
  } catch (error) {
    await release(pool, userId, claimed).catch((fault: unknown) =>
      log.warn({ err: fault }, 'could not release notifications that were not mailed'),
    );
    throw error;
  }
}
