import t from 'tap';
import { MAX_COMMENT_LENGTH } from '#schemas/comments.js';
import { MAX_POST_LENGTH } from '#schemas/posts.js';
import { MAX_COMMENT_HTML, MAX_POST_HTML, SMALL_HTML } from '#schemas/rendered-html.js';
import {
  MAX_COLOURED,
  MAX_COLOURED_BLOCK,
  MAX_RAW_TAGS,
  maxHtmlBytes,
  renderMarkdown,
} from '#src/markdown/markdown.js';
import { MAX_DEPTH } from '#src/markdown/sanitize-html.js';

const html = (source: string) => renderMarkdown(source).html;
const fence = (language: string, code: string) => `\`\`\`${language}\n${code}\n\`\`\`\n`;

t.test('renders CommonMark and common extensions', async (t) => {
  t.equal(html('# A *b* **c** `d`'), '<h1>A <em>b</em> <strong>c</strong> <code>d</code></h1>\n');
  t.equal(html('~~gone~~'), '<p><s>gone</s></p>\n');
  t.equal(html('a  \nb\n\n---'), '<p>a<br />\nb</p>\n<hr />\n');
  t.equal(html('3. a\n4. b'), '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n');
  t.equal(html('> a'), '<blockquote>\n<p>a</p>\n</blockquote>\n');
  t.equal(html('<u>a</u> <del>b</del>'), '<p><u>a</u> <del>b</del></p>\n');
  t.equal(html('see http://example.com'), '<p>see http://example.com</p>\n', 'no autolinks');
  t.equal(html(''), '');

  const table = html('| a | b | c |\n|---|:-:|--:|\n| 1 | 2 | 3 |');
  t.match(table, '<th>a</th>\n<th align="center">b</th>\n<th align="right">c</th>');
  t.match(table, '<td>1</td>\n<td align="center">2</td>\n<td align="right">3</td>');
  t.notMatch(table, 'style');
});

t.test('renders task lists', async (t) => {
  const list = html('- [ ] open\n- [x] done\n- [X]\tDone\n- [y] none\n- [x](/a) none\n- [ ]none');
  t.equal(
    list,
    `<ul>
<li><input type="checkbox" disabled /> open</li>
<li><input type="checkbox" checked disabled /> done</li>
<li><input type="checkbox" checked disabled />\tDone</li>
<li>[y] none</li>
<li><a href="/a" rel="nofollow noopener noreferrer">x</a> none</li>
<li>[ ]none</li>
</ul>
`,
  );
  t.match(html('1. [x] a\n\n   b\n\n2. c'), '<p><input type="checkbox" checked disabled /> a</p>');
  t.equal(html('[x] no list'), '<p>[x] no list</p>\n');
  t.equal(
    html('a <input value="b"><input type="checkbox"><input type="image" src="/c">'),
    '<p>a <input type="checkbox" disabled /></p>\n',
    'no other inputs, and all disabled',
  );
});

t.test('renders links and images', async (t) => {
  const rel = 'rel="nofollow noopener noreferrer"';
  t.equal(html('[a](https://b.c "d")'), `<p><a href="https://b.c" title="d" ${rel}>a</a></p>\n`);
  for (const address of ['/a', 'a', '#a', '?a=b', 'http://a.b', 'mailto:a@b.c']) {
    t.equal(html(`[a](${address})`), `<p><a href="${address}" ${rel}>a</a></p>\n`);
    t.equal(
      html(`<a href="${address}" target="_blank" rel="opener">a</a>`),
      html(`[a](${address})`),
    );
  }
  for (const address of ['ftp://a.b', 'tel:1', '//a.b', 'file:///a', `/${'a'.repeat(10_000)}`]) {
    t.notMatch(html(`[a](${address}) <a href="${address}">a</a>`), 'href=');
    t.notMatch(html(`![a](${address}) <img src="${address}">`), 'src=');
  }
  t.equal(html('![a](/b.png)'), '<p><img src="/b.png" alt="a" /></p>\n');
  const image = '<img src="https://a.b/c" alt="d" width="1" height="2" />';
  t.equal(html(`a ${image.replace(' />', ' id="e" loading="lazy">')}`), `<p>a ${image}</p>\n`);
  t.notMatch(html('![a](mailto:a@b.c) ![a](data:image/png;base64,AAAA)'), 'src="');
});

