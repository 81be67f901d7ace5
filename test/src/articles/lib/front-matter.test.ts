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

t.test('reads every form that Hugo, Hexo or Jekyll read', async (t) => {
  const draft = 'title: A\ndraft: true\n';
  const json = '"title": "A",\n"draft": true\n';
  for (const file of [
    `---\n${draft}---\nText`,
    `---\r\n${draft.replaceAll('\n', '\r\n')}---\r\nText`,
    `---\r${draft.replaceAll('\n', '\r')}---\rText`,
    `---  \n${draft}---\t\nText`,
    `\n \t\n---\n${draft}---\nText`,
    ` ---\n${draft}---\nText`,
    `\ufeff\ufeff---\n${draft}---\nText`,
    `\ufeff\n\ufeff---\n\ufeff${draft}---\nText`,
    `-----\n${draft}-----\nText`,
    `---\n${draft}-----\nText`,
    `---\n${draft}---Text`,
    `---\n${draft}...\nText`,
    `---\n# by hand\n\n${draft}---\nText`,
    `---\n  title: A\n  draft: true\n---\nText`,
    `---\n\ttitle: A\n\tdraft: true\n---\nText`,
    `---\ntitle:\tA\ndraft:\ttrue\n---\nText`,
    '---\n? title\n: A\n? draft\n: true\n---\nText',
    '---\n"title": "A"\n\'draft\': true\n---\nText',
    '---\n{title: A, draft: true}\n---\nText',
    '---\n{\n  "title": "A",\n  "draft": true\n}\n---\nText',
    `---\n!!map\n${draft}---\nText`,
    '---\n!!map {title: A, draft: true}\n---\nText',
    `---\n&all\n${draft}---\nText`,
    '---\ntitle: !!str A\ndraft: !!bool true\n---\nText',
    '---\ntitle: A\ndraft: false\ndraft: true\n---\nText',
    `--- # a comment\n${draft}---\nText`,
    `--- !!map\n${draft}--- # another\nText`,
    '--- {title: A, draft: true}\n---\nText',
    `---${draft}---\nText`,
    `+++\ntitle = "A"\ndraft = true\n+++\nText`,
    `\ufeff\n+++ # a comment\r\ntitle = "A"\r\ndraft = true\r\n+++\r\nText`,
    `{\n${json}}\nText`,
    '\n{"title": "A", "draft": true}Text',
    '{"draft":true,"title":"A"}\r\nText',
    `;;;\n${json};;;\nText`,
    `;;;;;\n${json};;;;;\nText`,
    `${json};;;\nText`,
    `${draft}---\nText`,
    `${draft}-----\nText`,
    '#+TITLE: A\n#+draft: true\nText',
  ]) {
    const [{ title, draft: isDraft }, body] = parse(file);
    t.same([title, String(isDraft), body], ['A', 'true', 'Text'], JSON.stringify(file));
  }
  for (const first of [
    ...[
      '分类: 日记',
      'my key: value',
      '🎉: x',
      '1: x',
      'og/title: x',
      '$x: 1',
      '键 名: x',
      'ключ: x',
    ],
    ...['"my: key": x', "'a''b': x", ':layout: post', '? [a, b]\n: x', 'العنوان: x', 'x:', 'x: ~'],
  ]) {
    const [{ title, draft: isDraft }, body] = parse(`---\n${first}\n${draft}---\nText`);
    t.same([title, isDraft, body], ['A', 'true', 'Text'], first);
  }
  t.same(parse('分类: x\ntitle: A\n---\nText'), [{ 分类: 'x', title: 'A' }, 'Text']);
  t.same(parse('---\nbase: &b {draft: true}\n<<: *b\n---\n')[0]['draft'], 'true', 'merge key');
  t.same(parse('#+TAGS[]: a b\n#+date: <2016-01-02 Sat>\n\nText'), [
    { tags: ['a', 'b'], date: '2016-01-02' },
    '\nText',
  ]);
});

