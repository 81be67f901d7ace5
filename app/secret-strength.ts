/**
 * The strength below which production refuses a signing secret, in bits. A secret of 32 random
 * hexadecimal digits has 128, and is estimated at about 120.
 */
export const MIN_SECRET_BITS = 80;

/** The strength below which production warns of a password in a URL, in bits. */
export const MIN_PASSWORD_BITS = 36;

/** Bits of anything that an attacker tries first: a listed word, a sequence, a repetition. */
const KNOWN_BITS = 6;

/** Bits of a letter in written words, as measured for English by Shannon (1951). */
const WRITTEN_LETTER_BITS = 1;

/** Characters looked at. A longer secret is judged by its beginning. */
const MAX_LENGTH = 512;

/** Minimum number of characters that count as a sequence or repetition, rather than as chance. */
const MIN_PATTERN = 4;

/** Minimum length of letters in a row that are compared with written words. */
const MIN_RUN = 6;

/** Words of examples, placeholders and instructions, and common words of passwords. */
const WORDS = `
  admin adipiscing akey album alpha althing amet anything apikey app application auth babe battery
  bar baz beef before beta blank cafe change changeit changeme coffee config consectetur cookie
  correct database dead debug decade default demo deploy dev develop development dolor dragon dummy
  edit elit empty example face facade feed fill fixme foo food football for generate guest hello
  here horse insecure insert ipsum iloveyou jwt key keyboard letmein local localhost login long
  lorem master mine missing monkey must never none not null nothing only pass passphrase passwd
  password placeholder please postgres postgresql princess prod production put qwerty random real
  redis replace root safe salt sample secret secure server service session setme shadow sign signing
  sit some something staging staple strong sunshine super test tester testing tests that the this
  todo token undefined unknown unsafe update use user value very welcome with world xxx your
`
  .trim()
  .split(/\s+/);

/** Rows of keyboards, digits and alphabets, which are known forwards, backwards and in a circle. */
const SEQUENCES = [
  '0123456789abcdef',
  '1234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  '1q2w3e4r5t6y7u8i9o0p',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
].flatMap((row) => [row + row, [...row, ...row].reverse().join('')]);

/** The 80 commonest pairs of letters in English, two thirds of all pairs in a text. */
const PAIRS = new Set(
  (
    'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve ' +
    'co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur el ta la ns di fo ho pe ec pr no ct ' +
    'us ac ot il tr ly nc et ut ss so rs un lo'
  ).split(' '),
);

/**
 * Share of these pairs in letters that are taken for words: in a row of letters, and in the pieces
 * of a text that already looks like words. Random letters have 12 %.
 */
const MIN_PAIRS = { row: 0.4, text: 0.3 };

/** Digits and signs that stand for letters, as in `p4ssw0rd`. */
const LOOKALIKES: Record<string, string> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/**
 * Estimates how many bits an attacker has to guess who knows how people make up secrets.
 *
 * Placeholders, sequences, repetitions and written words count little, in any case and with any
 * separators. Every other character counts as if it had been drawn from the characters that occur
 * in the secret. The estimate is low rather than high.
 */
export function strengthOf(secret: string): number {
  const text = secret.normalize('NFKC').slice(0, MAX_LENGTH);
  const signs = new Set(text.match(/[^\p{L}\p{N}]/gu));
  // One kind of sign is a separator, which may hide a word: c-h-a-n-g-e-m-e.
  const bare = signs.size === 1 ? text.replaceAll([...signs].join(''), '') : text;
  return Math.min(measure(text), measure(bare));
}

function measure(text: string): number {
  // Only ASCII, so that every character keeps its place.
  const folded = text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  const read = folded.replaceAll(/[013457@$!]/g, (sign) => LOOKALIKES[sign] ?? sign);
  const isText = isWritten(text);
  const bitsOfAny = Math.log2(new Set(text).size);
  let bits = 0;
  let isStart = true;
  for (let at = 0; at < text.length; ) {
    const known = Math.max(
      lengthOfRepetition(folded, at),
      lengthOfSequence(folded, at),
      lengthOfWord(folded, at),
      lengthOfWord(read, at),
    );
    if (known * bitsOfAny > KNOWN_BITS) {
      // Within a text, a short word is worth no more than its letters.
      bits += isText ? Math.min(KNOWN_BITS, known * WRITTEN_LETTER_BITS) : KNOWN_BITS;
      at += known;
      isStart = true;
      continue;
    }
    const run = isStart ? (/^(?:[a-z]+|[A-Z]+)/.exec(text.slice(at))?.[0] ?? '') : '';
    if (run.length >= MIN_RUN && looksEnglish([run], MIN_PAIRS.row)) {
      bits += run.length * WRITTEN_LETTER_BITS;
      at += run.length;
      continue;
    }
    const character = text.charAt(at);
    bits += bitsOf(character, { bitsOfAny, isText, isNew: text.indexOf(character) === at });
    isStart = !/[A-Za-z]/.test(character);
    at += 1;
  }
  return bits;
}

interface Surroundings {
  bitsOfAny: number;
  isText: boolean;
  isNew: boolean;
}

function bitsOf(character: string, { bitsOfAny, isText, isNew }: Surroundings): number {
  // Programs that generate secrets use ASCII; people write.
  if (character > '\x7f') return Math.min(bitsOfAny, WRITTEN_LETTER_BITS);
  if (!isText || /\d/.test(character)) return bitsOfAny;
  if (/[A-Za-z]/.test(character)) return WRITTEN_LETTER_BITS;
  return isNew ? bitsOfAny : 0;
}

/** Whether a text consists of words, which signs or capital letters separate. */
function isWritten(text: string): boolean {
  const pieces = text
    .split(/[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)
    .filter((piece) => piece !== '');
  const words = pieces.filter((piece) => /^(?:[A-Z]?[a-z]+|[A-Z]+)\d{0,4}$/.test(piece));
  const length = pieces.join('').length;
  return (
    words.length >= 4 &&
    length >= 3 * pieces.length &&
    words.join('').length >= 0.9 * length &&
    looksEnglish(words, MIN_PAIRS.text)
  );
}

function looksEnglish(words: string[], share: number): boolean {
  const pairs = words.flatMap((word) =>
    Array.from({ length: Math.max(0, word.length - 1) }, (_, at) =>
      word.slice(at, at + 2).toLowerCase(),
    ),
  );
  return pairs.filter((pair) => PAIRS.has(pair)).length >= share * pairs.length;
}

/**
 * Returns how many characters continue an earlier part of the text: the same characters, or the
 * same steps from one character to the next, as in `aabbcc`.
 */
function lengthOfRepetition(text: string, at: number): number {
  let longest = 0;
  for (let from = 1; from < at; from += 1) {
    let length = 0;
    while (at + length < text.length && step(text, from + length) === step(text, at + length)) {
      length += 1;
    }
    longest = Math.max(longest, length);
  }
  return longest >= MIN_PATTERN ? longest : 0;
}

function step(text: string, at: number): number {
  return text.charCodeAt(at) - text.charCodeAt(at - 1);
}

function lengthOfSequence(text: string, at: number): number {
  let length = 0;
  for (let next = MIN_PATTERN; at + next <= text.length; next += 1) {
    const part = text.slice(at, at + next);
    if (!SEQUENCES.some((sequence) => sequence.includes(part))) break;
    length = next;
  }
  return length;
}

function lengthOfWord(text: string, at: number): number {
  return Math.max(
    0,
    ...WORDS.filter((word) => text.startsWith(word, at)).map((word) => word.length),
  );
}
