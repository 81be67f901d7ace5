import * as store from '#src/articles/stores/categories.js';
import type { TopicKind } from './topics.js';

export const categories: TopicKind<store.CategoryRow> = {
  noun: 'category',
  table: store.categories,
};
