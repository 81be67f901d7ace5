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

/**
 * The bits of a letter after another one in written English without spaces, from 1 (expected) to 9:
 * a row per letter, a column per next letter. Counted in a thousand sentences of documentation.
 */
const LETTER_BITS = `
  95459659587353959333657869
  49892999549379479456388939
  39693993595599299463499989
  44652687399566469644575969
  46445567599553657334666679
  38684499399788269463498949
  46672664399565469443486989
  29791899399868489675798999
  66555459997452369633969997
  38881888788888588838368888
  38782586399874478734697969
  45652688397388479654576949
  26772899399746339755587999
  46434638488676469742677969
  65547468687542659354355999
  39873888499379349364599979
  77777777777677777777177777
  38562678396755379544676959
  36573695398656459742585969
  47573782399678379444596959
  56564658699343959233896999
  39991999399999599989799999
  39873992299794479546898999
  39664696399667629752996959
  45546576498565239544675989
  37771777377777777777777777
`
  .trim()
  .split(/\s+/);

/**
 * Mean of these bits in letters that are certainly words, and in letters that are certainly random.
 * Sentences of 60 letters have 3.2 to 4.2, and 32 random letters more than 4.9, except one in 2000.
 */
const WRITTEN_MEAN = 4.2;
const RANDOM_MEAN = 5.4;

/** Number of pairs of letters that are judged together, so that no part hides behind another. */
const WINDOW = 24;

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
  const bitsOfAny = Math.log2(new Set(text).size);
  const bitsOfEach = bitsOfCharacters(text, folded, bitsOfAny);
  let bits = 0;
  for (let at = 0; at < text.length; ) {
    const known = Math.max(
      lengthOfRepetition(folded, at),
      lengthOfSequence(folded, at),
      lengthOfWord(folded, at),
      lengthOfWord(read, at),
    );
    const isKnown = known * bitsOfAny > KNOWN_BITS;
    const length = isKnown ? known : 1;
    const own = bitsOfEach.slice(at, at + length).reduce((sum, each) => sum + each, 0);
    bits += isKnown ? Math.min(KNOWN_BITS, own) : own;
    at += length;
  }
  return bits;
}

/** Returns the bits of each character, apart from sequences, repetitions and listed words. */
function bitsOfCharacters(text: string, folded: string, bitsOfAny: number): number[] {
  const isText = isWritten(text);
  const bits = Array.from({ length: text.length }, (_, at) => {
    const character = text.charAt(at);
    return bitsOf(character, { bitsOfAny, isText, isNew: text.indexOf(character) === at });
  });
  for (const { 0: row, index } of folded.matchAll(/[a-z]+/g)) {
    if (row.length < MIN_RUN) continue;
    for (const [at, most] of bitsOfLetters(row, bitsOfAny).entries()) {
      bits[index + at] = Math.min(bits[index + at] ?? 0, most);
    }
  }
  return bits;
}

/** Returns the bits of each letter in a row, by how much the letters around it look like words. */
function bitsOfLetters(row: string, bitsOfAny: number): number[] {
  const pairs = pairsOf(row);
  const size = Math.min(WINDOW, pairs.length);
  return Array.from({ length: row.length }, (_, at) => {
    const from = Math.max(0, Math.min(at - Math.floor(size / 2), pairs.length - size));
    const mean = pairs.slice(from, from + size).reduce((sum, each) => sum + each, 0) / size;
    const chance = (mean - WRITTEN_MEAN) / (RANDOM_MEAN - WRITTEN_MEAN);
    const share = Math.max(0, Math.min(1, chance));
    return WRITTEN_LETTER_BITS + share * Math.max(0, bitsOfAny - WRITTEN_LETTER_BITS);
  });
}

function pairsOf(letters: string): number[] {
  return Array.from({ length: letters.length - 1 }, (_, at) =>
    Number(LETTER_BITS[letters.charCodeAt(at) - 97]?.charAt(letters.charCodeAt(at + 1) - 97)),
  );
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
    looksEnglish(words)
  );
}

/** Whether the letters within these words are rather those of English than random. */
function looksEnglish(words: string[]): boolean {
  const pairs = words.flatMap((word) => pairsOf(word.replaceAll(/\d/g, '').toLowerCase()));
  const sum = pairs.reduce((total, each) => total + each, 0);
  return 2 * sum <= (WRITTEN_MEAN + RANDOM_MEAN) * pairs.length;
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
