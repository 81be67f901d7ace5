import { type RawBuilder, sql } from 'kysely';
import { UNNAMED } from '#src/db/statement-policy.js';
import { FOUND_BEGIN, FOUND_END, type MarkedText } from './highlight.js';
import {
  anyOperand,
  askedRuns,
  askedWords,
  asksForStopWords,
  parsedWords,
} from './search-queries.js';
import { stopWordsOf } from './search-words.js';

/**
 * Maximum bytes, as stored, of the vectors of the texts that are ranked: enough for a thousand
 * texts of 10,000 characters.
 */
export const MAX_RANKED_BYTES = 8 * 1024 * 1024;

/**
 * Weights {D, C, B, A} of a text with a title (A): tags count as much as the summary, and the text
 * (C) a tenth of the title.
 */
export const TITLED_WEIGHTS = sql.lit('{0.4,0.1,0.4,1}');

/** Weights of a comment, all of whose words have the default weight D. */
export const COMMENT_WEIGHTS = sql.lit('{0.1,0.1,0.1,0.1}');

/** The part of a titled text that is not in its title, for `ts_filter`. */
export const TEXT_PART = sql.lit('{c}');

/** `ts_rank` normalization that maps ranks to 0…1. */
export const BOUNDED = sql.lit(32);

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
function operandQuery(query: string): RawBuilder<string> {
  return sql<string>`websearch_to_tsquery(${configurationOf(query)}, ${anyOperand(query)})`;
}

/** Returns the tsquery for any of the `parsedWords` of a search query. */
function wordQuery(query: string): RawBuilder<string> {
  return sql<string>`websearch_to_tsquery(${configurationOf(query)}, ${parsedWords(query).join(' or ')})`;
}

/** Returns the tsquery for any word or phrase of a search query, in either form. */
export function anyWordQuery(query: string): RawBuilder<string> {
  return sql<string>`(${operandQuery(query)} || ${wordQuery(query)})`;
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

/** The part of a text around its first match. */
export type Passage = MarkedText & {
  /** Whether the text goes on before and after the passage. */
  has_before: boolean;
  has_after: boolean;
};

/**
 * SQL for the passage of `whole.text` with the first match. If none is found quickly, although the
 * text matches, its words are in another form than usual. The place of stop words is not looked for:
 * texts are parsed without them.
 *
 * @param hasMatch condition: the text has a word of the query, and not only its title
 */
export function firstPassage(q: string, hasMatch: RawBuilder<boolean>): RawBuilder<unknown> {
  const passage = (isThorough: boolean) => sql`
    first_passage(whole.text, ${operandQuery(q)}, ${wordQuery(q)}, ${askedRuns(q)}::text[],
      ${beginnings(q)}, ${sql.lit(isThorough)})`;
  return sql`
    select coalesce(thorough.passage, quick.passage) as passage,
      coalesce(thorough.has_before, quick.has_before) as has_before,
      coalesce(thorough.has_after, quick.has_after) as has_after
    from ${passage(false)} quick
    left join lateral (
      select * from ${passage(true)}
      where not quick.is_match and ${asksForStopWords(q) ? sql`false` : hasMatch}
      ${APART}) thorough on true`;
}

/**
 * SQL for the beginnings of the words that match a word of the query. With few exceptions, words
 * begin with their stem, except for its last letter: `happily` has the stem `happi`.
 */
function beginnings(q: string) {
  return sql`(
    select array_agg(case when length(stem) > 2 then left(stem, -1) else stem end)
    from unnest(tsvector_to_array(to_tsvector('english', ${parsedWords(q).join(' ')}))) as stem)`;
}

/** SQL for the text of sanitized HTML, in which every `<` starts a tag. */
export function plainText(markup: RawBuilder<unknown>): RawBuilder<string> {
  const text = sql`regexp_replace(${markup}, '<[^>]*>', ' ', 'g')`;
  return sql<string>`replace(replace(replace(replace(
    ${text}, '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&amp;', '&')`;
}