t.test('highlights code in known languages', async (t) => {
  const js = html(fence('js', 'class A extends B { f() { return "a" < 1 } }'));
  t.match(js, /^<pre><code class="language-js"><span class="hljs-keyword">class<\/span>/);
  t.match(js, '<span class="hljs-title class_ inherited__">B</span>');
  t.match(js, '<span class="hljs-string">"a"</span> &lt; <span class="hljs-number">1</span>');
  t.match(html(fence('c++', 'int a;')), /class="language-c\+\+"><span class="hljs-type">int/);

  const plain = '<pre><code class="language-nonsense">const a = 1 &lt; 2;\n</code></pre>\n';
  t.equal(html(fence('nonsense', 'const a = 1 < 2;')), plain);
  t.equal(
    html(fence('', 'const a;')),
    '<pre><code>const a;\n</code></pre>\n',
    'never guesses a language',
  );
  t.equal(html('    const a;'), '<pre><code>const a;\n</code></pre>\n');
  t.match(html(fence('a"onclick=b', 'c')), /^<pre><code>c/, 'invalid language name');
  t.match(html('<span class="hljs-a evil language_">a</span>'), '<span class="hljs-a language_">');
  t.equal(html('<code class="evil">a</code>'), '<p><code>a</code></p>\n');
});

t.test('keeps the language of every code block', async (t) => {
  const classOf = (source: string) => /<code class="([^"]*)">/.exec(html(source))?.[1];
  t.equal(classOf(fence('js', 'let a = 1;\n'.repeat(1000))), 'language-js', 'too long to colour');
  t.same(
    html(fence('js', 'let a = 1;\n'.repeat(100)).repeat(20)).match(/ class="language-js"/g)?.length,
    20,
    'also those beyond what is coloured',
  );
  for (const name of ['xyz', 'C++', 'c#', 'F#', 'objective-c', 'asp.net', 'x86_asm']) {
    t.equal(classOf(fence(name, 'a')), `language-${name}`);
  }
  t.equal(classOf(fence('js{1,3} title="a"', 'a')), 'language-js');
  t.equal(classOf(fence('python:main.py', 'a')), 'language-python');
  t.equal(classOf(fence('  go {linenos=true}', 'a')), 'language-go');
  t.equal(classOf('~~~ruby\na\n~~~'), 'language-ruby');
  t.equal(classOf('<pre><code class="language-abc evil">a</code></pre>'), 'language-abc');
  for (const name of ['a"b', 'a<b>', 'a'.repeat(41), '{.python}', '语言', 'a&amp;b']) {
    t.equal(classOf(fence(name, 'a')), undefined, name);
  }
});

t.test('keeps elements of texts', async (t) => {
  for (const name of ['sup', 'sub', 'kbd', 'b', 'i', 'del', 'ins', 'mark', 'u', 's']) {
    t.equal(html(`a<${name}>b</${name}>`), `<p>a<${name}>b</${name}></p>\n`);
    t.equal(html(`a<${name} onclick=c id=d class=e>b`), `<p>a<${name}>b</${name}></p>\n`);
  }
  const abbreviation = '<abbr title="HyperText">HT</abbr>';
  t.equal(html(abbreviation), `<p>${abbreviation}</p>\n`);
  t.equal(
    html(
      '<details open ontoggle="a()">\n<summary onclick="a()">b</summary>\n\n**c**\n\n</details>',
    ),
    '<details open>\n<summary>b</summary>\n<p><strong>c</strong></p>\n</details>',
  );
  t.equal(
    html('<details>\n<summary>a\n\nb'),
    '<details>\n<summary>a\n<p>b</p>\n</summary></details>',
  );
  t.equal(renderMarkdown('H<sub>2</sub>O <kbd>Ctrl</kbd>').text, 'H2O Ctrl');
});

