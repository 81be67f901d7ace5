import { enqueue } from '../stores/jobs.js';
import * as store from '../stores/tags.js';
import type { TopicKind } from './topics.js';

export const tags: TopicKind = {
  noun: 'tag',
  table: store.tags,
  async beforeNameGoes(trx, id) {
    const words = await store.readSearchWords(trx, id);
    await enqueue(trx, 'reindex_tag', { tagId: id, words });
  },
};
