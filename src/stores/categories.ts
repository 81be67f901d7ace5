import { sql } from 'kysely';
import { isPostVisible } from './readers.js';
import type { TopicRow, TopicTable } from './topic-tables.js';

export interface CategoryRow extends TopicRow {
  description: string;
}

export const categories: TopicTable<CategoryRow> = {
  name: 'categories',
  columns: ['description'],
  postCount: sql<number>`(
    select count(*) from posts
    where posts.category_id = categories.id and ${isPostVisible({ kind: 'public' })})`,
};
