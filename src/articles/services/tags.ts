import * as store from '#src/articles/stores/tags.js';
import { assertRoomForJob } from '#src/queue/jobs.js';
import { enqueue } from '#src/queue/store.js';
import type { TopicKind } from './topics.js';

export const tags: TopicKind = {
  noun: 'tag',
  table: store.tags,
  // Its posts are indexed under the name, and may be too many for one transaction.
  async beforeRename(trx, id) {
    await assertRoomForJob({ db: trx });
    const words = await store.findSearchWords(trx, id);
    await enqueue(trx, 'reindex_tag', { tagId: id, words });
  },
};
