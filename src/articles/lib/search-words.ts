/** Characters of Chinese, Japanese and Korean, which are written without blanks between words. */
const CJK = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}ー`;
const CJK_RUN = new RegExp(`^[${CJK}]`, 'u');
const CJK_OR_OTHER = new RegExp(`[${CJK}]+|[^${CJK}]+`, 'gu');

/**
 * What is no part of a word: controls, punctuation outside of ASCII, halves of characters; and what
 * PostgreSQL's parser would take for a tag, an entity or a path, and then find as a whole only.
 */
const NO_WORD = /[^\p{L}\p{N}\p{M}\x20-\x7e]|[<>&/\\]/gu;

/** A `tsvector` keeps no position beyond this one: there, only new words are worth a place. */
const MAX_POSITION = 16_383;

/** A `tsvector` holds 1,048,575 bytes; title, summary and tags have to find room as well. */
const MAX_VECTOR_BYTES = 900_000;

/** A lexeme has fewer than 2,047 bytes; no character has more than four. */
const MAX_WORD_LENGTH = 500;

/**
 * A text as it is given to `to_tsvector`: words with blanks between. A run of Chinese, Japanese or
 * Korean characters is cut into overlapping pairs, so that any part of it of two characters or more
 * is a phrase, wherever a word may begin; its single characters stand at the end.
 *
 * PostgreSQL always takes the outcome. Of a very long text it finds phrases within the first 16,383
 * words only; and words only up to a number, which is beyond 70,000 different pairs of characters.
 */
export function indexedWords(text: string): string {
  const words: string[] = [];
  const seen = new Set<string>();
  const characters = new Set<string>();
  let bytes = 0;

  /** @returns whether there was room */
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

/** The text in small letters and in its usual characters, with a blank for whatever is no word. */
export function plainWords(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(NO_WORD, ' ');
}

/** What stands between blanks, parted where Chinese meets another script. */
export function partsOf(text: string): string[] {
  return [...text.matchAll(/\S+/g)].flatMap(([piece]) =>
    [...piece.matchAll(CJK_OR_OTHER)].map(([part]) => part),
  );
}

/** Whether a part is a run of Chinese, Japanese or Korean characters. */
export function isCjk(part: string): boolean {
  return CJK_RUN.test(part);
}

/** 使用数据 → 使用, 用数, 数据. One character is its own pair. */
export function pairsOf(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}

const POSITION_BYTES = 2;

/** What a new word takes at most: a compound is kept as a whole and in its parts. */
function bytesOf(word: string): number {
  const parts = 1 + (word.match(/[^\p{L}\p{N}\p{M}]/gu)?.length ?? 0);
  const length = Buffer.byteLength(word);
  return (parts === 1 ? length : 2 * length) + 6 * parts;
}
