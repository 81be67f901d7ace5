import { type RawBuilder, sql } from 'kysely';
import { askedWords, indexedWords } from '../lib/search-words.js';

/** What of a post can be searched, in the order of its weight. */
export interface SearchablePost {
  title: string;
  summary: string;
  /** Plain text. */
  content: string;
  tags: string[];
}

/** `posts.search`: the title weighs A, the summary B, the text C, the tags D. */
export function postVector({ title, summary, content, tags }: SearchablePost): RawBuilder<string> {
  return sql<string>`setweight(to_tsvector('english', ${indexedWords(title)}), 'A')
    || setweight(to_tsvector('english', ${indexedWords(summary)}), 'B')
    || setweight(to_tsvector('english', ${indexedWords(content)}), 'C')
    || setweight(to_tsvector('english', ${indexedWords(tags.join(' '))}), 'D')`;
}

/** `posts.title_search`: the words as they are written, for suggestions. */
export function titleVector(title: string): RawBuilder<string> {
  return sql<string>`to_tsvector('simple', ${indexedWords(title)})`;
}

/** `comments.search`. */
export function commentVector(content: string): RawBuilder<string> {
  return sql<string>`to_tsvector('english', ${indexedWords(content)})`;
}

/** What somebody typed, as `search` columns are asked for it. Never a syntax error. */
export function searchQuery(query: string): RawBuilder<string> {
  return sql<string>`websearch_to_tsquery('english', ${askedWords(query)})`;
}
