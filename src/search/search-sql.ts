import { type RawBuilder, sql } from 'kysely';
import { UNNAMED } from '#src/db/statement-policy.js';
import { FOUND_BEGIN, FOUND_END, type MarkedText } from './highlight.js';
import { anyOperand, askedWords, asksForStopWords, parsedWords } from './search-queries.js';
import { stopWordsOf } from './search-words.js';

/**
 * Returns the search vector of a text. Stop words are added once each, for queries of nothing else.
 *
 * @param words result of `indexedWords`
 */
export function textVector(words: string): RawBuilder<string> {
  return sql<string>`(to_tsvector('english', ${words})
    || to_tsvector('simple', ${stopWordsOf(words)}))`;
}

/** SQL for the configuration with which the words of a query are looked for. */
function configurationOf(query: string): RawBuilder<string> {
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

/**
 * Keeps a subquery apart from the outer query: it is evaluated once, not for each mention of its
 * columns, and only if its condition holds.
 */
export const APART = sql`offset 0`;

/** SQL for a {@link MarkedText}: NFKC is tried if the text has no mark as it is. */
export function markedText(text: RawBuilder<unknown>, query: string): RawBuilder<MarkedText> {
  return sql`(
    select jsonb_build_object('text', ${text}, 'marked', as_is.marked, 'marked_nfkc',
      case when strpos(as_is.marked, ${FOUND_BEGIN}) = 0 and ${text} is not nfkc normalized
        then ${marked(sql`normalize(${text}, nfkc)`, query)} end)
    from (select ${marked(text, query)} as marked ${APART}) as_is)`;
}

function marked(text: RawBuilder<unknown>, query: string): RawBuilder<string> {
  const options = `HighlightAll=true, StartSel="${FOUND_BEGIN}", StopSel="${FOUND_END}"`;
  return sql`ts_headline(${configurationOf(query)}, parsable_text(${text}), ${wordQuery(query)}, ${sql.lit(options)})`;
}
