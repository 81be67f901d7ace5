import { sql } from 'kysely';
import { indexedWords } from '../lib/search-words.js';
import { isPostVisible } from './readers.js';
import type { TopicRow, TopicTable } from './topic-tables.js';

export const tags: TopicTable<TopicRow> = {
  name: 'tags',
  columns: [],
  postCount: sql<number>`(
    select count(*) from post_tags join posts on posts.id = post_tags.post_id
    where post_tags.tag_id = tags.id and ${isPostVisible({ kind: 'public' })})`,
  derived: (name) => ({ search_words: indexedWords(name) }),
};
