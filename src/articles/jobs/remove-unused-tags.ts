import { deleteUnusedTags, findUnusedTags } from '#src/articles/stores/tags.js';
import { inTransaction } from '#src/db/transaction.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';

/** Number of tags per transaction. */
const BATCH = 500;

/** Deletes tags that posts brought along and that no post has any more. */
export const removeUnusedTags: Task<JobPayloads['remove_unused_tags']> = async (
  _payload,
  { db, log },
) => {
  let tags = 0;
  for (let ids = await findUnusedTags(db, 0, BATCH); ids.length > 0; ) {
    const found = ids;
    tags += await inTransaction({ db }, (trx) => deleteUnusedTags(trx.db, found));
    ids = await findUnusedTags(db, found.at(-1) ?? 0, BATCH);
  }
  log.debug({ tags }, 'removed unused tags');
};
