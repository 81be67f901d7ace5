/** Maximum length of an excerpt in characters. */
export const MAX_EXCERPT_LENGTH = 200;

/** UTF-16 units examined for an excerpt, so that long texts are not scanned whole. */
const EXCERPT_SCOPE = 2000;

/**
 * Reading speed in words, and in Chinese or Japanese characters, per minute. Adults read 175 to 300
 * words of English non-fiction, and 260 Chinese words of about one and a half characters; these are
 * round numbers for careful readers.
 *
 * @see https://doi.org/10.1016/j.jml.2019.104047 Brysbaert, How many words do we read per minute?
 */
const WORDS_PER_MINUTE = 200;
const CHARACTERS_PER_MINUTE = 400;

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}'’]*/gu;
const CHARACTER = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;

const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

/**
 * Returns the start of a text as one line of at most {@link MAX_EXCERPT_LENGTH} characters. A
 * longer text is cut after a word, also in Chinese, and ends with an ellipsis.
 */
export function excerptOf(text: string): string {
  const begin = text.slice(0, EXCERPT_SCOPE).replaceAll(/\s+/g, ' ').trim();
  const characters = Array.from(begin);
  if (characters.length <= MAX_EXCERPT_LENGTH) return begin;
  const longest = characters.slice(0, MAX_EXCERPT_LENGTH - 1).join('');
  let cut = 0;
  for (const { index } of segmenter.segment(begin)) {
    if (index > longest.length) break;
    cut = index;
  }
  const kept = begin.slice(0, cut).trimEnd();
  return `${kept === '' ? longest : kept}…`;
}

/** Returns the reading time in minutes, rounded, at least 1. */
export function readingMinutesOf(text: string): number {
  const characters = text.match(CHARACTER)?.length ?? 0;
  const words = text.replaceAll(CHARACTER, ' ').match(WORD)?.length ?? 0;
  const minutes = words / WORDS_PER_MINUTE + characters / CHARACTERS_PER_MINUTE;
  return Math.max(1, Math.round(minutes));
}