t.test('keeps the source text of numbers, booleans and dates', async (t) => {
  const yaml =
    'a: 50e78123\nb: 0042\nc: 3.10\nd: yes\ne: 2016-01-02\nf: 0x10\ng: True\nh: 1_000\n' +
    'i: 12345678901234567890\nj: !!float 1.50\nk: [3.1, 3.10, .5, 1e3]\nl: ~\nm: null\nn: .inf\n' +
    'o: !!timestamp 2016-01-02\np: &p 1.0\nq: *p\n';
  const [values] = parse(`---\n${yaml}---\n`);
  t.same(values, {
    a: '50e78123',
    b: '0042',
    c: '3.10',
    d: 'yes',
    e: '2016-01-02',
    f: '0x10',
    g: 'True',
    h: '1_000',
    i: '12345678901234567890',
    j: '1.50',
    k: ['3.1', '3.10', '.5', '1e3'],
    l: null,
    m: null,
    n: '.inf',
    o: '2016-01-02',
    p: '1.0',
    q: '1.0',
  });
  const toml =
    'a = 5e7\nb = 3.10 # c\nc = [ 3.1,\n3.10 ]\nd = 2016-01-02 03:04:05\ne = "1 = 2, 3"\n' +
    'f = """\ng = 1"""\nh = 12345678901234567890\n[1.2]\ni = 1.0\n';
  t.match(parse(`+++\n${toml}+++\n`)[0], {
    a: '5e7',
    b: '3.10',
    c: ['3.1', '3.10'],
    d: '2016-01-02T03:04:05.000',
    e: '1 = 2, 3',
    f: 'g = 1',
    h: '12345678901234567890',
  });
  t.same(parse('{"a": 50e7, "b": [3.10, -1], "c": "1, 2: 3", "d": {"e": 1.0}}\n')[0], {
    a: '50e7',
    b: ['3.10', '-1'],
    c: '1, 2: 3',
    d: { e: '1.0' },
  });
});

t.test('treats text that only resembles front matter as text', async (t) => {
  for (const text of [
    '',
    'Text',
    '---',
    '---\n\nText',
    '---\nnote: A',
    '---\njust text\n---\nText',
    '---\n\n# Heading\n\nText\n\n---\nText',
    '---\n\n注意：这是正文。\n\n---\nText',
    '---\n# Heading\n\nText: text, or not\ntext\n',
    '---\nhttps://example.com\n---\nText',
    '--- 8< ---\nText',
    '----\n\nText',
    '***\n\nText\n\n***\n',
    '+++\nText\n+++\n',
    '+ an item\n+ another\n',
    '- title: A\n- draft: true\n',
    '{{< figure src="a.png" title="A" >}}\n\nText',
    '{% include a.html title="A" %}\n\nText',
    '{: .note }\nText',
    '{a} b',
    '#+ Text',
    '# Heading\n\ntitle: A\ndraft: true\n',
    '```yaml\n---\ntitle: A\n---\n```\n',
    '```\ntitle: A\ndraft: true\n```\n',
    '<!--\ntitle: A\n-->\nText',
    '| title: A |\n|---|\n',
    '"Text," she said.\n\n---\nText',
    'Note: this\n---\nText',
    'Summary: this\n---\nText',
    'title: A',
    'Dear reader: hello\nand welcome\n',
    'Text\n---\ntitle: A\n---\n',
  ]) {
    t.same(parse(text), [{}, text], JSON.stringify(text));
  }
  t.same(parse('\ufeff\ufeffText'), [{}, 'Text'], 'drops byte order marks');
});

