import { inTransaction } from '#src/db/transaction.js';
import * as store from '#src/live/stores/events.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Number of events per transaction. */
const BATCH = 5000;

/** Removes events beyond the retention period. */
export const removeOldEvents: Task<JobPayloads['remove_old_events']> = async (
  _payload,
  { db, clock, log, eventRetentionDays },
) => {
  const before = new Date(clock().getTime() - eventRetentionDays * DAY_MS);
  let removed = 0;
  for (let last = BATCH; last === BATCH; removed += last) {
    last = await inTransaction({ db }, (trx) => store.removeOldEvents(trx.db, before, BATCH));
  }
  log.debug({ removed }, 'removed old events');
};
