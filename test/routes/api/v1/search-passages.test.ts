import { sql } from 'kysely';
import t from 'tap';
import { search } from '#src/articles/stores/search.js';
import { rangedText } from '#src/search/highlight.js';
import { askedRuns } from '#src/search/search-queries.js';
import { indexedWords } from '#src/search/search-words.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestComment, insertTestPost } from '#test/support/articles.js';
import { ODD_TEXTS } from '#test/support/generate-text.js';
import { Problems } from '#test/support/problems.js';
import { Random } from '#test/support/random.js';

const URL = '/api/v1/search';

const { app, client } = await createTestApp(t);
const anyone = client();

interface Hit {
  kind: 'post' | 'comment';
  post: { title: string };
  title_html: string;
  snippet_html: string;
}
const ask = async (q: string, more = '') => {
  const { status, json } = await anyone.get(`${URL}?q=${encodeURIComponent(q)}&size=20&${more}`);
  if (status !== 200) throw new Error(`${q} was answered ${status}`);
  return json.items as Hit[];
};
const snippetOf = async (q: string, title: string) =>
  (await ask(q)).find(({ post }) => post.title === title)?.snippet_html;

const ENGLISH = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor ';
const CHINESE = '我们在生产环境使用很多不同的服务，它们都非常稳定。';

/** Returns a text of about `length` characters with `middle` at a fraction of it. */
function around(middle: string, at: number, filler: string, length = 199_000): string {
  const count = Math.floor(length / filler.length);
  const before = Math.round(count * at);
  return `${filler.repeat(before)}${middle}${filler.repeat(count - before)}`.trim();
}

t.test('marks a match wherever it stands in a long text', { timeout: 240_000 }, async (t) => {
  const places = { start: 0, middle: 0.5, end: 1 };
  for (const [place, at] of Object.entries(places)) {
    await insertTestPost(app, {
      title: `English ${place}`,
      content: around(`Quetzals are running over “TypeScript” fields, ${place}. `, at, ENGLISH),
    });
    await insertTestPost(app, {
      title: `Chinese ${place}`,
      content: around('于是ＡＰＩ网关和鸭嘴兽都来了。', at, CHINESE),
    });
  }
  const English = [
    ['quetzal', /<mark>Quetzals<\/mark> are running/],
    ['ran OR run', /are <mark>running<\/mark> over/],
    ['typescript', /“<mark>TypeScript<\/mark>”/],
    ['fields quetzal', /<mark>Quetzals<\/mark> are running over “TypeScript” <mark>fields<\/mark>/],
    ['quetzal -okapi', /<mark>Quetzals<\/mark>/],
    ['okapi OR quetzal', /<mark>Quetzals<\/mark>/],
  ] as const;
  for (const place of Object.keys(places)) {
    for (const [q, wanted] of English) {
      t.match(await snippetOf(q, `English ${place}`), wanted, `${q} at the ${place}`);
    }
    t.match(await snippetOf('api', `Chinese ${place}`), /<mark>(?:API|ＡＰＩ)<\/mark>网关/, place);
    t.match(await snippetOf('网关', `Chinese ${place}`), /ＡＰＩ<mark>网关<\/mark>和/, place);
  }
  for (const q of ['鸭嘴兽', '鸭嘴兽 -okapi', '"和鸭嘴兽都"', 'okapi OR 鸭嘴兽']) {
    t.match(await snippetOf(q, 'Chinese start'), /<mark>[^<]*鸭嘴兽[^<]*<\/mark>/, q);
  }
  t.match(await snippetOf('"running over"', 'English start'), '<mark>running</mark> over');
});

t.test('finds a match quickly behind letters that are spelled with two', async (t) => {
  for (const letters of ['æ', 'ß', 'œ þ']) {
    const content = `${`l${letters}se `.repeat(1000)}quetzals ${ENGLISH.repeat(100)}`;
    const { rows } = await sql<{ passage: string; is_match: boolean }>`
      select passage, is_match from first_passage(${content},
        websearch_to_tsquery('english', 'quetzals'), websearch_to_tsquery('english', 'quetzals'),
        '{}', array['quetzal'], false)`.execute(app.db);
    t.match(rows, [{ is_match: true, passage: /quetzals/ }], letters);
  }
});

t.test('shows the first match, and where the text goes on', async (t) => {
  const content = `${ENGLISH.repeat(100)}the first zebra, ${ENGLISH.repeat(100)}the other zebra.`;
  await insertTestPost(app, { title: 'Twice', content });
  const snippet = await snippetOf('zebra', 'Twice');
  t.match(snippet, /^….*the first <mark>zebra<\/mark>, lorem.*…$/);
  await insertTestPost(app, {
    title: 'Phrase',
    content: `Slow query, quick plan. ${ENGLISH.repeat(80)}A slow plan at the end.`,
  });
  t.match(
    await snippetOf('"slow plan"', 'Phrase'),
    '<mark>slow</mark> <mark>plan</mark> at the end.',
  );
  t.notMatch(await snippetOf('"slow plan"', 'Phrase'), /…$/);
});

