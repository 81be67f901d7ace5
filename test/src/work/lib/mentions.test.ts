import t from 'tap';
import { mentionedNames } from '#src/work/lib/mentions.js';

const CASES: [source: string, names: string[]][] = [
  ['', []],
  ['@bob', ['bob']],
  ['Hello @Bob, @alice_2!', ['bob', 'alice_2']],
  ['@bob. (@alice) **@carol** "@dave"', ['bob', 'alice', 'carol', 'dave']],
  ["@bob's and @bob-", ['bob']],
  ['请@bob看', ['bob']],
  ['@bob @BOB', ['bob']],
  ['> @bob\n- @alice\n1. @carol', ['bob', 'alice', 'carol']],
  ['| @bob | @alice |', ['bob', 'alice']],
  ['line\r\n@bob\r@alice', ['bob', 'alice']],
  // Parts of something else.
  ['a@bob', []],
  ['me@bob.example', []],
  ['josé@bob é@bob 1@bob _@bob', []],
  ['@bob@example.org', []],
  ['@@bob', []],
  ['\\@bob', []],
  ['https://example.org/@bob', []],
  ['@bobé', []],
  ['@b @1st @_x @ bob', []],
  [`@${'a'.repeat(50)}`, ['a'.repeat(50)]],
  [`@${'a'.repeat(51)}`, []],
  // Code spans.
  ['`@bob` @alice', ['alice']],
  ['``@bob ` @carol`` @alice', ['alice']],
  ['`@bob\n@carol` @alice', ['alice']],
  ['`@bob\n\n@carol`', ['bob', 'carol']],
  ['` @bob', ['bob']],
  ['`` @bob `', ['bob']],
  ['\\`@bob`', ['bob']],
  ['\\``@bob` @alice', ['alice']],
  ['`\\` @bob', ['bob']],
  // Fenced code.
  ['```\n@bob\n```\n@alice', ['alice']],
  ['~~~ js\n@bob\n```\n@carol\n~~~~\n@alice', ['alice']],
  ['````\n@bob\n```\n@carol\n````\n@alice', ['alice']],
  ['```\n@bob', []],
  ['``` @bob ```', []],
  ['``` a`b\n@bob', ['bob']],
  ['- ```\n  @bob\n  ```\n- @alice', ['alice']],
  ['> ```\n> @bob\n\n@alice', ['alice']],
  ['text\n```\n@bob\n```\n`@carol`', []],
  // Indented code.
  ['    @bob\n\n    @carol\n\n@alice', ['alice']],
  ['text\n\n\t@bob', []],
  ['text\n    @bob', ['bob']],
  ['- item\n\n    @bob', ['bob']],
  ['- item\n\ntext\n\n    @bob', []],
];

t.test('finds the names that a text mentions outside of code', async (t) => {
  for (const [source, names] of CASES) {
    t.same(mentionedNames(source), names, JSON.stringify(source));
  }
});

t.test('takes time linear in the length of the text', async (t) => {
  const length = 1_000_000;
  const increasing = Array.from({ length: 1400 }, (_, n) => '`'.repeat(n + 1)).join(' ');
  const texts = [
    '`a``b'.repeat(length / 5),
    '@'.repeat(length),
    '@a'.repeat(length / 2),
    '>'.repeat(length),
    '- '.repeat(length / 2),
    '\\`'.repeat(length / 2),
    '```\n'.repeat(length / 4),
    ' '.repeat(length),
    '1'.repeat(length),
    increasing,
  ];
  for (const text of texts) {
    const start = performance.now();
    mentionedNames(text);
    t.ok(performance.now() - start < 5000, JSON.stringify(text.slice(0, 10)));
  }
});
