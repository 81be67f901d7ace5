import punycode from 'punycode.js';
import { isAtMost } from '#src/lib/code-points.js';
import { ExpectedError } from '#src/lib/expected-error.js';
import { pythonRepr } from './python-repr.js';
import { DUAL_JOINING, LEFT_JOINING, RIGHT_JOINING, VIRAMA } from './unicode-tables.js';

/**
 * A domain that is not valid under IDNA 2008. The messages are those of Python's idna package 3.20.
 */
export class IdnaError extends ExpectedError {}

const PREFIX = 'xn--';
const MAX_LABEL = 63;

/** More code points than a domain may have, and a bound of the work for a label. */
const MAX_CHECKED = 254;
const MAX_INPUT = 1024;

const ASCII = /^[\0-\x7f]*$/;

/** Letters, digits and marks (RFC 5892, section 2.1). */
const LETTER_DIGIT = /[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]/u;

/** Characters that change under NFKC and case folding (section 2.2). */
const UNSTABLE = /\p{Changes_When_NFKC_Casefolded}/u;

/** Ignorable properties and blocks (sections 2.3 and 2.4). */
const IGNORABLE =
  /[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Noncharacter_Code_Point}]|[\u20d0-\u20ff]|[\u{1d100}-\u{1d24f}]/u;

