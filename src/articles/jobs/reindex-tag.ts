import { reindexTag } from '#src/articles/stores/tag-vectors.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';

/** Lets posts be found by the new name of a tag, and no longer by the old one; in small steps. */
export const reindexTagOfPosts: Task<JobPayloads['reindex_tag']> = async (tag, { db }) => {
  let after: number | null = 0;
  while (after !== null) after = await reindexTag(db, tag, after);
};
