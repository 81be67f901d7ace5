import type { Random } from '#test/support/random.js';
import type { Kind } from './kinds.js';

/** Characters that parsers of numbers, dates, addresses and JSON treat specially. */
const CHARACTERS: readonly string[] = [
  ...'0123456789+-_.,:;/@%#?&=[]{}()<>"\'\\|~^`!$* eExXtTzZpPdDnNaAfF',
  ...'\t\n\r\v\f\0\x1c\x1f\x7f\x85\xa0',
  ...['\u00ad', '\u1680', '\u2003', '\u200b', '\u200d', '\u2028', '\u202e', '\u3000', '\ufeff'],
  ...['٣', '３', '๓', '²', '½', '\u{1d7d7}', '−', '．', '：', '－', '＠', '。', '／', '％'],
  ...['ſ', 'K', 'İ', 'ı', 'ß', 'é', 'e\u0301', '\u0301', '中', '数据', '😀', '👩‍🚀', 'ﷺ', '\uffff'],
];

/** Values for any kind, as JSON or what Python takes for it. */
const VALUES: readonly string[] = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '1',
    '-1',
    '2',
    '1.0',
    '1.5',
    '-0',
    '-0.0',
    '0.0',
    '1e0',
    '1E+2',
  ],
  ...[
    '1e20',
    '1e22',
    '-1e22',
    '1e-7',
    '1e308',
    '1e400',
    '-1e400',
    '1e-400',
    'NaN',
    'Infinity',
    '-Infinity',
  ],
  ...['9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809'],
  ...[
    '18446744073709551616',
    '100000000000000000000',
    '-123456789012345678901234567890',
    '1.7976931348623157e309',
  ],
  ...[
    '20000000000',
    '20000000001',
    '-20000000001',
    '253402300799',
    '253402300800',
    '-62167219200',
    '-62167219201',
  ],
  ...[
    '""',
    '" "',
    '"null"',
    '"None"',
    '"true"',
    '"0"',
    '"1"',
    '"-1"',
    '"1.0"',
    '"1."',
    '".5"',
    '"1e3"',
    '"0x10"',
  ],
  ...[
    '"0__1"',
    '"_1"',
    '"1_"',
    '"00-70"',
    '"--1"',
    '"+-1"',
    '"+"',
    '"-"',
    '"."',
    '"nan"',
    '"inf"',
    '"-Infinity"',
    '"1_0.5_0"',
  ],
  ...[
    '"9007199254740993"',
    '"9223372036854775808"',
    '"\\u0663"',
    '"１"',
    '"1\\u00a0"',
    '"\\u20031"',
    '"\\u0000"',
    '"1\\u0000"',
  ],
  ...[
    '[]',
    '{}',
    '[[]]',
    '[{}]',
    '{"":null}',
    '[null]',
    '[1]',
    '["1"]',
    '{"a":1}',
    '{"v":1}',
    '{"__proto__":{}}',
    '[1,[2,[3]]]',
  ],
  ...['"\\ud83d\\ude00"', '"a\\u0301"', '"\\ufeff"', '"\\/"', '"\\u0041"'],
];

/** Longer values, sent rarely. */
const LONG_VALUES: readonly (() => string)[] = [
  () => '9'.repeat(4300),
  () => '9'.repeat(4301),
  () => `-${'1'.repeat(4300)}`,
  () => `-${'1'.repeat(4301)}`,
  () => `"${'9'.repeat(4300)}"`,
  () => `"${'9'.repeat(4301)}"`,
  () => `"+${'9'.repeat(4300)}"`,
  () => `" ${'9'.repeat(4300)}"`,
  () => `"${'0'.repeat(4301)}"`,
  () => `"${'0'.repeat(4301)}1"`,
  () => `"${'1_'.repeat(2150)}1"`,
  () => `"${'1_'.repeat(4300)}1"`,
  () => `"${'1'.repeat(4300)}.0"`,
  () => `1.${'0'.repeat(4400)}`,
  () => `"${'a'.repeat(5000)}"`,
  () => `"http://x/${'a'.repeat(2100)}"`,
  () => '['.repeat(200) + ']'.repeat(200),
  () => `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`,
  () => `[${'1,'.repeat(300)}1]`,
];

/** Changes one to three characters. */
export function mutateText(random: Random, text: string): string {
  const characters = [...text];
  const changes = random.int(1, 3);
  for (let change = 0; change < changes; change += 1) {
    const at = random.int(0, characters.length);
    const edge = random.chance(0.3) ? random.pick([0, characters.length]) : at;
    switch (random.int(0, 6)) {
      case 0:
        characters.splice(at, 1);
        break;
      case 1:
        characters.splice(at, 1, random.pick(CHARACTERS));
        break;
      case 2: {
        const part = characters.slice(at, at + random.int(1, 4));
        characters.splice(at, 0, ...part);
        break;
      }
      case 3: {
        const digit = characters.findIndex((each, index) => index >= at && /\d/.test(each));
        if (digit >= 0) characters[digit] = String(random.int(0, 9));
        break;
      }
      case 4:
        characters.length = at;
        break;
      default:
        characters.splice(edge, 0, random.pick(CHARACTERS));
    }
  }
  return characters.join('');
}

