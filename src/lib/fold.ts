import { emailDomain } from './validation/index.js';

/**
 * Returns the form under which a name is compared: two names are the same exactly if their folded
 * forms are equal. Everything that identifies someone or something is compared by it: usernames,
 * email addresses, names of categories and tags, keys of throttles.
 *
 * The form is the text in NFC, lower-cased by Unicode's default mappings. The result depends
 * neither on a locale nor on neighbouring characters, is itself in NFC, and folds to itself;
 * composed and decomposed spellings have the same form. For letters without an obvious counterpart:
 *
 * - Final sigma counts as sigma (`ΟΔΟΣ`, `οδος` and `οδοσ` are the same), because the lower case of
 *   `Σ` would depend on its place in the word.
 * - `İ` becomes `i` with a combining dot, which is neither `i` nor `ı`.
 * - `ẞ` becomes `ß`, which is not `ss`. Titlecase digraphs such as `ǅ` become `ǆ`.
 * - The signs for kelvin, ångström and ohm are their letters in NFC.
 * - Letters that only share a capital stay distinct: `ſ` and `s`, `µ` (the sign) and `μ`.
 *
 * Compatibility forms (full-width letters, ligatures) and letters that only look alike are not
 * unified. The mappings are those of Node.js, and a newer version only adds characters. A change of
 * this function needs a migration that folds all names again.
 */
export function fold(text: string): string {
  return text.normalize('NFC').toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

/**
 * Returns the form under which an email address is compared: the mailbox folded, and the domain as
 * `format: email` writes it, so that its Unicode and Punycode (`xn--`) spellings are the same. An
 * invalid domain is folded like any text, and so is a text without `@`, such as a username.
 */
export function foldEmail(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 0) return fold(address);
  const domain = address.slice(at + 1).normalize('NFC');
  return `${fold(address.slice(0, at))}@${emailDomain(domain) ?? fold(domain)}`;
}
