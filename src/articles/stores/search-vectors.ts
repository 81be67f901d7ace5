import { type RawBuilder, sql } from 'kysely';
import { askedWords, typedWords } from '#src/articles/lib/search-queries.js';
import { indexedWords } from '#src/articles/lib/search-words.js';
import { UNNAMED } from '#src/db/statement-policy.js';

/** The searchable fields of a post, by descending weight. */
export interface SearchablePost {
  title: string;
  summary: string;
  /** Plain text of the rendered content. */
  content: string;
  tags: string[];
}

/**
 * Returns `posts.search`: title with weight A, summary B, content C, tags D. The content comes
 * last, because it may exceed the last position of a vector.
 */
export function postVector({ title, summary, content, tags }: SearchablePost): RawBuilder<string> {
  return sql<string>`setweight(to_tsvector('english', ${indexedWords(title)}), 'A')
    || setweight(to_tsvector('english', ${indexedWords(summary)}), 'B')
    || setweight(to_tsvector('english', ${indexedWords(tags.join(' , '))}), 'D')
    || setweight(to_tsvector('english', ${indexedWords(content)}), 'C')`;
}

/** Returns `posts.title_search`: unstemmed words, for suggestions. */
export function titleVector(title: string): RawBuilder<string> {
  return sql<string>`to_tsvector('simple', ${indexedWords(title)})`;
}

/** Returns `comments.search`. */
export function commentVector(content: string): RawBuilder<string> {
  return sql<string>`to_tsvector('english', ${indexedWords(content)})`;
}

/**
 * Returns the tsquery for a search query. Any input is valid; without words, nothing matches.
 * Statements that contain it are planned for the actual words, because the best plan for a common
 * word is bad for a rare one.
 */
export function searchQuery(query: string): RawBuilder<string> {
  return sql<string>`${UNNAMED}websearch_to_tsquery('english', ${askedWords(query)})`;
}

/** SQL condition: the post matches the search query. `posts` is the table's name or alias. */
export function postMatches(query: string, posts = 'posts'): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${posts}.search`)} @@ ${searchQuery(query)}`;
}

/** Returns the tsquery for text being typed, to match against `title_search`. */
export function prefixQuery(query: string): RawBuilder<string> {
  return sql<string>`${UNNAMED}to_tsquery('simple', ${typedWords(query)})`;
}