/** A text of a sample: the string itself, or the number as JSON writes it. */
export function textOf(sample: string): string {
  return sample.startsWith('"') ? (JSON.parse(sample) as string) : sample;
}

/** Writes a string as JSON, sometimes with needless escapes. */
export function quote(random: Random, text: string): string {
  const plain = JSON.stringify(text);
  if (random.chance(0.85)) return plain;
  return plain.replace(/[^\x20-\x7e]|(?<![\\u0-9a-f])[a-z]/g, (each) =>
    [...Array(each.length).keys()]
      .map((at) => `\\u${each.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function mutateNumber(random: Random, sample: string): string {
  const changed = mutateText(random, sample).replace(/[^\d.eE+-]/g, '');
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/.test(changed) ? changed : sample;
}

/** Returns a value of a kind as JSON: valid, mutated, or of another kind. */
export function hostileJson(random: Random, { samples }: Kind): string {
  const sample = random.pick(samples);
  const dice = random.next();
  if (dice < 0.15) return sample;
  if (dice < 0.4) return random.pick(VALUES);
  if (dice < 0.42) return random.pick(LONG_VALUES)();
  if (/^[[{]/.test(sample)) return mutateJson(random, sample);
  if (!sample.startsWith('"') && random.chance(0.5)) return mutateNumber(random, sample);
  const text = quote(random, mutateText(random, textOf(sample)));
  return random.chance(0.04) ? random.pick([`[${text}]`, `{"v":${text}}`]) : text;
}

/** Replaces a scalar, a key or a pair of a JSON text by another one; the text stays JSON. */
function mutateJson(random: Random, text: string): string {
  const scalars = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?!:)|-?\d[\d.eE+-]*|null|true|false/g)];
  const keys = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?=:)/g)];
  const replace = (match: RegExpMatchArray | undefined, by: string): string =>
    match === undefined
      ? text
      : text.slice(0, match.index) + by + text.slice((match.index ?? 0) + match[0].length);
  const pickOf = <T>(list: readonly T[]): T | undefined =>
    list.length === 0 ? undefined : random.pick(list);
  switch (random.int(0, 4)) {
    case 0: {
      const key = pickOf(keys);
      return replace(key, quote(random, mutateText(random, textOf(key?.[0] ?? '""'))));
    }
    case 1: {
      const key = pickOf(keys);
      return replace(key, `"extra":${random.pick(VALUES)},${key?.[0] ?? ''}`);
    }
    case 2: {
      const key = pickOf(keys);
      return replace(key, `${key?.[0] ?? ''}:${random.pick(VALUES)},${key?.[0] ?? ''}`);
    }
    case 3: {
      const scalar = pickOf(scalars);
      return replace(scalar, quote(random, mutateText(random, textOf(scalar?.[0] ?? '""'))));
    }
    default:
      return replace(pickOf(scalars), random.pick(VALUES));
  }
}

/** Returns a value of a kind as the text of a parameter or form field. */
export function hostileText(random: Random, { samples }: Kind): string {
  const sample = textOf(random.pick(samples));
  const dice = random.next();
  if (dice < 0.15) return sample;
  if (dice < 0.32) return textOf(random.pick(VALUES));
  if (dice < 0.33) return textOf(random.pick(LONG_VALUES)());
  return mutateText(random, sample);
}

/** Pieces of broken JSON. */
const BROKEN: readonly string[] = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '\\u', '\\u12', '\\x', "'", '/', '//', '/**/', '#'],
  ...['\0', '\x01', '\x1f', '\t', '\n', '\r\n', '\v', '\f', '\xa0', '\u2028', '\ufeff', ' '],
  ...['1', '01', '1.', '.1', '+1', '-', '1e', '1e+', '0x1', '1_0', 'N', 'NaN', 'Infinity', '-Inf'],
  ...['t', 'tru', 'True', 'nul', 'None', 'undefined', '中', '😀', ',,', ':,', '{}', '[]', '""'],
];

/** Breaks a JSON text by one or two changes. */
export function breakJson(random: Random, text: string): string {
  let broken = text;
  for (let change = random.int(1, 2); change > 0; change -= 1) {
    const at = random.int(0, broken.length);
    const remove = random.chance(0.4) ? random.int(1, 3) : 0;
    const insert = random.chance(0.7) ? random.pick(BROKEN) : '';
    broken = broken.slice(0, at) + insert + broken.slice(at + remove);
  }
  return broken;
}