/** Old Hangul jamo (section 2.9). */
const JAMO = /[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/;

/** Exceptions (section 2.6), and the hyphen. */
const ALWAYS_VALID = /[-\xdf\u03c2\u06fd\u06fe\u0f0b\u3007]/;
const NEVER_VALID = /[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]/;
const CONTEXTUAL = /[\xb7\u0375\u05f3\u05f4\u0660-\u0669\u06f0-\u06f9\u30fb]/;

/** Whether a character is valid in a domain, whatever is beside it (PVALID of RFC 5892). */
function isValid(char: string): boolean {
  if (ALWAYS_VALID.test(char)) return true;
  if (NEVER_VALID.test(char)) return false;
  if (!LETTER_DIGIT.test(char) || UNSTABLE.test(char)) return false;
  return !IGNORABLE.test(char) && !JAMO.test(char);
}

/** Returns a code point as in `U+200D`. */
function unicodeNotation(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

const DEVIATION = /[\xdf\u03c2]/;
const DOT = /[\u3002\uff61]/;
const CHEROKEE = /\p{Script=Cherokee}/u;
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;

/** Characters without a mapping that UTS #46 disallows: ideographic descriptions, placeholders. */
const DISALLOWED = /[\u2ff0-\u2fff\u31ef\ufffc\ufffd\ufe12\ufe19\ufe30]/;

function foldCase(text: string): string {
  return Array.from(text, (char) => {
    // The only script that folds to upper case.
    if (CHEROKEE.test(char)) return char.toUpperCase();
    const lower = char.toLowerCase();
    return lower === char ? char.toUpperCase().toLowerCase() : lower;
  }).join('');
}

/** Returns the mapping of a character, as UTS #46 derives it from NFKC and case folding. */
function mapped(char: string): string {
  if (DOT.test(char)) return '.';
  if (DEVIATION.test(char)) return char;
  if (char === 'ẞ') return 'ß';
  // A mapping of its own, from the dotless letter: case folding would give it a dot.
  if (char === '\u{1d6a4}') return 'ı';
  if (!UNSTABLE.test(char)) return char;
  const once = foldCase(char.normalize('NFD')).normalize('NFKC');
  return foldCase(once).normalize('NFKC').replace(IGNORED, '');
}

/**
 * Maps a domain to lower case, composed letters and ASCII dots (UTS #46, nontransitional).
 * Separators and characters of the categories C must have been refused before.
 *
 * @throws IdnaError for a character that the mapping disallows
 */
export function mapDomain(domain: string): string {
  if (ASCII.test(domain)) return domain.toLowerCase();
  const mappings = new Map<string, string>();
  let result = '';
  let position = 0;
  for (const char of domain) {
    position += 1;
    if (DISALLOWED.test(char)) {
      throw new IdnaError(
        `Codepoint ${unicodeNotation(char)} not allowed at position ${position} in ${pythonRepr(domain)}`,
      );
    }
    let mapping = mappings.get(char);
    if (mapping === undefined) {
      mapping = mapped(char);
      mappings.set(char, mapping);
    }
    result += mapping;
  }
  return result.normalize('NFC');
}

type Direction = 'L' | 'R' | 'AN' | 'EN' | 'ES' | 'ON' | 'BN' | 'NSM';

const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const ARABIC_DIGIT = /[\u0660-\u0669\u{10d30}-\u{10d39}]/u;
const EUROPEAN_DIGIT = /[0-9\u06f0-\u06f9]/;
const NEUTRAL = /[\xb7\u02b9\u02ba\u02c6-\u02cf\u02ec\u0375\u2e2f\u30fb\ua67f\ua717-\ua71f\ua788]/;
const NONSPACING = /[\p{Mn}\p{Me}]/u;
const LEFT_TO_RIGHT_MARK = /[\u0cbf\u0cc6\u{11a07}\u{11a08}\u{11c3f}]/u;
const JOINER = /[\u200c\u200d]/;

/**
 * Returns the Bidi_Class of a character that is valid in a domain. `R` stands for `R` and `AL`,
 * which the Bidi Rule treats alike; unassigned characters count as the blocks around them.
 */
function directionOf(char: string): Direction {
  if (char === '-') return 'ES';
  if (EUROPEAN_DIGIT.test(char)) return 'EN';
  if (ARABIC_DIGIT.test(char)) return 'AN';
  if (NEUTRAL.test(char)) return 'ON';
  if (JOINER.test(char)) return 'BN';
  if (NONSPACING.test(char)) return LEFT_TO_RIGHT_MARK.test(char) ? 'L' : 'NSM';
  return RIGHT_TO_LEFT.test(char) ? 'R' : 'L';
}

/** Whether a text of valid characters has one that is written from right to left. */
export function isRightToLeft(text: string): boolean {
  return Array.from(text, directionOf).some((direction) => direction === 'R' || direction === 'AN');
}

/**
 * Checks the Bidi Rule (RFC 5893, section 2) for a label of valid characters. The rule applies to
 * all labels of a domain that has right-to-left characters.
 *
 * @throws IdnaError if the label violates the rule
 */
export function checkBidi(label: string): void {
  const directions = Array.from(label, directionOf);
  const [first] = directions;
  if (first !== 'R' && first !== 'L') {
    throw new IdnaError(
      `First codepoint in label ${pythonRepr(label)} must be directionality L, R or AL`,
    );
  }
  const isRight = first === 'R';
  let digits: Direction | undefined;
  let last: Direction = first;
  for (const [index, direction] of directions.entries()) {
    if (isRight ? direction === 'L' : direction === 'R' || direction === 'AN') {
      throw new IdnaError(
        `Invalid direction for codepoint at position ${index + 1} in a ${isRight ? 'right-to-left' : 'left-to-right'} label`,
      );
    }
    if (direction !== 'NSM') last = direction;
    if (!isRight || (direction !== 'AN' && direction !== 'EN')) continue;
    digits ??= direction;
    if (digits !== direction) {
      throw new IdnaError('Can not mix numeral types in a right-to-left label');
    }
  }
  if (last !== first && last !== 'EN' && !(isRight && last === 'AN')) {
    throw new IdnaError('Label ends with illegal codepoint directionality');
  }
}

const TRANSPARENT = /[\p{Mn}\p{Me}\p{Cf}\u{1e94b}]/u;

/** Whether the next character from `index` that is not transparent has one of the joining types. */
function joins(chars: readonly string[], index: number, step: 1 | -1, types: RegExp[]): boolean {
  let at = index + step;
  // The joiners themselves are not transparent.
  while (TRANSPARENT.test(chars[at] ?? '') && !JOINER.test(chars[at] ?? '')) at += step;
  return types.some((type) => type.test(chars[at] ?? ''));
}

/** The rules for joiners (RFC 5892, appendix A.1 and A.2). */
function isJoinerInContext(chars: readonly string[], index: number): boolean {
  if (VIRAMA.test(chars[index - 1] ?? '')) return true;
  return (
    chars[index] === '\u200c' &&
    joins(chars, index, -1, [LEFT_JOINING, DUAL_JOINING]) &&
    joins(chars, index, 1, [RIGHT_JOINING, DUAL_JOINING])
  );
}

const GREEK = /\p{Script=Greek}/u;
const HEBREW = /\p{Script=Hebrew}/u;
const JAPANESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;

/** The rules for other characters (RFC 5892, appendix A.3 to A.9). */
function isInContext(chars: readonly string[], index: number): boolean {
  const char = chars[index] ?? '';
  switch (char) {
    case '\xb7':
      return chars[index - 1] === 'l' && chars[index + 1] === 'l';
    case '\u0375':
      return GREEK.test(chars[index + 1] ?? '');
    case '\u05f3':
    case '\u05f4':
      return HEBREW.test(chars[index - 1] ?? '');
    case '\u30fb':
      return chars.some((other) => other !== char && JAPANESE.test(other));
    default: {
      const others = char < '\u06f0' ? /[\u06f0-\u06f9]/ : /[\u0660-\u0669]/;
      return !chars.some((other) => others.test(other));
    }
  }
}

/**
 * Checks a label in Unicode (RFC 5891, section 4.2).
 *
 * @throws IdnaError if the label is not valid
 */
function checkLabel(label: string): void {
  const chars = Array.from(label);
  if (chars.length === 0) throw new IdnaError('Empty Label');
  if (chars.length > MAX_CHECKED) throw new IdnaError('Label too long');
  if (label.normalize('NFC') !== label) {
    throw new IdnaError('Label must be in Normalization Form C');
  }
  if (chars[2] === '-' && chars[3] === '-') {
    throw new IdnaError('Label has disallowed hyphens in 3rd and 4th position');
  }
  if (label.startsWith('-') || label.endsWith('-')) {
    throw new IdnaError('Label must not start or end with a hyphen');
  }
  if (/^\p{M}/u.test(label)) {
    throw new IdnaError('Label begins with an illegal combining character');
  }
  for (const [index, char] of chars.entries()) checkCharacter(char, index, chars, label);
  if (isRightToLeft(label)) checkBidi(label);
}

function checkCharacter(
  char: string,
  index: number,
  chars: readonly string[],
  label: string,
): void {
  const isJoiner = JOINER.test(char);
  const isContextual = isJoiner || CONTEXTUAL.test(char);
  if (!isContextual && isValid(char)) return;
  const shown = unicodeNotation(char);
  const place = `at position ${index + 1}`;
  if (!isContextual) {
    throw new IdnaError(`Codepoint ${shown} ${place} of ${pythonRepr(label)} not allowed`);
  }
  if (isJoiner ? isJoinerInContext(chars, index) : isInContext(chars, index)) return;
  throw new IdnaError(
    `${isJoiner ? 'Joiner' : 'Codepoint'} ${shown} not allowed ${place} in ${pythonRepr(label)}`,
  );
}

/** @throws IdnaError */
function refuseExcess(label: string): void {
  if (!isAtMost(label, MAX_INPUT)) throw new IdnaError('Label too long');
}

/**
 * Returns a label in ASCII, with Punycode if necessary (RFC 5891, section 4).
 *
 * @throws IdnaError if the label is not valid
 */
export function toAsciiLabel(label: string): string {
  refuseExcess(label);
  let ascii = label;
  if (ASCII.test(label)) toUnicodeLabel(label);
  else {
    checkLabel(label);
    ascii = PREFIX + punycode.encode(label);
  }
  if (ascii.length > MAX_LABEL) throw new IdnaError('Label too long');
  return ascii;
}

/**
 * Returns an ASCII label in Unicode (RFC 5891, section 5).
 *
 * @throws IdnaError if the label is not valid, or not the only spelling of what it means
 */
export function toUnicodeLabel(ascii: string): string {
  refuseExcess(ascii);
  const label = ascii.toLowerCase();
  if (!label.startsWith(PREFIX)) {
    checkLabel(label);
    return label;
  }
  const encoded = label.slice(PREFIX.length);
  if (encoded === '') {
    throw new IdnaError('Malformed A-label, no Punycode eligible content found');
  }
  if (encoded.endsWith('-')) throw new IdnaError('A-label must not end with a hyphen');
  const decoded = decodePunycode(encoded);
  if (punycode.encode(decoded) !== encoded) {
    throw new IdnaError('A-label is not the canonical Punycode encoding of its U-label');
  }
  checkLabel(decoded);
  return decoded;
}

/** @throws IdnaError */
function decodePunycode(encoded: string): string {
  try {
    // A delimiter without characters before it is read, and found not to be canonical.
    return punycode.decode(encoded.lastIndexOf('-') === 0 ? encoded.slice(1) : encoded);
  } catch (error) {
    if (error instanceof RangeError) throw new IdnaError('Invalid A-label', { cause: error });
    throw error;
  }
}
