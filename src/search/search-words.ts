/** Chinese, Japanese and Korean characters, which are written without spaces between words. */
const CJK = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}ー`;
const CJK_RUN = new RegExp(`^[${CJK}]`, 'u');
const CJK_OR_OTHER = new RegExp(`[${CJK}]+|[^${CJK}]+`, 'gu');

/**
 * Characters that separate words: control characters, non-ASCII punctuation, lone surrogates, and
 * characters that make PostgreSQL's parser see a tag, entity or path, which it indexes only whole.
 */
const NO_WORD = /[^\p{L}\p{N}\p{M}\x20-\x7e]|[<>&/\\]/gu;

/** The last position that a `tsvector` stores. Beyond it, only new words are added. */
const MAX_POSITION = 16_383;

/** A `tsvector` holds 1,048,575 bytes; the rest is for title, summary and tags. */
const MAX_VECTOR_BYTES = 900_000;

/** A lexeme must be shorter than 2,047 bytes, and a character takes up to four. */
const MAX_WORD_LENGTH = 500;

/**
 * Converts text for `to_tsvector` into words separated by spaces. A run of Chinese, Japanese or
 * Korean characters becomes overlapping pairs, so any part of two or more characters can be found
 * as a phrase; its single characters are appended at the end.
 *
 * PostgreSQL always accepts the result. In very long texts, phrases are found only within the first
 * 16,383 words, and words only up to a size limit, which exceeds 70,000 different character pairs.
 */
export function indexedWords(text: string): string {
  const words: string[] = [];
  const seen = new Set<string>();
  const characters = new Set<string>();
  let bytes = 0;

  /** @returns whether the word fits */
  function add(word: string): boolean {
    const known = seen.has(word);
    if (known && words.length >= MAX_POSITION) return true;
    bytes += known ? POSITION_BYTES : bytesOf(word);
    if (bytes > MAX_VECTOR_BYTES) return false;
    seen.add(word);
    words.push(word);
    return true;
  }

  for (const part of partsOf(plainWords(text))) {
    if (!isCjk(part)) {
      if (!add(part.slice(0, MAX_WORD_LENGTH))) return words.join(' ');
      continue;
    }
    for (const character of part) characters.add(character);
    if (!pairsOf(part).every(add)) return words.join(' ');
  }
  for (const character of characters) if (!seen.has(character) && !add(character)) break;
  return words.join(' ');
}

/** Accents of Latin, Greek and Cyrillic letters, which have the place of a letter in no script. */
const ACCENTS = /[\u0300-\u036f]/g;

/** Letters that Unicode does not decompose, with the letters that are typed in their place. */
const LETTERS: Record<string, string> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', þ: 'th', ð: 'd', đ: 'd', ł: 'l' },
  ...{ ħ: 'h', ŧ: 't', ŋ: 'n', ı: 'i', ĸ: 'k' },
};
const OTHER_LETTERS = /[ßæœøþðđłħŧŋıĸ]/g;

/**
 * Normalizes text (NFKC, lower case, without accents and invisible characters) and replaces
 * separators with spaces.
 */
export function plainWords(text: string): string {
  return text
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKD')
    .replaceAll(ACCENTS, '')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(OTHER_LETTERS, (letter) => LETTERS[letter] ?? letter)
    .replaceAll(NO_WORD, ' ');
}

/**
 * Splits text at whitespace, at the dots and underscores of names, and where Chinese, Japanese or
 * Korean meets another script.
 */
export function partsOf(text: string): string[] {
  return [...text.matchAll(/[^\s._]+/g)].flatMap(([piece]) =>
    [...piece.matchAll(CJK_OR_OTHER)].map(([part]) => part),
  );
}

/**
 * Words that the text search configuration `english` neither indexes nor looks for.
 *
 * @see https://snowballstem.org/algorithms/english/stop.txt
 */
const STOP_WORDS = new Set(
  (
    'i me my myself we our ours ourselves you your yours yourself yourselves he him his himself ' +
    'she her hers herself it its itself they them their theirs themselves what which who whom ' +
    'this that these those am is are was were be been being have has had having do does did ' +
    'doing a an the and but if or because as until while of at by for with about against between ' +
    'into through during before after above below to from up down in out on off over under again ' +
    'further then once here there when where why how all any both each few more most other some ' +
    'such no nor not only own same so than too very s t can will just don should now'
  ).split(' '),
);

/** Whether `english` leaves out the word. */
export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word);
}

/** Returns the stop words among words separated by spaces, each once; `don't` has two. */
export function stopWordsOf(words: string): string {
  return [...new Set(words.split(/[ ']/).filter(isStopWord))].join(' ');
}

/** Whether the part is a run of Chinese, Japanese or Korean characters. */
export function isCjk(part: string): boolean {
  return CJK_RUN.test(part);
}

/** Returns overlapping pairs: 使用数据 → 使用, 用数, 数据. A single character stays as it is. */
export function pairsOf(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}

const POSITION_BYTES = 2;

/** Maximum size of a new word: PostgreSQL indexes a compound as a whole and in parts. */
function bytesOf(word: string): number {
  const parts = 1 + (word.match(/[^\p{L}\p{N}\p{M}]/gu)?.length ?? 0);
  const length = Buffer.byteLength(word);
  return (parts === 1 ? length : 2 * length) + 6 * parts;
}
