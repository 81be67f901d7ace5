import { trimCharacter } from '#src/lib/trim-character.js';
import { isCjk, isStopWord, pairsOf, partsOf, plainWords } from './search-words.js';

/** A word or quoted phrase of a query. */
interface Term {
  text: string;
  quoted: boolean;
  negated: boolean;
}

/** Chinese particles, too common to be searched for. */
const PARTICLES = new Set('的了是在和与及或也就都而着吗呢吧啊之');

/**
 * Maximum length of a query in characters after normalization: a single character may expand to a
 * whole sentence.
 */
const MAX_QUERY_LENGTH = 400;

/** Words that `websearch_to_tsquery` takes for an operator. */
const OPERATORS = new Set(['or']);

const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });

/**
 * Returns the query in its shortest form, for cache keys: queries with the same one find the same
 * and mark the same.
 */
export function canonicalQuery(query: string): string {
  return termsOf(query)
    .map(({ text, quoted, negated }) => `${negated ? '-' : ''}${quoted ? `"${text}"` : text}`)
    .join(' ');
}

/**
 * Converts a search query for `websearch_to_tsquery`, which handles quotes, `OR` and a minus.
 * Chinese, Japanese and Korean text is segmented into words; each word becomes a phrase of
 * character pairs, matching `indexedWords`. Text in quotes or after a minus becomes a single
 * phrase, and so does a name with dots or underscores.
 */
export function askedWords(query: string): string {
  if (asksForStopWords(query)) return simpleWords(query).map(quoted).join(' ');
  return termsOf(query)
    .map((term) => `${term.negated ? '-' : ''}${operandsOf(term).join(' ')}`)
    .join(' ');
}

/**
 * Converts a search query to one that matches a text with any of its words or phrases, for
 * `websearch_to_tsquery`. Negated ones do not count.
 */
export function anyOperand(query: string): string {
  if (asksForStopWords(query)) return simpleWords(query).map(quoted).join(' or ');
  return wantedTerms(query).flatMap(operandsOf).join(' or ');
}

/**
 * Returns the words of a query that PostgreSQL finds in texts, also those of phrases: neither
 * negated ones nor Chinese, Japanese and Korean, which are indexed as pairs.
 */
export function parsedWords(query: string): string[] {
  return wantedTerms(query)
    .flatMap(({ text }) => partsOf(text))
    .filter((part) => !isCjk(part))
    .map((part) => trimCharacter(part, '-'))
    .filter((word) => word !== '' && !OPERATORS.has(word));
}

/**
 * Whether the query asks for stop words only, which the configuration `english` does not find. They
 * are looked for one by one then, as indexed with `stopWordsOf`.
 */
export function asksForStopWords(query: string): boolean {
  const words = simpleWords(query);
  return words.length > 0 && words.every(isStopWord) && !hasNegation(query);
}

/** A word in quotes is no operator. */
function quoted(word: string): string {
  return `"${word}"`;
}

function simpleWords(query: string): string[] {
  return wantedTerms(query)
    .flatMap(({ text }) => partsOf(text))
    .flatMap((word) => word.split("'"))
    .map((word) => trimCharacter(word, '-'))
    .filter((word) => word !== '');
}

/** Whether the query excludes a word or phrase. */
export function hasNegation(query: string): boolean {
  return termsOf(query).some(({ negated }) => negated);
}

/** Returns the Chinese, Japanese and Korean words of a query, without negated ones. */
export function askedRuns(query: string): string[] {
  const runs = wantedTerms(query).flatMap(({ text, quoted }) =>
    partsOf(text)
      .filter(isCjk)
      .flatMap((run) => (quoted ? [run] : segment(run))),
  );
  return [...new Set(runs)];
}

/**
 * Converts text being typed into a `to_tsquery` query: all words must match, the last one as a
 * prefix. Empty if the text contains no word.
 */
export function typedWords(query: string): string {
  const text = plainWords(query).replace(/[^\p{L}\p{N}\p{M}.@_-]/gu, ' ');
  const words = partsOf(text.slice(0, MAX_QUERY_LENGTH)).filter((part) =>
    /[\p{L}\p{N}]/u.test(part),
  );
  return words
    .map((word, index) => {
      const pairs = isCjk(word) ? pairsOf(word) : [word];
      const end = index === words.length - 1 ? ':*' : '';
      return `(${pairs.map((pair) => `'${pair}'`).join(' <-> ')}${end})`;
    })
    .join(' & ');
}

/** Returns the terms that a text may match, without `OR`. */
function wantedTerms(query: string): Term[] {
  return termsOf(query).filter(
    ({ text, quoted, negated }) => !negated && (quoted || !OPERATORS.has(text)),
  );
}

/** Returns the words and quoted phrases of a term, without a minus. */
function operandsOf({ text, quoted, negated }: Term): string[] {
  const parts = partsOf(text);
  if (quoted || (negated && parts.some(isCjk))) return [phrase(parts)];
  if (!parts.some(isCjk)) return [parts.length === 1 && parts[0] === text ? text : phrase(parts)];
  return parts.flatMap((part) =>
    isCjk(part) ? segment(part).map(inPairs) : [trimCharacter(part, '-')],
  );
}

/** Splits a query into terms; an unpaired quote is ignored. */
function termsOf(query: string): Term[] {
  const text = plainWords(query.replace(/[“”„‟＂]/g, '"')).slice(0, MAX_QUERY_LENGTH);
  const terms: Term[] = [];
  for (const [, minus = '', quote, word = ''] of text.matchAll(/(-*)(?:"([^"]*)"|([^\s"]+)|")/g)) {
    const term = { text: quote ?? word, quoted: quote !== undefined, negated: minus !== '' };
    if (/[\p{L}\p{N}]/u.test(term.text)) terms.push(term);
  }
  return terms;
}

/**
 * Segments a run of Chinese, Japanese or Korean characters into words, without particles. A
 * single-character word is joined to its neighbour, because it is mostly a part of it: 数据 + 库.
 */
function segment(run: string): string[] {
  const words: string[] = [];
  let open = '';
  for (const { segment: word } of segmenter.segment(run)) {
    if (PARTICLES.has(word)) {
      if (open !== '') words.push(open);
      open = '';
    } else if (open === '' || [...word].length === 1 || [...open].length === 1) {
      open += word;
    } else {
      words.push(open);
      open = word;
    }
  }
  if (open !== '') words.push(open);
  return words.length > 0 ? words : [run];
}

function inPairs(run: string): string {
  return phrase([run]);
}

/** Returns a quoted phrase. */
function phrase(parts: string[]): string {
  return `"${parts.flatMap((part) => (isCjk(part) ? pairsOf(part) : [part])).join(' ')}"`;
}