t.test('shows angle brackets that are no HTML', async (t) => {
  const same = [
    ...['git clone <repo>', 'List<String>', 'Map<String, List<Int>>', '<T>', 'Vec<A> and Box<B>'],
    ...['a <b and c> d', 'a <b && c> d', 'if x<y and y>z', '<your-name>@<host>', 'cd <path>'],
    ...['<my-element a="b">c</my-element>', '</repo>', 'mkdir <dir>', '<名字>', '<image>'],
    ...['<std::vector> <std::map>', '<ftp://a.b>', '<javascript:alert(1)>', '<b\nor c>'],
    ...['<?php echo 1; ?>', '<!DOCTYPE html>', '<![CDATA[a]]>', 'a <!ELEMENT b>', '<a.b>'],
    ...['<repo>\n\nb', '<repo> <url>\nb', '<repo>\nb', '<?xml version="1.0"?>', '<b1/>'],
  ];
  for (const source of same) {
    const { html, text } = renderMarkdown(source);
    t.equal(text.replaceAll(/\s+/g, ' '), source.replaceAll(/\s+/g, ' '));
    t.notMatch(html.replaceAll(/<\/?p>/g, ''), '<', source);
  }
  t.match(html('<div>\nList<String> <script>a</script>\n</div>'), /^\s*List&lt;String&gt; \s*$/);
  t.equal(html('**<T>** [<T>](/a)').match(/&lt;T&gt;/g)?.length, 2);
  t.equal(html('<repo>\n*a*'), '<p>&lt;repo&gt;\n<em>a</em></p>\n', 'begins a paragraph');
  t.equal(html('- <repo>\n- b'), '<ul>\n<li>&lt;repo&gt;</li>\n<li>b</li>\n</ul>\n');

  t.equal(html('<B>a</B> <b>c</b>'), '<p><b>a</b> <b>c</b></p>\n');
  t.equal(html('a <!-- more --> b'), '<p>a  b</p>\n', 'comments are not shown');
  t.equal(html('<font color="red">a</font> <center>b</center>'), '<p>a b</p>\n');
  t.equal(html('a <img src="/a" alt hidden data-b>'), '<p>a <img src="/a" alt="" /></p>\n');
  t.equal(html('a <svg viewBox="0"><path d="M0"/></svg>'), '<p>a </p>\n', 'parts of a drawing');
  t.match(html('<http://a.b> <a@b.c>'), /href="http:\/\/a\.b".* href="mailto:a@b\.c"/);
});

t.test('finds emphasis beside Chinese punctuation', async (t) => {
  const strong = (text: string) => `<strong>${text}</strong>`;
  const cases = [
    ['**注意：**正文', `${strong('注意：')}正文`],
    ['他说**“你好”**。', `他说${strong('“你好”')}。`],
    ['这是**《书名》**的', `这是${strong('《书名》')}的`],
    ['**（一）**标题', `${strong('（一）')}标题`],
    ['**テスト。**テスト', `${strong('テスト。')}テスト`],
    ['**한국어(韓國語)**를', `${strong('한국어(韓國語)')}를`],
    ['~~（旧）~~新', '<s>（旧）</s>新'],
    ['用**`code`**写', `用${strong('<code>code</code>')}写`],
    ['a * b * c，snake_case_名', 'a * b * c，snake_case_名'],
    ['**注意**：', `${strong('注意')}：`],
  ];
  for (const [source = '', expected] of cases) t.equal(html(source), `<p>${expected}</p>\n`);
});

