import { type RawBuilder, sql } from 'kysely';
import {
  anyOperand,
  askedWords,
  asksForStopWords,
  parsedWords,
  typedWords,
} from '#src/articles/lib/search-queries.js';
import { indexedWords, stopWordsOf } from '#src/articles/lib/search-words.js';
import { UNNAMED } from '#src/db/statement-policy.js';

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
  return sql<string>`setweight(${vectorOf(indexedWords(title))}, 'A')
    || setweight(${vectorOf(indexedWords(summary))}, 'B')
    || setweight(to_tsvector('english', ${indexedWords(tags.join(' , '))}), 'D')
    || ${content}`;
}

/** Returns the content's part of `posts.search`. @param words result of `indexedWords` */
export function contentVector(words: string): RawBuilder<string> {
  return sql<string>`setweight(${vectorOf(words)}, 'C')`;
}

/** Returns `posts.title_search`: unstemmed words, for suggestions. */
export function titleVector(title: string): RawBuilder<string> {
  return sql<string>`to_tsvector('simple', ${indexedWords(title)})`;
}

/** Returns `comments.search`. @param words result of `indexedWords` */
export function commentVector(words: string): RawBuilder<string> {
  return sql<string>`${vectorOf(words)}`;
}

/** Stop words are added once each, for queries of nothing else. */
function vectorOf(words: string): RawBuilder<string> {
  return sql<string>`(to_tsvector('english', ${words})
    || to_tsvector('simple', ${stopWordsOf(words)}))`;
}

/** SQL for the configuration with which the words of a query are looked for. */
export function configurationOf(query: string): RawBuilder<string> {
  return asksForStopWords(query) ? sql`'simple'` : sql`'english'`;
}

/**
 * Returns the tsquery for a search query. Any input is valid; without words, nothing matches.
 * Statements that contain it are planned for the actual words, because the best plan for a common
 * word is bad for a rare one.
 */
export function searchQuery(query: string): RawBuilder<string> {
  return sql<string>`${UNNAMED}websearch_to_tsquery(${configurationOf(query)}, ${askedWords(query)})`;
}

/** Returns the tsquery for any word or phrase of a search query, to find the place of a match. */
export function operandQuery(query: string): RawBuilder<string> {
  return sql<string>`websearch_to_tsquery(${configurationOf(query)}, ${anyOperand(query)})`;
}

/** Returns the tsquery for any of the `parsedWords` of a search query. */
export function wordQuery(query: string): RawBuilder<string> {
  return sql<string>`websearch_to_tsquery(${configurationOf(query)}, ${parsedWords(query).join(' or ')})`;
}

/** SQL condition: the post matches the search query. `posts` is the table's name or alias. */
export function postMatches(query: string, posts = 'posts'): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${posts}.search`)} @@ ${searchQuery(query)}`;
}

/** Returns the tsquery for text being typed, to match against `title_search`. */
export function prefixQuery(query: string): RawBuilder<string> {
  return sql<string>`${UNNAMED}to_tsquery('simple', ${typedWords(query)})`;
}