t.test('rejects invalid front matter with its line number', async (t) => {
  const refused: Record<string, [RegExp, number]> = {
    '---\na: 1\ntitle: a: b\n---\n': [/^YAML: Nested mappings/, 3],
    '---\n\na: @b\n---\n': [/^YAML: .*reserved character @/, 3],
    '---\na: *b\n---\n': [/^YAML: Unresolved alias/, 2],
    '---\na: &a [b]\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n---\n':
      [/^YAML: Excessive alias count/, 2],
    '+++\na = 1\nb = \n+++\n': [/^TOML: /, 3],
    'title: A\ntags: [\n---\nText': [/^YAML: /, 3],
    '---\ntitle: A\nText': [/^The front matter has no end$/, 1],
    '+++\ndraft = true\nText': [/^The front matter has no end$/, 1],
    '---\ntitle:No space\ndraft: true\n---\n': [/a blank is missing after the colon/, 2],
    '---\ndraft: true\ntitle:No space\n---\n': [/a blank is missing after the colon/, 3],
    '---\ntitle:\u00a0A\ndraft: true\n---\n': [/a blank is missing after the colon/, 2],
    '---\ntitle:A\ndraft:true\n---\n': [/a blank is missing after the colon/, 2],
    '---\ntitle: A\ntext: |\n  see a:b\n- x:y\nb: "\n---\n': [/^YAML: (?!a blank)/, 5],
    '---\ntitle：全角冒号\ndraft: true\n---\n': [/in place of the full-width colon/, 2],
    '---\n标题：全角\n草稿：是\n---\n': [/in place of the full-width colon/, 2],
    '---\n分类: 日记\ntitle: A\ndraft: true\n\nText': [/has no end/, 1],
    '\n\n---\ntitle: A\n\nText': [/has no end/, 3],
    '---\ntitle: A\ndraft: true\n --- \nText': [/has no end/, 1],
    '-----\ntitle: A\ndraft: true\n---\nText': [/has no end/, 1],
    '---\n- title: A\n- draft: true\n---\n': [/there are no names with values/, 2],
    '---\n%YAML 1.1\n---\ntitle: A\n---\n': [/^YAML: /, 3],
    '---\ntitle: A\ntags: "x\n---\nText': [/^YAML: /, 4],
    '++++\ntitle = "A"\n++++\nText': [/^TOML: /, 1],
    '---\ntitle = "A"\n---\nText': [/^YAML: /, 2],
    '+++\ntitle: A\n+++\nText': [/^TOML: /, 2],
    '{\n"title": "A",\n"draft": true,\n}\nText': [/^JSON: /, 4],
    '{\n"title": "A"\n"draft": true\n}\nText': [/^JSON: /, 3],
    '{title: A, draft: true}\nText': [/^JSON: /, 1],
    '{ "title": "A",\nText': [/has no end/, 1],
    ';;;\n{"title": "A"}\n;;;\nText': [/^JSON: /, 2],
    ';;;\n"title": "A"\nText': [/has no end/, 1],
    '"title": A,\n;;;\nText': [/^JSON: /, 1],
    'title: A\ndraft: true\n\nText': [/has no end/, 1],
    'title: A\nText\n---\n': [/^YAML: /, 2],
    '--\ntitle: A\ndraft: true\n--\nText': [/does not begin with/, 1],
    '\u2014\ntitle: A\ndraft: true\n\u2014\nText': [/does not begin with/, 1],
    '\u00a0---\ntitle: A\ndraft: true\n---\nText': [/does not begin with/, 1],
    '\u200b---\ntitle: A\ndraft: true\n---\nText': [/does not begin with/, 1],
    '***\ntitle: A\ndraft: true\n***\nText': [/does not begin with/, 1],
    '===\ntitle: A\n===\nText': [/does not begin with/, 1],
  };
  for (const [file, [reason, line]] of Object.entries(refused)) {
    t.throws(
      () => parseFrontMatter(file),
      { name: 'FrontMatterError', message: reason, line },
      JSON.stringify(file),
    );
  }
});

t.test('returns the line of a value', async (t) => {
  for (const [file, line] of [
    ['---\ntitle: A\ndraft: true\n---\n', 3],
    ['\n---\r\n"Draft": true\r\n---\r\n', 3],
    ['+++\n\ndraft = true\n+++\n', 3],
    ['{\n  "title": "A",\n  "draft": true\n}\n', 3],
    ['---\n{title: A, draft: true}\n---\n', 1],
    ['title: A\ndraft: true\n---\n', 2],
  ] as const) {
    t.equal(parseFrontMatter(file).lineOf('draft'), line, JSON.stringify(file));
  }
  t.equal(parseFrontMatter('---\ntitle: A\n---\n').lineOf('draft'), null);
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
    truth: 'false',
  };
  for (const body of ['', 'Text\n', '\n\nText', '---\ntitle: no\n---\n', '\r\nText\r\n', '...\n']) {
    t.same(parse(writeFrontMatter(values, body)), [values, body]);
  }
  // A reader of YAML 1.1 must not parse these as a date and a boolean.
  t.match(writeFrontMatter({ a: '2024-01-01', b: 'yes' }, ''), 'a: "2024-01-01"\nb: "yes"\n');
});
