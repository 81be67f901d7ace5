/** Every code point except surrogates, which no stored text contains. */
export function* codePoints(): Generator<string> {
  for (let code = 0; code <= 0x10ffff; code += 1) {
    if (code < 0xd800 || code > 0xdfff) yield String.fromCodePoint(code);
  }
}

/**
 * Returns the spellings that a case conversion or normalization makes of a character, by whatever
 * program: itself, in lower case, capital and titlecase, each composed and decomposed.
 */
export function spellingsOf(char: string): string[] {
  const capital = char.toUpperCase();
  const [first = '', ...rest] = capital;
  const title = first + rest.join('').toLowerCase();
  const cases = [char, char.toLowerCase(), capital, title, capital.toLowerCase()];
  return [
    ...new Set(cases.flatMap((text) => [text, text.normalize('NFC'), text.normalize('NFD')])),
  ];
}

/** Names a text by its code points, for messages. */
export function codesOf(text: string): string {
  return [...text]
    .map((char) => `U+${char.codePointAt(0)?.toString(16).padStart(4, '0')}`)
    .join(' ');
}
