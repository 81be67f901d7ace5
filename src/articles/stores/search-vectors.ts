import { type RawBuilder, sql } from 'kysely';
import { askedWords, typedWords } from '#src/articles/lib/search-queries.js';
import { indexedWords } from '#src/articles/lib/search-words.js';
import { UNNAMED } from '#src/db/statement-policy.js';

/** What of a post can be searched, in the order of its weight. */
export interface SearchablePost {
  title: string;
  summary: string;
  /** Plain text. */
  content: string;
  tags: string[];
}

/**
 * `posts.search`: the title weighs A, the summary B, the text C, the tags D. The text comes last:
 * it may go on beyond the last position that a vector has.
 */
export function postVector({ title, summary, content, tags }: SearchablePost): RawBuilder<string> {
  return sql<string>`setweight(to_tsvector('english', ${indexedWords(title)}), 'A')
    || setweight(to_tsvector('english', ${indexedWords(summary)}), 'B')
    || setweight(to_tsvector('english', ${indexedWords(tags.join(' , '))}), 'D')
    || setweight(to_tsvector('english', ${indexedWords(content)}), 'C')`;
}

/** `posts.title_search`: the words as they are written, for suggestions. */
export function titleVector(title: string): RawBuilder<string> {
  return sql<string>`to_tsvector('simple', ${indexedWords(title)})`;
}

/** `comments.search`. */
export function commentVector(content: string): RawBuilder<string> {
  return sql<string>`to_tsvector('english', ${indexedWords(content)})`;
}

/**
 * What somebody typed, as `search` columns are asked for it. Never a syntax error; nothing is found
 * by what holds no words. Each statement with it is planned for its words: what is best for a word
 * that stands in every text is bad for one that stands in none.
 */
export function searchQuery(query: string): RawBuilder<string> {
  return sql<string>`${UNNAMED}websearch_to_tsquery('english', ${askedWords(query)})`;
}

/** That the post is found by what somebody typed. `posts` is the name of the table. */
export function postMatches(query: string, posts = 'posts'): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${posts}.search`)} @@ ${searchQuery(query)}`;
}

/** What somebody has typed so far, as `title_search` columns are asked for it. */
export function prefixQuery(query: string): RawBuilder<string> {
  return sql<string>`${UNNAMED}to_tsquery('simple', ${typedWords(query)})`;
}
