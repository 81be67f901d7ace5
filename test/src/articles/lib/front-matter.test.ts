import t from 'tap';
import {
  FrontMatterError,
  parseFrontMatter,
  writeFrontMatter,
} from '#src/articles/lib/front-matter.js';

/** Returns the values and body of a file. */
function parse(file: string): [Record<string, unknown>, string] {
  const { values, body } = parseFrontMatter(file);
  return [Object.fromEntries(values), body];
}

t.test('parses YAML and TOML', async (t) => {
  t.same(parse('---\ntitle: A\ntags: [a, b]\n---\n\nText\n'), [
    { title: 'A', tags: ['a', 'b'] },
    '\nText\n',
  ]);
  t.same(parse('---\r\ntitle: A\r\n---\r\nText\r\n'), [{ title: 'A' }, 'Text\r\n']);
  t.same(parse('---\nTitle: A\n...\nText'), [{ title: 'A' }, 'Text']);
  t.same(parse('---\n# by hand\n\ntitle: A\n---'), [{ title: 'A' }, '']);
  t.same(parse('---\n---\nText'), [{}, 'Text']);
  t.same(parse('---\ndate: 2024-01-02\n---\n'), [{ date: '2024-01-02' }, ''], 'verbatim');
  t.same(
    parse(
      '+++\ntitle = "A"\nat = 2024-01-02T03:04:05+01:00\nday = 2024-01-02\n[x]\ny = [1]\n+++\nText',
    ),
    [{ title: 'A', at: '2024-01-02T03:04:05.000+01:00', day: '2024-01-02', x: { y: [1] } }, 'Text'],
  );
  t.same(parse('title: A\ntags:\n- b\n---\nText'), [{ title: 'A', tags: ['b'] }, 'Text']);
  t.same(parse('---\ntitle: "a\u2028---\n  b"\n---\nText')[1], 'Text');
});

t.test('treats text that only resembles front matter as text', async (t) => {
  for (const text of [
    '',
    'Text',
    '---',
    '---\n\nText',
    '---\nnote: A',
    '---\n\n# Heading\n\nText\n\n---\nText',
    '---\n# Heading\n\nText: text, or not\ntext\n',
    ' ---\ntitle: A\n---\n',
    '----\ntitle: A\n----\n',
    '+++\nText\n+++\n',
    'title: A\nText\n---\n',
    'Note: this\n---\nText',
    'title: A',
    'Text\n---\ntitle: A\n---\n',
  ]) {
    t.same(parse(text), [{}, text], JSON.stringify(text));
  }
});

t.test('rejects invalid front matter with its line number', async (t) => {
  const refused: Record<string, [RegExp, number]> = {
    '---\na: 1\ntitle: a: b\n---\n': [/^YAML: Nested mappings/, 3],
    '---\n\na: @b\n---\n': [/^YAML: .*reserved character @/, 3],
    '---\na: 1\na: 2\n---\n': [/^YAML: Map keys must be unique/, 3],
    '---\na: *b\n---\n': [/^YAML: Unresolved alias/, 2],
    '---\na: &a [b]\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n---\n':
      [/^YAML: Excessive alias count/, 2],
    '+++\na = 1\nb = \n+++\n': [/^TOML: /, 3],
    'title: A\ntags: [\n---\nText': [/^YAML: /, 3],
    '---\ntitle: A\nText': [/^The front matter has no end$/, 1],
    '+++\ndraft = true\nText': [/^The front matter has no end$/, 1],
  };
  for (const [file, [reason, line]] of Object.entries(refused)) {
    t.throws(() => parseFrontMatter(file), { name: 'FrontMatterError', message: reason, line });
  }
});

t.test('throws no other error, and takes linear time', async (t) => {
  const filled = (part: string) => part.repeat(Math.floor(16_000 / part.length));
  const deep = (part: string) =>
    Array.from({ length: 150 }, (_, index) => `${' '.repeat(index)}${part}`).join('\n');
  const values = [
    ...['[', '{', '{a: ', '- ', '? ', '"', "'", '&a ', '*a ', '!', '!!', '|', '>', '%', '@', '\t'],
    ...['a: b, ', 'a:\n', '\u0000', '\ud800', '\u2028', '<<: ', '\n\n', '# ', '- - '],
  ].map(filled);
  const many = Array.from({ length: 1500 }, (_, index) => `k${index}: 1`).join('\n');
  for (const value of [...values, deep('- a:'), deep('k:'), `1\n${many}`, 'x'.repeat(1_000_000)]) {
    for (const file of [
      `---\na: ${value}\n---\n`,
      `---\na:\n${value}\n---\n`,
      `+++\na = ${value}\n+++\n`,
      `title: ${value}\n---\n`,
    ]) {
      const begin = performance.now();
      try {
        parseFrontMatter(file);
      } catch (error) {
        if (!(error instanceof FrontMatterError)) t.fail(`${error}`);
      }
      const seconds = (performance.now() - begin) / 1000;
      if (seconds > 5) t.fail(`${seconds} s for ${JSON.stringify(file.slice(0, 40))}`);
    }
  }
});

t.test('treats names of Object.prototype as ordinary keys', async (t) => {
  const { values } = parseFrontMatter('---\n__proto__: {polluted: yes}\nconstructor: a\n---\n');
  t.equal(values.get('polluted'), undefined);
  t.equal(values.get('constructor'), 'a');
  parseFrontMatter('+++\n[__proto__]\npolluted = true\n+++\n');
  t.equal(Reflect.get({}, 'polluted'), undefined);
});

t.test('parses what it writes', async (t) => {
  const values = {
    title: '2024-01-01',
    truthy: 'yes',
    text: 'a: b # c',
    none: 'null',
    odd: '中文\u0007 😀 \u2028---\n"quoted" \\ \t',
    list: ['on', '1', 'a, b', '@c', '- d', '', '  e', '~', '0x10', '1e3', '---'],
    lines: 'one\n---\ntwo\n',
    long: 'word '.repeat(100),
    truth: false,
  };
  for (const body of ['', 'Text\n', '\n\nText', '---\ntitle: no\n---\n', '\r\nText\r\n', '...\n']) {
    t.same(parse(writeFrontMatter(values, body)), [values, body]);
  }
  // A reader of YAML 1.1 must not parse these as a date and a boolean.
  t.match(writeFrontMatter({ a: '2024-01-01', b: 'yes' }, ''), 'a: "2024-01-01"\nb: "yes"\n');
});
