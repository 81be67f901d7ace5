import { type RawBuilder, sql } from 'kysely';
import { UNNAMED } from '#src/db/statement-policy.js';
import { typedWords } from '#src/search/search-queries.js';
import { searchQuery, textVector } from '#src/search/search-sql.js';
import { indexedWords } from '#src/search/search-words.js';

/** The searchable fields of a post other than its content. */
export interface PostHead {
  title: string;
  summary: string;
  tags: string[];
}

/**
 * The content's part of `posts.search` where nothing but the head has changed. It is stored then,
 * because each concatenation moves its positions, up to the last one that a vector can have.
 */
export const STORED_CONTENT = sql<string>`coalesce(content_search, ts_filter(search, '{c}'))`;

/**
 * Returns `posts.search`: title with weight A, summary B, content C, tags D. The content comes
 * last, because it may exceed the last position of a vector.
 *
 * @param content {@link contentVector} or {@link STORED_CONTENT}
 */
export function postVector(
  { title, summary, tags }: PostHead,
  content: RawBuilder<string>,
): RawBuilder<string> {
  return sql<string>`setweight(${textVector(indexedWords(title))}, 'A')
    || setweight(${textVector(indexedWords(summary))}, 'B')
    || setweight(to_tsvector('english', ${indexedWords(tags.join(' , '))}), 'D')
    || ${content}`;
}

/** Returns the content's part of `posts.search`. @param words result of `indexedWords` */
export function contentVector(words: string): RawBuilder<string> {
  return sql<string>`setweight(${textVector(words)}, 'C')`;
}

/** Returns `posts.title_search`: unstemmed words, for suggestions. */
export function titleVector(title: string): RawBuilder<string> {
  return sql<string>`to_tsvector('simple', ${indexedWords(title)})`;
}

/** SQL condition: the post matches the search query. `posts` is the table's name or alias. */
export function postMatches(query: string, posts = 'posts'): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${posts}.search`)} @@ ${searchQuery(query)}`;
}

/** Returns the tsquery for text being typed, to match against `title_search`. */
export function prefixQuery(query: string): RawBuilder<string> {
  return sql<string>`${UNNAMED}to_tsquery('simple', ${typedWords(query)})`;
}
