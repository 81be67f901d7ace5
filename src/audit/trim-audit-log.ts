import { systemContext } from '#src/access/context.js';
import { inTransaction } from '#src/db/transaction.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { record } from './audit.js';
import { endRepeats } from './repeats-store.js';
import { removeEntries } from './retention-store.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Number of entries per transaction. */
const BATCH = 5000;

/**
 * Removes entries beyond the retention period, in whole days (UTC), and records how many. Also
 * forgets what identified refused attempts whose repeats are no longer counted.
 */
export const trimAuditLog: Task<JobPayloads['trim_audit_log']> = async (
  _payload,
  { db, clock, log, auditRetentionDays },
) => {
  const now = clock();
  const ended = await endRepeats(db, now);
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  const before = new Date(today - auditRetentionDays * DAY_MS);
  let removed = 0;
  for (let last = BATCH; last === BATCH; removed += last) {
    last = await inTransaction(systemContext(db, now), async (trx) => {
      const count = await removeEntries(trx.db, before, BATCH);
      const after = { removed: count, before: before.toISOString() };
      if (count > 0) await record(trx, { action: 'audit.trim', id: null, after });
      return count;
    });
  }
  log.debug({ removed, ended }, 'trimmed the audit log');
};
