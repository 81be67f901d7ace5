import { sql } from 'kysely';
import { isPostVisible } from './readers.js';
import type { TopicRow, TopicTable } from './topic-tables.js';

export interface CategoryRow extends TopicRow {
  description: string;
}

export const categories: TopicTable<CategoryRow> = {
  name: 'categories',
  columns: ['description'],
  published: sql`
    select posts.category_id as topic_id from posts where ${isPostVisible({ kind: 'public' })}`,
};
