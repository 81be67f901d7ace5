import { createRequire } from 'node:module';
import type * as languageCommon from '@zxcvbn-ts/language-common';
import { PASSWORD_LENGTH } from '#schemas/passwords.js';
import { lazy } from '#src/lib/lazy.js';

/** Number of passwords, from the most common on, that are refused. */
const COMMON_COUNT = 10_000;

/** Length from which a name may not occur anywhere in a password; shorter ones occur by chance. */
const MIN_CONTAINED = 4;

/**
 * Number of characters around a word up to which a password is the word in disguise: two for each
 * of its letters, but no more than eight. More of them are a secret of their own, as nine random
 * digits alone have a billion variants.
 */
const decorationLimit = (letters: number) => Math.min(8, 2 * letters);

/** Symbols and digits that stand for letters. `l` and `i` share theirs, so they count as one. */
const SUBSTITUTES: Record<string, string> = {
  a: '4@',
  b: '8',
  c: '(<',
  e: '3€',
  g: '69',
  h: '#',
  i: '1!|l',
  o: '0',
  s: '5$',
  t: '7+',
  z: '2',
};
const LETTERS = new Map(
  Object.entries(SUBSTITUTES).flatMap(([letter, signs]) =>
    [...signs].map((sign) => [sign, letter] as const),
  ),
);

const SEPARATORS = /[\s._-]+/g;
const SEPARATED = /^[\s._-]|[\s._-]$/;

/** Digits as they are, and everything else as `skeletonOf`. */
const common = lazy(() => {
  const { dictionary }: typeof languageCommon = createRequire(import.meta.url)(
    '@zxcvbn-ts/language-common',
  );
  return new Set(
    (dictionary['passwords-common'] ?? [])
      .slice(0, COMMON_COUNT)
      .map((password) => (/^\d+$/.test(password) ? password : skeletonOf(password))),
  );
});
const longest = lazy(() => Math.max(...[...common()].map(({ length }) => length)));

/**
 * Whether the password is one of the 10,000 most common ones, once or repeated, in any case and with
 * any accents, also with letters replaced by similar digits or symbols, or with separators, digits
 * and symbols added. A long random password is not: all its letters would have to form a common
 * password, with few other characters around them.
 */
export function isCommonPassword(password: string): boolean {
  const text = plain(password);
  // Greedy, because trimming both ends by a pattern takes quadratic time.
  const [number = ''] = /\p{N}(?:.*\p{N})?/su.exec(text) ?? [];
  const isNumber = common().has(number) && !/\p{L}/u.test(text);
  if (isNumber || common().has(skeletonOf(text))) return true;
  if (isInDisguise(text, (word) => common().has(skeletonOf(word)))) return true;
  // The search takes quadratic time.
  if (text.length > PASSWORD_LENGTH.maxLength) return false;
  const period = `${text}${text}`.indexOf(text, 1);
  return period < text.length && isCommonPassword(text.slice(0, period));
}

/**
 * Whether the password contains the name, in any case and with any accents, separators and
 * substitutes of letters. A name of fewer than four letters and digits counts only if nothing but
 * digits and symbols was added.
 */
export function containsName(password: string, name: string): boolean {
  const bareName = bare(name);
  const skeleton = skeletonOf(plain(name));
  if (bareName === '') return false;
  if ([...bareName].length < MIN_CONTAINED) {
    return isInDisguise(plain(password), (word) => skeletonOf(word) === skeleton);
  }
  return bare(password).includes(bareName) || skeletonOf(plain(password)).includes(skeleton);
}

/** The text in lower case and without accents. */
function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}

/** The letters and digits of the text, in lower case and without accents. */
function bare(text: string): string {
  return plain(text).replace(/[^\p{L}\p{N}]+/gu, '');
}

/** The text without separators, and with the letters that its digits and symbols stand for. */
function skeletonOf(text: string): string {
  return [...text.replace(SEPARATORS, '')].map((sign) => LETTERS.get(sign) ?? sign).join('');
}

/**
 * Whether a part of the text with all its letters is such a word, and the rest is no more than
 * decoration. Digits and symbols next to the letters belong to either.
 */
function isInDisguise(text: string, isWord: (part: string) => boolean): boolean {
  const letters = /\p{L}(?:.*\p{L})?/su.exec(text);
  if (letters === null || letters[0].length > 2 * longest()) return false;
  const [{ length }] = letters;
  const most = decorationLimit(letters[0].match(/\p{L}/gu)?.length ?? 0);
  for (let start = letters.index; start >= 0; start -= 1) {
    for (let end = letters.index + length; end <= text.length; end += 1) {
      const part = text.slice(start, end);
      if (part.length > 2 * longest()) break;
      // Separators at an end of the part would not count as decoration.
      if (SEPARATED.test(part) || !isWord(part)) continue;
      if (weightOf(text.slice(0, start)) + weightOf(text.slice(end)) <= most) return true;
    }
  }
  return false;
}

/** Number of characters, of which common numbers and repetitions do not count. */
function weightOf(decoration: string): number {
  const uncommon = decoration.replace(/\d+/g, (digits) => (common().has(digits) ? '' : digits));
  return [...uncommon].filter((letter, index, letters) => letter !== letters[index - 1]).join('')
    .length;
}
