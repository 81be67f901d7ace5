import { slugify } from 'transliteration';

/**
 * Returns the slug of a title: lower-case ASCII words joined by hyphens, other scripts
 * transliterated. Empty if nothing can be transliterated.
 *
 * @param maxLength maximum length in characters; a longer slug is cut at a word boundary if
 *   possible
 */
export function slugOf(title: string, maxLength: number): string {
  const slug = slugify(title, { lowercase: true, separator: '-', allowedChars: 'a-zA-Z0-9' });
  if (slug.length <= maxLength) return slug;
  const cut = slug.slice(0, maxLength + 1);
  const end = cut.lastIndexOf('-');
  return end > 0 ? cut.slice(0, end) : cut.slice(0, maxLength);
}
