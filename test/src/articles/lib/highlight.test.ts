import t from 'tap';
import { findRanges, markedHtml, snippetHtml } from '#src/articles/lib/highlight.js';

t.test('what was found is marked, everything else escaped', async (t) => {
  const text = 'a <b>run</b> & 数据库的 run';
  const marked = 'a  b \u0001run\u0002  b         \u0001run\u0002';
  const ranges = findRanges(text, marked, ['数据库']);
  t.equal(
    markedHtml(text, ranges),
    'a &lt;b&gt;<mark>run</mark>&lt;/b&gt; &amp; <mark>数据库</mark>的 <mark>run</mark>',
  );
});

t.test('characters beyond the first plane are counted as one', async (t) => {
  const ranges = findRanges('🙂 𐐀run', '  𐐀\u0001run\u0002', []);
  t.equal(markedHtml('🙂 𐐀run', ranges), '🙂 𐐀<mark>run</mark>');
});

t.test('what overlaps becomes one mark', async (t) => {
  const ranges = findRanges('连接池连接', '     ', ['连接池', '池连接', '连接']);
  t.equal(markedHtml('连接池连接', ranges), '<mark>连接池连接</mark>');
});

t.test('a snippet shows where most different words were found', async (t) => {
  const filler = 'lorem ipsum '.repeat(50);
  const text = `one one one ${filler} one and two\n\nof them ${filler}`;
  const ranges = findRanges(text, text, ['one', 'two']);
  const snippet = snippetHtml(text, ranges);
  t.match(snippet, /^…lorem ipsum .*<mark>one<\/mark> and <mark>two<\/mark> of them .* lorem…$/);
  t.ok(snippet.replace(/<\/?mark>/g, '').length <= 202);
  t.equal(snippetHtml('short', []), 'short');
});

t.test('a snippet cuts no character', async (t) => {
  const text = '🙂'.repeat(150) + '池'.repeat(2) + '🙂'.repeat(150);
  const snippet = snippetHtml(text, findRanges(text, text, ['池池']));
  t.match(snippet, /^…(?:🙂)+<mark>池池<\/mark>(?:🙂)+…$/u);
});
