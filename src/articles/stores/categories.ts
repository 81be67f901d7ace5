import { sql } from 'kysely';
import type { TopicRow, TopicTable } from './topic-tables.js';
import { isPostVisible } from './visibility.js';

export interface CategoryRow extends TopicRow {
  description: string;
}

export const categories: TopicTable<CategoryRow> = {
  name: 'categories',
  columns: ['description'],
  taken: sql`select slug from categories`,
  published: sql`
    select posts.category_id as topic_id from posts where ${isPostVisible({ kind: 'public' })}`,
};