t.test('never takes a part of a word for a match', async (t) => {
  for (let shift = 0; shift < 12; shift += 1) {
    await insertTestPost(app, {
      title: `Shifted ${shift}`,
      content: `${'.'.repeat(shift)} ${'database '.repeat(1000)}data`,
    });
  }
  const hits = (await ask('data')).filter(({ post }) => post.title.startsWith('Shifted'));
  t.equal(hits.length, 12);
  for (const { snippet_html } of hits) {
    t.match(snippet_html, /^…database.* <mark>data<\/mark>$/);
    t.equal(snippet_html.split('<mark>').length, 2);
  }
});

t.test('marks nothing in a text that has no match', async (t) => {
  await insertTestPost(app, {
    title: '关于 okapi',
    content: CHINESE.repeat(200),
    tags: ['wombat'],
  });
  for (const q of ['okapi', 'wombat', '关于']) {
    const [hit] = await ask(q);
    t.ok(hit?.snippet_html.startsWith(CHINESE.slice(0, 50)), 'shows its beginning');
    t.notMatch(hit?.snippet_html, '<mark>');
  }
});

t.test('finds the place in long comments, too', async (t) => {
  const { id } = await insertTestPost(app, { title: 'Commented', content: 'Nothing.' });
  for (const at of [0, 0.5, 1]) {
    const content = around('a pangolin. ', at, ENGLISH, 4800);
    await insertTestComment(app, { post_id: id, content });
  }
  const hits = await ask('pangolins');
  t.equal(hits.length, 3);
  for (const { snippet_html } of hits) t.match(snippet_html, '<mark>pangolin</mark>.');
});

t.test('gives PostgreSQL as much to mark in texts ten times as long', async (t) => {
  const lengths = [2000, 20_000, 199_000];
  for (const length of lengths) {
    await insertTestPost(app, {
      title: `Numbat ${length}`,
      content: around('A numbat. ', 0.9, ENGLISH, length),
    });
  }
  const filter = { q: 'numbat', sort: 'date', reader: { kind: 'public' } } as const;
  const { rows } = await search(app.db, filter, { limit: 20, offset: 0 });
  const sizes = rows.map(({ passage }) => passage.text.length);
  t.equal(sizes.length, lengths.length);
  t.ok(Math.max(...sizes) <= 2000, `at most ${Math.max(...sizes)} characters`);
  t.ok(Math.min(...sizes) >= 1500, `at least ${Math.min(...sizes)} characters`);
});

t.test('marks every text with a word of the query', { timeout: 240_000 }, async (t) => {
  const random = new Random(20_260_131);
  const problems = new Problems();
  const words = [
    ...['running', 'Flies', 'dying', 'skies', 'happily', 'GENERALIZATIONS', 'it’s', 'e-mail'],
    ...['user@example.com', 'www.example.com/path', '3.14', 'foo-bar-baz', 'naïve', 'cafe\u0301'],
    ...['ﬁnd', 'Ｆｕｌｌ', '①', 'x²', 'Straße', 'ﾃﾞｰﾀ', 'データ', '데이터', 'Ω', 'Привет', 'שלום'],
    ...['数据库', '数据，', '连接池', 'PostgreSQL数据库', '<b>', '&amp;', 'a/b', '\u{1f600}', '·'],
    ...ODD_TEXTS.filter((text) => !text.includes('\0') && !text.startsWith('-')),
  ].map((word) => word.replace(/\p{Cs}/gu, ''));
  const filler = [...ENGLISH.trim().split(' '), ...(CHINESE.match(/.{1,4}/g) ?? [])];
  const gap = () => {
    const between = random.pick([' ', '\n', '']);
    return Array.from({ length: random.int(0, 1500) }, () => random.pick(filler)).join(between);
  };
  let hits = 0;
  for (const [index, word] of [...words, ...words, ...words].entries()) {
    const content = `${gap()} ${word}${random.pick([' ', '.', '，'])}${gap()}`;
    const { id } = await insertTestPost(app, { title: `Random ${index}`, content: 'x' });
    await sql`update posts set content_text = ${content},
      search = setweight(to_tsvector('english', ${indexedWords(content)}), 'C')
      where id = ${id}`.execute(app.db);
    const q = [...word].slice(0, 100).join('');
    const filter = { q, sort: 'date', reader: { kind: 'public' } } as const;
    const { rows } = await search(app.db, filter, { limit: 1, offset: 0 });
    const [row] = rows;
    if (row?.id !== id) continue;
    hits += 1;
    const { text, ranges } = rangedText(row.passage, askedRuns(q));
    problems.unless(
      ranges.length > 0,
      `${JSON.stringify(q)} before ${JSON.stringify(content.slice(-40))}: ${text.slice(0, 80)}`,
    );
  }
  problems.assertNone(t, 'each is marked');
  t.ok(hits > words.length, `${hits} texts were found`);
});