t.test('renders footnotes', async (t) => {
  const source = 'A[^1] and[^second][^1].\n\n[^1]: First *note*\n    goes on\n\n    - list\n';
  const rendered = renderMarkdown(`${source}[^second]: Other[^third]\n[^third]: Deep\n\nEnd`);
  const prefix = / id="fn-([0-9a-f]{8})-1"/.exec(rendered.html)?.[1] ?? '';
  t.equal(
    rendered.html.replaceAll(prefix, 'P'),
    `<p>A<sup><a href="#fn-P-1" id="fnref-P-1">1</a></sup> and<sup><a href="#fn-P-2" id="fnref-P-2">\
2</a></sup><sup><a href="#fn-P-1" id="fnref-P-1-2">1</a></sup>.</p>
<p>End</p>
<section class="footnotes">
<ol>
<li id="fn-P-1">
<p>First <em>note</em>
goes on</p>
<ul>
<li>list</li>
</ul>
<p><a href="#fnref-P-1">\u21a9\ufe0e</a> <a href="#fnref-P-1-2">\u21a9\ufe0e<sup>2</sup></a></p>
</li>
<li id="fn-P-2">
<p>Other<sup><a href="#fn-P-3" id="fnref-P-3">3</a></sup> <a href="#fnref-P-2">\u21a9\ufe0e</a></p>
</li>
<li id="fn-P-3">
<p>Deep <a href="#fnref-P-3">\u21a9\ufe0e</a></p>
</li>
</ol>
</section>
`,
  );
  t.equal(rendered.text, 'A and.\nEnd\nFirst note goes on\nlist\nOther\nDeep', 'without numbers');
  t.notMatch(html('A[^1].\n\n[^1]: Another'), prefix, 'ids differ between texts');
  t.equal(html('a [^x]'), '<p>a [^x]</p>\n', 'no note');
  t.equal(html('[^x]: unused'), '');
  t.equal(html('a [^constructor] [^toString]\n\n[^1]: a'), '<p>a [^constructor] [^toString]</p>\n');
  t.match(html('`[^1]`\n\n[^1]: a'), '<code>[^1]</code>');
  t.match(html('a[^A]\n\n[^a]: b'), '<li id="fn-');
  t.match(html('a[^注]\n\n[^注]: 说明'), '<p>说明 <a ');
  t.match(html('[^1]\n\n[^1]: a\n[^1]: b'), '<p>a ', 'the first of the same name');
  t.match(
    html('[^1]\n\n[^1]: a\nlazy\n\nnext'),
    /<p>next<\/p>\n<section[^>]*>\n<ol>\n<li[^>]*>\n<p>a\nlazy <a/,
  );
  t.match(html('[^1]\n\n[^1]:\n\n    ```js\n    a\n    ```'), 'class="language-js"');
  t.match(html('[^1]\n\n[^1]: <repo> <script>a</script>'), '<p>&lt;repo&gt;  <a');

  const forged = html(
    'a[^1]<a id="fn-00000000-1" href="#fn-00000000-1">b</a><li id="c">\n\n[^1]: d',
  );
  t.same(forged.match(/ id="[^"]*"/g)?.length, 2, 'no ids of others');
  const own = / id="fn-([0-9a-f]{8})/.exec(forged)?.[1] ?? '';
  t.notMatch(html(`<li id="fn-${own}-1">`), ' id=');
});

t.test('leaves long code plain', async (t) => {
  const line = 'const a = 1;\n';
  const block = fence('js', line.repeat(Math.floor(MAX_COLOURED_BLOCK / line.length) - 1));
  t.match(html(block), 'hljs-');
  t.notMatch(html(fence('js', line.repeat(MAX_COLOURED_BLOCK / line.length + 1))), 'hljs-');
  const blocks = html(block.repeat(10)).split('<pre>').slice(1);
  const coloured = blocks.filter((part) => part.includes('hljs-')).length;
  t.equal(blocks.length, 10);
  t.equal(coloured, Math.floor(MAX_COLOURED / MAX_COLOURED_BLOCK), 'the first blocks');
});

t.test('extracts the visible text', async (t) => {
  const text = (source: string) => renderMarkdown(source).text;
  t.equal(text('# A *b*\n\nc  &amp; &lt;d&gt;\ne\n\n- f\n- g\n'), 'A b\nc & <d> e\nf\ng');
  t.equal(text('| a | b |\n|---|---|\n| 1 | 2 |'), 'a b\n1 2');
  t.equal(text(fence('js', 'if (a) {\n  b &lt; c\n}')), 'if (a) {\n  b &lt; c\n}');
  t.equal(text('see ![a *picture*](/b.png), c<br>d'), 'see a picture, c\nd');
  t.equal(text('a <script>alert(1)</script><style>b</style><textarea>c</textarea>d'), 'a d');
  t.equal(text('<div>a<section>b</section></div>'), 'a\nb');
  t.equal(text('a**b**c &#0; \0'), 'abc � �', 'no characters that the database rejects');
  t.equal(text('&amp;lt;b&amp;gt;'), '&lt;b&gt;', 'decoded once');
});

t.test('cuts the excerpt at a word', async (t) => {
  const excerpt = (source: string) => renderMarkdown(source).excerpt;
  const length = (source: string) => [...excerpt(source)].length;
  t.equal(excerpt('# A\n\nb *c*\n\nd'), 'A b c d');
  t.equal(excerpt('a'.repeat(200)), 'a'.repeat(200), 'unchanged if it fits');

  const words = excerpt('lorem ipsum '.repeat(100));
  t.match(words, /^(lorem ipsum )+lorem…$|^(lorem ipsum )*lorem ipsum…$/);
  t.ok(words.length > 185 && words.length <= 200);
  const chinese = '我们使用数据库连接池来管理数据库连接'.repeat(40);
  t.ok(chinese.startsWith(excerpt(chinese).slice(0, -1)));
  t.ok(length(chinese) > 190 && length(chinese) <= 200);
  t.notMatch(excerpt(chinese), /数…$|据…$|连…$/, 'never cuts these words');

  t.equal(excerpt('a'.repeat(5000)), `${'a'.repeat(199)}…`, 'endless word');
  const faces = excerpt('😀'.repeat(1000));
  t.equal([...faces].length, 200);
  t.doesNotThrow(() => encodeURIComponent(faces), 'never cuts a character');
  t.equal(excerpt(''), '');
});

t.test('estimates the reading time', async (t) => {
  const minutes = (source: string) => renderMarkdown(source).readingMinutes;
  t.equal(minutes(''), 1);
  t.equal(minutes('word '.repeat(200)), 1);
  t.equal(minutes('word '.repeat(1000)), 5);
  t.equal(minutes("don't ".repeat(1000)), 5);
  t.equal(minutes('数据库，'.repeat(1000)), 8, '3000 characters; punctuation does not count');
  t.equal(minutes('数据库 word '.repeat(400)), 5);
  t.equal(minutes('<script>word </script>'.repeat(2000)), 1);
});

/** Returns the maximum nesting depth of the elements. */
function depthOf(markup: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [, end, own] of markup.matchAll(/<(\/?)[a-z]\w*[^>]*?(\/?)>/g)) {
    if (own === '/') continue;
    depth += end === '/' ? -1 : 1;
    deepest = Math.max(deepest, depth);
  }
  t.equal(depth, 0, 'every element is closed');
  return deepest;
}

