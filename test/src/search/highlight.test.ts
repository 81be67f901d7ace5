import t from 'tap';
import { findRanges, markedHtml, rangedText, snippetHtml } from '#src/search/highlight.js';

t.test('marks matches and escapes the rest', async (t) => {
  const text = 'a <b>run</b> & 数据库的 run';
  const marked = 'a  b \u0001run\u0002  b         \u0001run\u0002';
  const ranges = findRanges(text, marked, ['数据库']);
  t.equal(
    markedHtml(text, ranges),
    'a &lt;b&gt;<mark>run</mark>&lt;/b&gt; &amp; <mark>数据库</mark>的 <mark>run</mark>',
  );
});

t.test('counts a surrogate pair as one character', async (t) => {
  const ranges = findRanges('🙂 𐐀run', '  𐐀\u0001run\u0002', []);
  t.equal(markedHtml('🙂 𐐀run', ranges), '🙂 𐐀<mark>run</mark>');
});

t.test('merges overlapping matches', async (t) => {
  const ranges = findRanges('连接池连接', '     ', ['连接池', '池连接', '连接']);
  t.equal(markedHtml('连接池连接', ranges), '<mark>连接池连接</mark>');
});

t.test('cuts the snippet where most different words match', async (t) => {
  const filler = 'lorem ipsum '.repeat(50);
  const text = `one one one ${filler} one and two\n\nof them ${filler}`;
  const ranges = findRanges(text, text, ['one', 'two']);
  const snippet = snippetHtml(text, ranges);
  t.match(snippet, /^…lorem ipsum .*<mark>one<\/mark> and <mark>two<\/mark> of them .* lorem…$/);
  t.ok(snippet.replace(/<\/?mark>/g, '').length <= 202);
  t.equal(snippetHtml('short', []), 'short');
});

t.test('never cuts a character', async (t) => {
  const text = '🙂'.repeat(150) + '池'.repeat(2) + '🙂'.repeat(150);
  const snippet = snippetHtml(text, findRanges(text, text, ['池池']));
  t.match(snippet, /^…(?:🙂)+<mark>池池<\/mark>(?:🙂)+…$/u);
});

t.test('shows that a passage is part of a longer text', async (t) => {
  const passage = { has_before: true, has_after: false };
  t.equal(snippetHtml('short', [], passage), '…short');
  t.equal(snippetHtml('short', [], { has_before: false, has_after: true }), 'short…');
});

t.test('returns a text in normal form only if it has matches in that form alone', async (t) => {
  const text = 'ﬁnd，数据';
  const marked = '    ';
  const marked_nfkc = '\u0001find\u0002   ';
  t.same(rangedText({ text, marked, marked_nfkc }, []), {
    text: 'find,数据',
    ranges: [[0, 4]],
  });
  t.same(rangedText({ text, marked, marked_nfkc }, ['数据']), { text, ranges: [[4, 6]] });
  t.same(rangedText({ text, marked, marked_nfkc: 'find   ' }, []), { text, ranges: [] });
  t.same(rangedText({ text, marked, marked_nfkc: null }, []), { text, ranges: [] });
});
