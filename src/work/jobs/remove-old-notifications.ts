import {
  MAX_NOTIFICATIONS,
  NOTIFICATION_DAYS,
  READ_NOTIFICATION_DAYS,
} from '#schemas/notifications.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { deleteExcess, deleteOld, deleteRead } from '#src/work/stores/old-notifications.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The number of rows, and of users, that a statement looks at. */
const BATCH = 1000;
const USERS = 500;

/** Deletes read notifications, old ones, and those of each user beyond the newest. */
export const removeOldNotifications: Task<JobPayloads['remove_old_notifications']> = async (
  _payload,
  { db, clock, log },
) => {
  const daysAgo = (days: number) => new Date(clock().getTime() - days * DAY_MS);
  const removed = {
    read: await inBatches(() => deleteRead(db, daysAgo(READ_NOTIFICATION_DAYS), BATCH)),
    old: await inBatches(() => deleteOld(db, daysAgo(NOTIFICATION_DAYS), BATCH)),
    excess: 0,
  };
  const limits = { now: clock(), users: USERS, kept: MAX_NOTIFICATIONS, most: BATCH };
  for (let after: number | null = 0; after !== null; ) {
    const { count, last }: Awaited<ReturnType<typeof deleteExcess>> = await deleteExcess(
      db,
      after,
      limits,
    );
    removed.excess += count;
    // The same users again, until none of them has too many.
    if (count === 0) after = last;
  }
  log.debug(removed, 'removed old notifications');
};

/** Deletes until nothing is left. Returns how many were deleted. */
async function inBatches(deleteSome: () => Promise<number>): Promise<number> {
  let all = 0;
  for (let count = BATCH; count === BATCH; ) {
    count = await deleteSome();
    all += count;
  }
  return all;
}
