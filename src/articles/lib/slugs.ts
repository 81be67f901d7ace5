import { slugify } from 'transliteration';

/**
 * The slug of a title: ASCII, lower case, words with hyphens between; what is not written in Latin
 * letters is transliterated. Empty if nothing of the title can be.
 *
 * @param maxLength how long it may be, cut at the end of a word where there is one
 */
export function slugOf(title: string, maxLength: number): string {
  const slug = slugify(title, { lowercase: true, separator: '-', allowedChars: 'a-zA-Z0-9' });
  if (slug.length <= maxLength) return slug;
  const cut = slug.slice(0, maxLength + 1);
  const end = cut.lastIndexOf('-');
  return end > 0 ? cut.slice(0, end) : cut.slice(0, maxLength);
}
