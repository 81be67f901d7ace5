import * as store from '../stores/categories.js';
import type { TopicKind } from './topics.js';

export const categories: TopicKind<store.CategoryRow> = {
  noun: 'category',
  table: store.categories,
};
