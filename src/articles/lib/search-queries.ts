import { isCjk, pairsOf, partsOf, plainWords } from './search-words.js';

/** A word of a query, or what stands in quotes. */
interface Term {
  text: string;
  quoted: boolean;
  negated: boolean;
}

/** Particles: too common to be asked for beside other words. */
const PARTICLES = new Set('的了是在和与及或也就都而着吗呢吧啊之');

/** So many characters a query has at most, written out: some stand for a whole sentence. */
const MAX_QUERY_LENGTH = 400;

const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });

/**
 * What somebody typed as it is given to `websearch_to_tsquery`, which knows quotes, `OR` and a minus.
 * Chinese is cut into words, each of which is a phrase of its pairs of characters, as
 * `indexedWords` has them; within quotes, and behind a minus, everything is one phrase.
 */
export function askedWords(query: string): string {
  return termsOf(query)
    .map(({ text, quoted, negated }) => {
      const parts = partsOf(text);
      if (quoted || (negated && parts.some(isCjk))) return `${negated ? '-' : ''}${phrase(parts)}`;
      if (negated) return `-${text}`;
      if (!parts.some(isCjk)) return text;
      return parts
        .map((part) =>
          isCjk(part) ? segment(part).map(inPairs).join(' ') : part.replace(/^-+|-+$/g, ''),
        )
        .join(' ');
    })
    .join(' ');
}

/** The Chinese, Japanese and Korean words that a query asks for, as a text has them. */
export function askedRuns(query: string): string[] {
  const wanted = termsOf(query).filter(({ negated }) => !negated);
  const runs = wanted.flatMap(({ text, quoted }) =>
    partsOf(text)
      .filter(isCjk)
      .flatMap((run) => (quoted ? [run] : segment(run))),
  );
  return [...new Set(runs)];
}

/**
 * The beginning of a text that somebody is typing, in the language of `to_tsquery`: all of its words,
 * of which the last one may go on. Empty if there is no word in it.
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

/** A quote without its partner is none. */
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
 * The words of a run of Chinese, Japanese or Korean characters, without particles. A character that
 * is a word by itself is taken together with its neighbour, of which it mostly is a part: 数据 + 库.
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

/** Everything next to each other, in quotes. */
function phrase(parts: string[]): string {
  return `"${parts.flatMap((part) => (isCjk(part) ? pairsOf(part) : [part])).join(' ')}"`;
}
