import { sql } from 'kysely';
import { indexedWords } from '#src/articles/lib/search-words.js';
import type { Database } from '#src/db/database.js';
import type { TopicRow, TopicTable } from './topic-tables.js';
import { isPostVisible } from './visibility.js';

export const tags: TopicTable<TopicRow> = {
  name: 'tags',
  columns: [],
  published: sql`
    select post_tags.tag_id as topic_id
    from post_tags join posts on posts.id = post_tags.post_id
    where ${isPostVisible({ kind: 'public' })}`,
  // The tags of a draft would reveal its topic.
  visible: sql`exists (
    select from post_tags join posts on posts.id = post_tags.post_id
    where post_tags.tag_id = tags.id and ${isPostVisible({ kind: 'public' })})`,
  deliberate: sql`not is_automatic`,
  // A tag that an editor has named stays, even without posts.
  derived: (name) => ({ search_words: indexedWords(name), is_automatic: 'false' }),
};

/** Returns the words under which posts with this tag are indexed. */
export async function findSearchWords(db: Database, id: number): Promise<string> {
  const { search_words } = await db
    .selectFrom('tags')
    .select('search_words')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return search_words;
}
