import t from 'tap';
import { fold, foldEmail } from '#src/lib/fold.js';
import { emailDomain } from '#src/lib/validation/index.js';
import { codePoints, codesOf } from '#test/support/code-points.js';
import { Problems } from '#test/support/problems.js';
import { Random } from '#test/support/random.js';

t.test('unifies case and normalization, and nothing else', async (t) => {
  const same = [
    ['admin', 'ADMIN', 'Admin'],
    ['caf\u00e9', 'cafe\u0301', 'CAF\u00c9', 'CAFE\u0301'],
    ['ΟΔΟΣ', 'οδος', 'οδοσ', 'Οδός'.normalize('NFD').replaceAll('\u0301', '')],
    ['ß', 'ẞ'],
    ['k', 'K', '\u212a'],
    ['å', '\u212b', 'a\u030a'],
    ['ω', 'Ω', '\u2126'],
    ['ǆ', 'ǅ', 'Ǆ'],
    ['İ', 'I\u0307', 'i\u0307'],
    ['ẖ', 'h\u0331', 'H\u0331'],
    ['ϓ', '\u03d2\u0301'],
    ['ꭰ', 'Ꭰ'],
    ['𐐨', '𐐀'],
    ['张三'],
    [''],
  ];
  for (const spellings of same) {
    t.same([...new Set(spellings.map(fold))].length, 1, spellings.map(codesOf).join(' = '));
  }
  const different = [
    'admin',
    'adm\u0131n',
    'adm\u0130n',
    'adm\u0456n',
    'ａｄｍｉｎ',
    'ad\u200bmin',
  ];
  t.equal(new Set(different.map(fold)).size, different.length);
  for (const [one, other] of [
    ['ß', 'ss'],
    ['ſ', 's'],
    ['\u00b5', 'μ'],
    ['ﬁ', 'fi'],
    ['ı', 'i'],
    ['²', '2'],
  ] as const) {
    t.not(fold(one), fold(other), `${one} is not ${other}`);
  }
});

t.test('keeps its promises for every code point', async (t) => {
  const problems = new Problems();
  const folded = (char: string) => char.toLowerCase().replaceAll('ς', 'σ');
  for (const char of codePoints()) {
    const form = fold(char);
    const name = codesOf(char);
    problems.unless(fold(form) === form, `${name} is not idempotent`);
    problems.unless(form.normalize('NFC') === form, `${name} is not in NFC`);
    problems.unless(fold(char.normalize('NFD')) === form, `${name} differs when decomposed`);
    problems.unless(fold(char.normalize('NFC')) === form, `${name} differs when composed`);
    problems.unless(fold(char.toLowerCase()) === form, `${name} differs in lower case`);
    // A word, its end, a place before a full stop: all that a context-sensitive mapping looks at.
    for (const [before, after] of [
      ['a', 'b'],
      ['a', ''],
      ['', 'b'],
      ['a', '.'],
      ["a'", ' b'],
    ] as const) {
      const expected = `${before}${folded(char)}${after}`.normalize('NFC');
      const context = JSON.stringify(`${before}_${after}`);
      problems.unless(fold(before + char + after) === expected, `${name} differs in ${context}`);
    }
  }
  problems.assertNone(t, 'each code point folds alike everywhere');
});

/** Letters and marks that interact: composition, reordering, contextual and long mappings. */
const DIFFICULT = [
  ...'aAiIİıhHwWyYjJtTsSſßẞσςΣωΩ\u2126\u212a\u212bÅåÉéǄǅǆϓﬁΐŉ张가각',
  ...'\u0300\u0301\u0304\u0307\u0308\u030a\u030c\u0323\u0327\u0328\u0331\u0338\u0345\u1100\u1161\u11a8',
  ...' .\u00ad\u200d@\u0041\u0301',
];

t.test('keeps its promises for random texts', async (t) => {
  const random = new Random(24);
  const problems = new Problems();
  for (let count = 0; count < 20_000; count += 1) {
    const text = Array.from({ length: random.int(1, 8) }, () => random.pick(DIFFICULT)).join('');
    const form = fold(text);
    problems.unless(fold(form) === form, `${codesOf(text)} is not idempotent`);
    problems.unless(form === form.normalize('NFC'), `${codesOf(text)} is not in NFC`);
    for (const other of [text.normalize('NFD'), text.normalize('NFC'), text.toLowerCase()]) {
      problems.unless(fold(other) === form, `${codesOf(text)} differs from ${codesOf(other)}`);
    }
  }
  problems.assertNone(t, 'random texts');
});

t.test('unifies the spellings of an email address', async (t) => {
  const same = [
    ['ivy@example.com', 'IVY@Example.COM', 'ivy@ｅｘａｍｐｌｅ.com', 'ivy@example\u3002com'],
    [
      'ivy@bücher.example',
      'IVY@BÜCHER.example',
      'ivy@bu\u0308cher.example',
      'ivy@xn--bcher-kva.example',
      'ivy@XN--BCHER-KVA.EXAMPLE',
    ],
    ['ivy@例え.jp', 'ivy@xn--r8jz45g.jp'],
    ['jos\u00e9@example.com', 'JOSE\u0301@example.com'],
    ['ivy', 'IVY'],
  ];
  for (const [first = '', ...others] of same) {
    for (const other of others) t.equal(foldEmail(other), foldEmail(first), `${other} is ${first}`);
  }
  const different = [
    'ivy@example.com',
    'İvy@example.com',
    'ıvy@example.com',
    'ivy@example.org',
    'ivy+1@example.com',
    'i.vy@example.com',
    'ivy@example.com.',
    'ivy@example.com\u200b',
    'ivy @example.com',
    // Two domains: since 2010, a final sigma in a domain is a letter of its own.
    'ivy@βόλος.com',
    'ivy@βόλοσ.com',
    'ivy',
    'ivy@',
    '@example.com',
    'ivy@a@example.com',
  ];
  t.equal(new Set(different.map(foldEmail)).size, different.length);
});

t.test('is idempotent for any text with an @', async (t) => {
  const random = new Random(25);
  const problems = new Problems();
  const parts = [...DIFFICULT, 'xn--', 'xn--bcher-kva', 'com', 'ü', '。', '-', '１'];
  for (let count = 0; count < 20_000; count += 1) {
    const some = () => Array.from({ length: random.int(0, 5) }, () => random.pick(parts)).join('');
    const text = `${some()}@${some()}.${random.pick(['com', 'example', 'ΣΟΣ', ''])}`;
    const form = foldEmail(text);
    problems.unless(foldEmail(form) === form, `${codesOf(text)} is not idempotent`);
    problems.unless(
      foldEmail(text.normalize('NFD')) === form,
      `${codesOf(text)} differs when decomposed`,
    );
  }
  const long = `ivy@${'e\u0301'.repeat(150)}.com`;
  t.equal(foldEmail(long), foldEmail(long.normalize('NFC')));
  problems.assertNone(t, 'random addresses');
});

t.test('gives domains as the validator writes them', async (t) => {
  t.equal(emailDomain('XN--BCHER-KVA.example'), 'bücher.example');
  t.equal(emailDomain('Example.COM'), 'example.com');
  for (const invalid of ['', 'localhost', 'a..b', 'x.test', '-a.com', 'a b.com', 'xn--a.com']) {
    t.equal(emailDomain(invalid), null, invalid);
  }
});