const filled = (part: string, length = MAX_POST_LENGTH) =>
  part.repeat(Math.floor(length / part.length));
const halves = (one: string, other: string) =>
  filled(one, MAX_POST_LENGTH / 2) + filled(other, MAX_POST_LENGTH / 2);
const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** A wide, then long table, whose cells are filled up except for the head. */
const emptyCells = (length: number) => {
  const columns = Math.floor(length / 8);
  const head = `${'|a'.repeat(columns)}\n${'|-'.repeat(columns)}\n`;
  return `${head}${'|\n'.repeat((length - head.length) / 2)}\n`;
};

/** Each takes hours, deep recursion or gigabytes in some renderer. */
const WORST: Record<string, string> = {
  'nested quotes': filled('> '),
  'nested lists': filled('- '),
  'nested numbers': filled('1. '),
  'quotes of lists': filled('> - '),
  'many quotes, each deep': lines(1900, () => `${'> - '.repeat(24)}a`),
  'ever deeper quotes': lines(600, (index) => `${'>'.repeat(index)}a`),
  'ever deeper lists': lines(600, (index) => `${' '.repeat(index)}- a`),
  brackets: filled('['),
  'brackets that close': halves('[', ']'),
  'links in links': halves('[', '](a)'),
  'images in images': halves('![', '](a)'),
  'links without an end': filled('[a]('),
  'titles without an end': filled('[a](b "'),
  parentheses: `[a](${halves('(', ')').slice(10)}`,
  emphasis: filled('*a **a '),
  'emphasis that closes': halves('*a **b ', 'b** a*'),
  'both kinds of emphasis': halves('*a _b ', 'b_ a*'),
  strikethrough: filled('~~a '),
  backticks: filled('`a'),
  'backticks, ever more': lines(600, (index) => '`'.repeat(index)),
  '<': filled('<'),
  'tags without an end': filled('<a '),
  'attributes without an end': filled('<a b='),
  comments: filled('<!--'),
  'character data': filled('<![CDATA['),
  elements: filled('<strong>'),
  'elements that are not allowed': filled('<big>'),
  'elements in words': filled('<i>a'),
  'tags that are no elements': filled('<b1>'),
  'tags that are no elements, in a block': `<div>\n${filled('<b1>')}`,
  'names without an end': `<div>\n${filled('<b')}`,
  'attributes without values': filled('<b a b c>'),
  'an element of many attributes': `<b ${filled('a ')}>`,
  'types, of which one is closed': `${filled('<B>')}</B>`,
  schemes: filled('<a:'),
  'details in details': filled('<details><summary>'),
  'details in lines': filled('<details>\n\n<summary>\n\n'),
  'languages of code': filled('~~~a\n'),
  'references to one note': `[^1]: a\n\n${filled('[^1]')}`.slice(0, MAX_POST_LENGTH),
  'references to no note': `[^1]: a\n\n${filled('[^2]')}`.slice(0, MAX_POST_LENGTH),
  'references without an end': `[^1]: a\n\n${filled('[^')}`.slice(0, MAX_POST_LENGTH),
  'long references': `[^1]: a\n\n${filled(`[^${'a'.repeat(100)}`)}`.slice(0, MAX_POST_LENGTH),
  'many notes': lines(8000, (index) => `[^${index}]: a[^${index + 1}]\n`),
  'notes that are referred to': lines(8000, (index) => `[^${index}]\n\n[^${index}]: a\n`),
  'one note of many blocks': `[^1]\n\n[^1]: a\n${'    - a\n'.repeat(20_000)}`,
  'notes in notes': `[^1]\n\n${filled('[^1]: ')}`.slice(0, MAX_POST_LENGTH),
  'deeper and deeper notes': lines(600, (index) => `${'    '.repeat(index)}[^${index}]: a`),
  'lines of one note': `[^1]: a\n${filled('a\n')}`.slice(0, MAX_POST_LENGTH),
  'emphasis beside Chinese': filled('**，**。'),
  'elements that close': halves('<b>', '</b>'),
  'ends alone': halves('<b>', '</i>'),
  blocks: filled('<div>\n'),
  'ends of others': halves('<u>', '</p>'),
  tables: filled('<table><tr><td>'),
  scripts: filled('<script>'),
  drawings: filled('<svg><math>'),
  'many attributes': `<a ${lines(20_000, (index) => `a${index}`)}>`,
  'comments in an address': `<a href="${filled('<!---->')}">a</a>`,
  classes: `<span class="${filled('hljs-a ')}">a</span>`,
  'a wide table': `${'|a'.repeat(500)}\n${'|:-:'.repeat(500)}\n${'|\n'.repeat(90_000)}`,
  'tables of empty cells': lines(100, () => emptyCells(2000)),
  'small tables': filled('|a\n|-\n'),
  'one link, often': `[a]: ${'b'.repeat(2000)}\n\n${filled('[a]')}`.slice(0, MAX_POST_LENGTH),
  'definitions of links': lines(14_000, (index) => `[${index}]: b`),
  'addresses in brackets': filled('http://a.b/('),
  autolinks: filled('<http://a>'),
  tasks: filled('- [ ] a\n'),
  'empty items': filled('-\n'),
  headings: filled('a\n-\n'),
  blanks: `a${filled(' ')}b`,
  'blanks in code': `<pre>${filled('\n ')}`,
  'one word': filled('a'),
  accents: filled('\u0301'),
  'code, hard to colour': filled(fence('csharp', filled('public static ', 4900))),
  'code that is all nested': filled(fence('shell', filled(`${'${'.repeat(100)}\n`, 4900))),
};

function timeOf(source: string) {
  const begin = performance.now();
  const rendered = renderMarkdown(source, maxHtmlBytes(source, MAX_POST_HTML));
  return { time: performance.now() - begin, rendered };
}

/** Typical content of maximum length. */
const USUAL = filled('## Title\n\nSome *words* and a [link](/a), `code`.\n\n- one\n- two\n\n');

/** Limit relative to typical content; quadratic growth takes thousands of times. */
const MOST_TIMES = 10;

t.test('renders the worst input in linear time', { timeout: 240_000 }, async (t) => {
  timeOf(USUAL);
  const usual = timeOf(USUAL).time;
  for (const [name, source] of Object.entries(WORST)) {
    const { time, rendered } = timeOf(source);
    const times = time / usual;
    t.ok(times < MOST_TIMES, `${name}: ${times.toFixed(1)} times the usual`);
    if (rendered === null) continue;
    const size = Buffer.byteLength(rendered.html);
    t.ok(size <= maxHtmlBytes(source, MAX_POST_HTML), `${name}: ${size} bytes`);
    t.ok(depthOf(rendered.html) <= MAX_DEPTH, `${name}: nested ${depthOf(rendered.html)} deep`);
    t.ok(rendered.text.length <= source.length * 2, `${name}: text`);
  }
});

t.test('resolves repeated references up to a limit', async (t) => {
  const links = (source: string) => html(source).match(/<a /g)?.length ?? 0;
  t.equal(links(`${'[a] '.repeat(1000)}\n\n[a]: http://b.c`), 1000);
  const many = links(`${'[a] '.repeat(10_000)}\n\n[a]: http://b.c/${'d'.repeat(500)}`);
  t.ok(many > 50 && many < 1000, `${many}`);
  t.equal(links('[constructor] [__proto__] [toString]'), 0);
});

/** Texts no longer than a comment may be. */
const GROWING: Record<string, string> = {
  'one table of empty cells': emptyCells(MAX_COMMENT_LENGTH - 1),
  'many tables of empty cells': emptyCells(490).repeat(10),
  'aligned cells that are written': `${'|a'.repeat(99)}\n${'|:-:'.repeat(99)}\n${`${'|'.repeat(100)}\n`.repeat(43)}`,
  'one long address, often': `[a]: /${'b'.repeat(1200)}\n\n${'[a]'.repeat(1250)}`,
  'one short address, often': `[a]: b\n\n${'[a]'.repeat(1660)}`,
  'an address that is escaped': `[a]: /${'&'.repeat(400)}\n\n${'[a]'.repeat(1500)}`,
  'an address in other letters': `[a]: /${'數'.repeat(200)}\n\n${'[a]'.repeat(1500)}`,
  'deep quotes': `${'>'.repeat(97)}a\n\n`.repeat(50),
  'coloured brackets': fence('json', '[]'.repeat(900)).repeat(2),
  'small coloured brackets': fence('json', '[]'.repeat(6)).repeat(200),
  'references to one note': `[^1]: a\n\n${'[^1]'.repeat(1240)}`,
  'references to notes': Array.from({ length: 280 }, (_, n) => `[^${n}]\n\n[^${n}]: a\n`).join(''),
  'escaped tags': '<b1>'.repeat(1200),
  'nested details': '<details>'.repeat(500),
  'nested colours': fence('shell', '${'.repeat(900)).repeat(2),
};

t.test('limits the output in proportion to the input', async (t) => {
  for (const [name, source] of Object.entries(GROWING)) {
    t.ok(source.length <= MAX_COMMENT_LENGTH && source.length > 1000, `${name}: ${source.length}`);
    const most = MAX_COMMENT_HTML;
    const limit = Math.max(SMALL_HTML, Math.min(6 * Buffer.byteLength(source), most));
    t.equal(maxHtmlBytes(source, most), limit);
    const size = Buffer.byteLength(html(source));
    const rendered = renderMarkdown(source, limit);
    t.equal(rendered === null, size > limit, `${name}: ${size} of ${limit} bytes`);
  }
  const usual = filled('Some *words* and a [link](/a), `code`.\n\n- one\n- two\n\n');
  t.ok(renderMarkdown(usual, maxHtmlBytes(usual, MAX_POST_HTML)), 'but typical content passes');
  const short = '[a](b)'.repeat(200);
  t.ok(html(short).length > 6 * short.length);
  t.ok(renderMarkdown(short, maxHtmlBytes(short, MAX_COMMENT_HTML)), 'and so do all short texts');
});

t.test('does not sanitize output that is far too large', async (t) => {
  const source = `${'>'.repeat(97)}a\n\n`.repeat(500);
  const timeWith = (limit: number) => {
    const begin = performance.now();
    renderMarkdown(source, limit);
    return performance.now() - begin;
  };
  const [whole, refused] = [
    Math.min(timeWith(Infinity), timeWith(Infinity)),
    Math.min(timeWith(SMALL_HTML), timeWith(SMALL_HTML)),
  ];
  t.ok(refused < whole * 0.75, `${refused.toFixed(0)} ms of ${whole.toFixed(0)}`);
});

t.test('leaves no control characters in HTML', async (t) => {
  const controls = '\x01\x08\x0b\x1b\x7f\x85';
  const source = `a${controls}b [c](/d "${controls}e") <i title="&#1;&#27;">f</i>\tg\n\n> h${controls}`;
  t.notMatch(html(source), /[^\P{Cc}\n\t]/u);
  t.match(html(source), /^<p>ab <a href="\/d" title="e"[^>]*>c<\/a> <i>f<\/i>\tg<\/p>/);
});

t.test('fills up short rows to a limit', async (t) => {
  t.match(html('| a | b |\n|---|---|\n| 1 |'), '<td>1</td>\n<td></td>');
  const sparse = `${'| name '.repeat(12)}\n${'| --- '.repeat(12)}\n${'| value |\n'.repeat(10)}`;
  t.equal(html(sparse).match(/<td>/g)?.length, 120);

  const refused = html(`${emptyCells(1000)}after\n\n| a |\n|---|\n| 1 |\n`);
  t.match(refused, /^<p>\|a\|a/);
  t.match(refused, '<p>after</p>\n<table>', 'other tables are rendered');
});

t.test('parses raw tags up to a limit', async (t) => {
  const marked = (source: string) => html(source).match(/<u>/g)?.length ?? 0;
  t.equal(marked('<u>a</u> '.repeat(MAX_RAW_TAGS / 2)), MAX_RAW_TAGS / 2);
  const more = html('<u>a</u> '.repeat(MAX_RAW_TAGS));
  t.equal(more.match(/<u>/g)?.length, MAX_RAW_TAGS / 2);
  t.match(more, '</u> &lt;u&gt;a&lt;/u&gt;', 'escaped beyond the limit');
  t.equal(marked('<p><u>a</u></p>\n\n'.repeat(MAX_RAW_TAGS)), MAX_RAW_TAGS / 4, 'in blocks too');
});
