import { reindexTag } from '#src/articles/stores/tag-vectors.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';

/** Updates the search vectors of a tag's posts after its name has changed, in small batches. */
export const reindexTagOfPosts: Task<JobPayloads['reindex_tag']> = async (tag, { db }) => {
  let after: number | null = 0;
  while (after !== null) after = await reindexTag(db, tag, after);
};
