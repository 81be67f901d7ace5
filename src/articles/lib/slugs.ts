import { createRequire } from 'node:module';
import type * as transliteration from 'transliteration';
import { lazy } from '#src/lib/lazy.js';

const transliterator = lazy((): typeof transliteration =>
  createRequire(import.meta.url)('transliteration'),
);

/**
 * Runs of Chinese, Japanese and Korean characters, which are written without a space beside other
 * scripts and digits.
 */
const RUNS = /\p{sc=Han}+|[\p{sc=Hiragana}\p{sc=Katakana}ー]+|\p{sc=Hangul}+/gu;

/**
 * Returns the slug of a title: lower-case ASCII words joined by hyphens, other scripts
 * transliterated. Empty if nothing can be transliterated.
 *
 * @param maxLength maximum length in characters; a longer slug is cut at a word boundary if
 *   possible
 */
export function slugOf(title: string, maxLength: number): string {
  const apart = title.replaceAll(RUNS, ' $& ');
  const slug = transliterator().slugify(apart, {
    lowercase: true,
    separator: '-',
    allowedChars: 'a-zA-Z0-9',
  });
  if (slug.length <= maxLength) return slug;
  const cut = slug.slice(0, maxLength + 1);
  const end = cut.lastIndexOf('-');
  return end > 0 ? cut.slice(0, end) : cut.slice(0, maxLength);
}
