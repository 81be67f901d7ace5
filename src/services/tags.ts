import * as store from '../stores/tags.js';
import type { TopicKind } from './topics.js';

export const tags: TopicKind = {
  noun: 'tag',
  table: store.tags,
};
