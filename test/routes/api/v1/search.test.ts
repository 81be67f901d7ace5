import { sql } from 'kysely';
import t from 'tap';
import { enqueue } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestComment, insertTestPost } from '#test/support/articles.js';
import { ODD_TEXTS } from '#test/support/generate-text.js';
import { Random } from '#test/support/random.js';
import { recordStatements } from '#test/support/statements.js';

const URL = '/api/v1/search';

const { app, client, createUser, signedIn } = await createTestApp(t);
const anyone = client();
const alice = await signedIn({ username: 'alice', nickname: 'Alice' });
const bob = await signedIn({ username: 'bob' });
const guest = await signedIn({ username: 'guest', role: 'guest' });
const editor = await signedIn({ username: 'edith', role: 'editor' });
const { id: carol } = await createUser({ username: 'carol' });
const { id: aliceId } = (await alice.get('/api/v1/me')).json;

interface Hit {
  kind: 'post' | 'comment';
  id: number;
  post: { id: number; title: string };
  title_html: string;
  snippet_html: string;
}
const ask = async (q: string, more = '', who = anyone) => {
  const reply = await who.get(`${URL}?q=${encodeURIComponent(q)}&${more}`);
  if (reply.status !== 200) throw new Error(`${q} was answered ${reply.status}`);
  return reply.json as { total: number; items: Hit[] };
};
const titles = async (q: string, more = '', who = anyone) =>
  (await ask(q, more, who)).items.map(({ post }) => post.title);
const suggestions = async (q: string, more = '') => {
  const { json } = await anyone.get(`${URL}/suggest?q=${encodeURIComponent(q)}&${more}`);
  return json.items as { kind: string; text: string; slug: string }[];
};

t.test('finds posts and comments with snippets', async (t) => {
  const post = await insertTestPost(app, {
    title: 'Pooling connections',
    content: 'A pool keeps **connections** open while requests are running.',
    tags: ['postgres'],
    author_id: aliceId,
    published_at: '2026-01-02T00:00:00.000Z',
  });
  const comment = await insertTestComment(app, {
    post_id: post.id,
    author_id: carol,
    content: 'It *runs* well & <b>fast</b>',
    created_at: '2026-01-03T00:00:00.000Z',
  });
  const { json } = await anyone.get(`${URL}?q=run`);
  const shared = {
    post: { id: post.id, title: 'Pooling connections', slug: 'pooling-connections' },
    title_html: 'Pooling connections',
    category: null,
    view_count: 0,
  };
  t.match(json.items, [
    {
      ...shared,
      kind: 'comment',
      id: comment.id,
      snippet_html: 'It <mark>runs</mark> well &amp; fast',
      author: { id: carol, username: 'carol' },
      date: '2026-01-03T00:00:00.000Z',
    },
    {
      ...shared,
      kind: 'post',
      id: post.id,
      snippet_html: 'A pool keeps connections open while requests are <mark>running</mark>.',
      author: { id: aliceId, nickname: 'Alice' },
      tags: [{ name: 'postgres' }],
      date: '2026-01-02T00:00:00.000Z',
    },
  ]);
  t.match(json, { total: 2, page: 1, size: 10, pages: 1, has_next: false, next_cursor: null });
  const second = await anyone.get(`${URL}?q=run&size=1&page=2`);
  t.match(second.json, { total: 2, pages: 2, has_prev: true, has_next: false });
  t.match(second.json.items, [{ kind: 'post' }]);
  t.match(second.headers['link'], /q=run&size=1&page=1>; rel="prev"/);
  const beyond = await anyone.get(`${URL}?q=run&page=1000000&size=20`);
  t.match(beyond.json, { total: 2, items: [], has_next: false, has_prev: true });
});

t.test('ranks title above summary and tags, and those above content', async (t) => {
  // The best match is the oldest, so no other order gives the same result.
  const at = (day: number) => ({ published_at: `2026-02-0${day}T00:00:00.000Z` });
  const often = 'A zebra meets a zebra, and zebras meet zebras. '.repeat(50);
  await insertTestPost(app, { title: 'On the zebra', content: 'One.', ...at(1) });
  await insertTestPost(app, { title: 'Tagged', tags: ['zebra'], ...at(2) });
  await insertTestPost(app, { title: 'Summed up', summary: 'Of a zebra.', ...at(3) });
  await insertTestPost(app, { title: 'Often', content: often, ...at(4) });
  await insertTestPost(app, { title: 'Once', content: 'Words and a zebra.', ...at(5) });
  const found = await titles('zebra');
  t.equal(found[0], 'On the zebra');
  t.same(found.slice(1, 3).sort(), ['Summed up', 'Tagged']);
  t.same(found.slice(3), ['Often', 'Once']);
  t.same(await titles('zebra', 'sort=date'), [
    'Once',
    'Often',
    'Summed up',
    'Tagged',
    'On the zebra',
  ]);
  await sql`update post_views set view_count = case when title = 'Often' then 2 else 1 end
    from posts where id = post_id and title in ('Often', 'Tagged')`.execute(app.db);
  t.same((await titles('zebra', 'sort=popular')).slice(0, 2), ['Often', 'Tagged']);
  const both = `${'zebra okapi '.repeat(200)}`;
  await insertTestPost(app, { title: 'Text', content: both, ...at(6) });
  await insertTestPost(app, { title: 'An okapi is not much of a zebra', ...at(1) });
  t.same(await titles('zebra okapi'), ['An okapi is not much of a zebra', 'Text']);
});

t.test('finds titles, however common their words are in contents', async (t) => {
  await insertTestPost(app, { title: 'Ubiquity', published_at: '2020-01-01T00:00:00.000Z' });
  const { id } = await insertTestPost(app, { title: 'Rest', content: 'ubiquity' });
  await sql`insert into posts (title, slug, content, content_html, content_text, excerpt,
      reading_minutes, published_at, search, title_search)
    select 'Rest', 'rest-' || n, content, content_html, content_text, excerpt, 1, published_at,
      search, title_search
    from posts, generate_series(1, 1100) as n where id = ${id}`.execute(app.db);
  const { total, items } = await ask('ubiquity');
  t.equal(items[0]?.post.title, 'Ubiquity');
  t.equal(total, 1001, 'ranks only the newest thousand');

  const list = '/api/v1/posts?q=ubiquity&size=100';
  const { json: last } = await anyone.get(`${list}&page=10`);
  t.match(last, { total: 1000, pages: 10, has_next: false, next_cursor: /./ });
  t.equal(last.items.length, 100);
  const { json: beyond } = await anyone.get(`${list}&page=11`);
  t.match(beyond, { items: [], total: 1000, has_next: false, has_prev: true });
  const { json: further } = await anyone.get(`${list}&cursor=${last.next_cursor}`);
  t.equal(further.items.length, 100, 'a cursor leads beyond the last page');
});

t.test('ranks by the words of texts only as far as they are not too long together', async (t) => {
  const tagged = { tags: ['gharial'], published_at: '2020-01-01T00:00:00.000Z' };
  await insertTestPost(app, { title: 'Reptiles', ...tagged });
  const { id } = await insertTestPost(app, { title: 'Enormous', content: 'A gharial.' });
  // About half a megabyte each, which cannot be compressed.
  await sql`update posts set search = search || array_to_tsvector(
    array(select md5(n::text) from generate_series(1, 12000) as n)) where id = ${id}`.execute(
    app.db,
  );
  await sql`insert into posts (title, slug, content, content_html, content_text, excerpt,
      reading_minutes, published_at, search, title_search)
    select 'Enormous', 'enormous-' || n, content, content_html, content_text, excerpt, 1,
      published_at - n * interval '1 day', search, title_search
    from posts, generate_series(1, 40) as n where id = ${id}`.execute(app.db);
  const found: (Hit & { rank: number })[] = [];
  for (const page of [1, 2, 3]) {
    const { json } = await anyone.get(`${URL}?q=gharial&size=20&page=${page}`);
    t.equal(json.total, 42);
    found.push(...json.items);
  }
  t.equal(found[0]?.post.title, 'Reptiles');
  const ranked = found.filter(({ post, rank }) => post.title === 'Enormous' && rank > 0);
  t.ok(ranked.length > 5 && ranked.length < 30, `${ranked.length} of 41 are ranked by their texts`);
  t.same(found.slice(1, 1 + ranked.length), ranked, 'the newest ones');
});

t.test('supports English, Chinese, quotes, minus and OR', async (t) => {
  await insertTestPost(app, {
    title: '高性能服务',
    content: '我们在生产环境使用PostgreSQL数据库连接池，它很稳定。',
    tags: ['运维'],
  });
  await insertTestPost(app, { title: 'Caching', content: '缓存比数据库快。 Caches are quick.' });
  const both = ['Caching', '高性能服务'];
  t.same((await titles('数据库')).sort(), both);
  t.same(await titles('数据库连接'), ['高性能服务']);
  t.same(await titles('使用 连接池'), ['高性能服务']);
  t.same(await titles('运维'), ['高性能服务']);
  t.same(await titles('性能'), ['高性能服务']);
  t.same(await titles('postgresql 数据库'), ['高性能服务']);
  t.same(await titles('"PostgreSQL数据库连接池"'), ['高性能服务']);
  t.same(await titles('"数据库PostgreSQL"'), []);
  t.same(await titles('数据库 -缓存'), ['高性能服务']);
  t.same((await titles('缓存 OR 稳定')).sort(), both);
  t.same(await titles('cache quickly'), ['Caching']);
  t.same(await titles('"quick caches"'), []);
  const [hit] = (await ask('数据库')).items.filter(({ post }) => post.title !== 'Caching');
  t.match(hit?.snippet_html, '使用PostgreSQL<mark>数据库</mark>连接池');
  const [title] = (await ask('性能 postgresql')).items;
  t.equal(title?.title_html, '高<mark>性能</mark>服务');
  t.match(title?.snippet_html, '使用<mark>PostgreSQL</mark>数据库');
});

t.test('finds words whatever accents and invisible characters they have', async (t) => {
  const pairs: [written: string, asked: string, marked?: string][] = [
    ['A naïve jabberwock', 'naive jabberwock', 'A <mark>naïve</mark> <mark>jabberwock</mark>'],
    ['A naive wombat', 'NAÏVE wombat', 'A <mark>naive</mark> <mark>wombat</mark>'],
    ['Grüße aus Köln', 'grusse koln', '<mark>Grüße</mark> aus <mark>Köln</mark>'],
    ['Susse Apfel', 'süße Äpfel', '<mark>Susse</mark> <mark>Apfel</mark>'],
    ['Smørrebrød æble', 'smorrebrod aeble', '<mark>Smørrebrød</mark> <mark>æble</mark>'],
    ['Łódź wzgórze', 'lodz', '<mark>Łódź</mark> wzgórze'],
    ['Œuvre Þingvellir', 'oeuvre thingvellir', '<mark>Œuvre</mark> <mark>Þingvellir</mark>'],
    ['Việt Nam phở', 'viet pho', '<mark>Việt</mark> Nam <mark>phở</mark>'],
    ['cafe\u0301 decomposed', 'café decomposed'],
    ['αθήνα μου', 'αθηνα', '<mark>αθήνα</mark> μου'],
    ['soft\u00adware hy\u00adphens', 'software hyphens'],
    ['zero\u200bwidth\u2060joined', 'zerowidthjoined'],
    ['mark\ufeffed by\u200dtes', 'marked bytes'],
    ['plain bandicoot', 'ban\u00addi\u200ccoot', 'plain <mark>bandicoot</mark>'],
    ['variant\ufe0f selector\u{e0100}s', 'variant selectors'],
  ];
  for (const [written, asked, marked] of pairs) {
    const post = await insertTestPost(app, { title: 'Letters', content: written });
    const { items } = await ask(asked);
    t.same(
      items.map(({ post: { id } }) => id),
      [post.id],
      asked,
    );
    if (marked !== undefined) t.equal(items[0]?.snippet_html, marked);
    await sql`delete from posts where id = ${post.id}`.execute(app.db);
    await insertTestPost(app, { title: written, content: 'None.' });
    t.same(await titles(asked), [written], `${asked} in a title`);
  }
  t.same(await titles('がぎ'), [], 'voiced syllables are letters of their own');
  await insertTestPost(app, { title: 'かき', content: 'None.' });
  t.same(await titles('がき'), []);
  t.same(await titles('かき'), ['かき']);
});

t.test('finds the words of names with dots and underscores, and the names', async (t) => {
  const content = 'Call get_json_body with uvicorn.workers.UvicornWorker, or app.route_class.';
  const post = await insertTestPost(app, { title: 'Names', content });
  const found = [
    ...['json', 'get_json_body', 'body', 'workers', 'uvicorn', 'uvicorn.workers', 'route_class'],
    ...['uvicorn.workers.UvicornWorker', 'workers.uvicornworker', 'app.route_class', 'route'],
    ...['"uvicorn workers"', 'json uvicornworker', 'class.', '.route', '_json_'],
  ];
  for (const q of found) {
    const { items } = await ask(q);
    t.same(
      items.map(({ post: { id } }) => id),
      [post.id],
      q,
    );
    t.match(items[0]?.snippet_html, '<mark>', q);
  }
  t.same((await ask('uvicorn.body')).total, 0, 'another name');
  t.same((await ask('json -uvicorn.workers')).total, 0);
  t.match((await ask('workers')).items[0]?.snippet_html, 'uvicorn.<mark>workers</mark>.Uvicorn');
  await insertTestPost(app, { title: 'module.function_name', content: 'None.' });
  for (const typed of ['func', 'module.func', 'function_n']) {
    t.match(await suggestions(typed), [{ text: 'module.function_name' }], typed);
  }
});

t.test('finds stop words if a query has no others', async (t) => {
  const band = await insertTestPost(app, { title: 'The Who', content: 'A band from London.' });
  const other = await insertTestPost(app, {
    title: 'Guests',
    content: 'These are the ones who came.',
  });
  await insertTestPost(app, { title: 'Nobody', content: 'Nobody arrived.' });
  const idsOf = async (q: string) =>
    (await ask(q)).items.map(({ post: { id } }) => id).filter((id) => id >= band.id);
  for (const q of ['the who', 'The Who', '"the who"', 'who the', 'THE.WHO']) {
    t.same(await idsOf(q), [band.id, other.id], q);
  }
  t.equal((await ask('the who')).items[0]?.title_html, '<mark>The</mark> <mark>Who</mark>');
  t.same(await idsOf('the who came'), [other.id], 'beside other words they do not count');
  t.same(await idsOf('the who OR london'), [band.id]);
  t.same((await ask('the -who')).total, 0);
  const comment = await insertTestComment(app, { post_id: band.id, content: 'To be or not to be' });
  t.match((await ask('to be or not to be')).items, [{ kind: 'comment', id: comment.id }]);
  t.match((await ask("don't")).items, []);
});

t.test('finds nothing without words', async (t) => {
  for (const q of [' ', '"', '-', '!!!']) t.same((await ask(q)).total, 0, q);
});

t.test('accepts any text', { timeout: 120_000 }, async (t) => {
  const random = new Random(20_260_131);
  const pieces = [
    ...ODD_TEXTS,
    '"',
    '-',
    ' OR ',
    '&',
    '|',
    '!',
    '<->',
    ':*',
    '(',
    ')',
    '数据库',
    '运维',
    'run',
    ' ',
  ];
  for (let count = 0; count < 250; count += 1) {
    const pick = () => random.pick(pieces);
    const text = Array.from({ length: random.int(1, 8) }, pick).join('') || '"';
    const characters = [...text.replace(/\p{Cs}/gu, '\ufffd')];
    const q = encodeURIComponent(characters.slice(0, 100).join(''));
    const found = await anyone.get(
      `${URL}?q=${q}&sort=${random.pick(['relevance', 'date', 'popular'])}`,
    );
    if (found.status !== 200) t.fail(`${q} was answered ${found.status}`);
    const begun = encodeURIComponent(characters.slice(0, 50).join(''));
    const suggested = await anyone.get(`${URL}/suggest?q=${begun}`);
    if (suggested.status !== 200) t.fail(`${begun} was answered ${suggested.status}`);
  }
  t.pass('all were answered');
});

t.test('never finds content that the viewer may not see', async (t) => {
  const secret = { content: 'The xylophone.', tags: ['xyloglyph'], author_id: aliceId };
  const draft = await insertTestPost(app, {
    title: 'Xylophone draft',
    published_at: null,
    ...secret,
  });
  const trashed = await insertTestPost(app, { title: 'Xylophone trashed', ...secret });
  await sql`update posts set deleted_at = now() where id = ${trashed.id}`.execute(app.db);
  const open = await insertTestPost(app, { title: 'Open', content: 'Nothing.' });
  const words = { content: 'A xylophone!' };
  await insertTestComment(app, { post_id: draft.id, author_id: carol, ...words });
  await insertTestComment(app, { post_id: trashed.id, ...words });
  await insertTestComment(app, {
    post_id: open.id,
    deleted_at: new Date().toISOString(),
    ...words,
  });
  const waiting = { post_id: open.id, is_approved: false, author_id: aliceId };
  await insertTestComment(app, { ...waiting, ...words });
  const parent = await insertTestComment(app, { ...waiting, author_id: null, content: 'Hidden.' });
  await insertTestComment(app, { post_id: open.id, parent, ...words });

  const seen = async (who: typeof anyone) => {
    const answers = await Promise.all(
      ['relevance', 'date', 'popular'].map((sort) => ask('xylophone', `sort=${sort}`, who)),
    );
    const [first] = answers;
    for (const { total, items } of answers) t.equal(total, items.length);
    return first?.items.map(({ kind, post }) => `${kind} ${post.title}`).sort();
  };
  for (const who of [anyone, guest, bob]) {
    t.same(await seen(who), ['comment Open'], 'only the approved reply to a hidden comment');
  }
  const own = ['comment Open', 'comment Xylophone draft', 'post Xylophone draft'];
  t.same(await seen(alice), ['comment Open', ...own]);
  t.same(await seen(editor), [
    'comment Open',
    'comment Open',
    'comment Xylophone draft',
    'post Xylophone draft',
  ]);
  for (const who of [anyone, alice, editor]) {
    t.same((await who.get(`${URL}/suggest?q=xylo`)).json.items, [], 'nor in suggestions');
  }
  await sql`update posts set published_at = now() where id = ${draft.id}`.execute(app.db);
  t.same(await suggestions('xylo'), [
    { kind: 'tag', text: 'xyloglyph', slug: 'xyloglyph' },
    { kind: 'post', text: 'Xylophone draft', slug: 'xylophone-draft' },
  ]);
});

t.test('escapes HTML from contents', async (t) => {
  const evil =
    '<script>alert("gnu")</script> <mark>gnu</mark> gnu & \u0001gnu\u0002 <img src=x onerror=gnu>';
  const { id } = await insertTestPost(app, { title: evil, content: 'Gnu.' });
  await sql`update posts set content_text = ${evil} where id = ${id}`.execute(app.db);
  await insertTestComment(app, { post_id: id, content: `\`${evil}\`` });
  const { items } = await ask('gnu');
  t.equal(items.length, 2);
  for (const { title_html, snippet_html } of items) {
    for (const html of [title_html, snippet_html]) {
      t.match(html, '&lt;script&gt;alert(&quot;<mark>gnu</mark>&quot;)&lt;/script&gt;');
      t.match(html, '&lt;mark&gt;<mark>gnu</mark>&lt;/mark&gt;');
      t.notMatch(html.replace(/<mark>gnu<\/mark>/g, ''), /[<>]/);
    }
  }
});

t.test('suggests completions of the typed text', async (t) => {
  await sql`insert into categories (name, name_folded, slug)
    values ('Quokka 100%', 'quokka 100%', 'quokkas'), ('A quokka', 'a quokka', 'a')`.execute(
    app.db,
  );
  await insertTestPost(app, { title: 'Watching quokkas', tags: ['quokka life'] });
  await insertTestPost(app, { title: 'Quokkas at night' });
  await insertTestPost(app, { title: '数据库连接池入门' });
  t.same(
    (await suggestions('QUOK')).map(({ kind, text }) => `${kind} ${text}`),
    ['category Quokka 100%', 'tag quokka life', 'post Quokkas at night', 'post Watching quokkas'],
  );
  t.equal((await suggestions('quok', 'limit=2')).length, 2);
  t.same(
    (await suggestions('watching quo')).map(({ text }) => text),
    ['Watching quokkas'],
  );
  for (const q of ['数据', '连接池', '连', '数据库连']) {
    t.ok(
      (await suggestions(q)).some(({ text }) => text === '数据库连接池入门'),
      q,
    );
  }
  for (const q of ['%', '_uokka', '*', 'uokka', "'", '\\']) t.same(await suggestions(q), [], q);
});

t.test('suggests a public tag, however many tags of drafts come before it', async (t) => {
  await sql`insert into tags (name, name_folded, slug, is_automatic, is_private)
    select 'numbat ' || n, 'numbat ' || n, 'numbat-' || n, true, true
    from generate_series(1, 300) as n`.execute(app.db);
  await insertTestPost(app, { title: 'Termites', tags: ['numbats'] });
  t.same(await suggestions('numb'), [{ kind: 'tag', text: 'numbats', slug: 'numbats' }]);
});

t.test('finds posts by the new name of a tag', async (t) => {
  const post = await insertTestPost(app, { title: 'Marked', tags: ['kakapo', 'heron'] });
  t.same(await titles('kakapo'), ['Marked']);
  const { id: tagId, search_words: words } = await app.db
    .selectFrom('tags')
    .select(['id', 'search_words'])
    .where('name', '=', 'kakapo')
    .executeTakeFirstOrThrow();
  const reindex = async (was: string) => {
    await enqueue(app.db, 'reindex_tag', { tagId, words: was });
    await app.runJobs();
    // The notifications of these changes may still be on their way.
    app.sharedReads.invalidate();
  };
  await sql`update tags set name = '鹦鹉学', search_words = '鹦鹉 鹉学' where id = ${tagId}`.execute(
    app.db,
  );
  await reindex(words);
  t.same(await titles('鹦鹉学'), ['Marked']);
  t.same(await titles('kakapo'), []);
  t.same(await titles('marked heron'), ['Marked'], 'keeps other words');
  await sql`delete from tags where id = ${tagId}`.execute(app.db);
  await reindex('鹦鹉 鹉学');
  t.same(await titles('鹦鹉学'), [], 'not by a deleted tag');
  const { version } = await app.db
    .selectFrom('posts')
    .select('version')
    .where('id', '=', post.id)
    .executeTakeFirstOrThrow();
  t.equal(version, 1, 'does not change the post');
});

t.test('validates queries as documented', async (t) => {
  const bad = [
    '',
    'q=',
    `q=${'x'.repeat(101)}`,
    'q=x&page=0',
    'q=x&size=0',
    'q=x&size=21',
    'q=x&size=100',
    'q=x&sort=newest',
    'q=x&page=a',
  ];
  for (const query of bad) t.equal((await anyone.get(`${URL}?${query}`)).status, 422, query);
  t.equal((await anyone.get(`${URL}?q=${'x'.repeat(100)}&size=20`)).status, 200);
  t.same((await anyone.get(URL)).json.detail[0], {
    type: 'missing',
    loc: ['query', 'q'],
    msg: 'Field required',
    input: null,
  });
  for (const query of ['', 'q=', `q=${'x'.repeat(51)}`, 'q=x&limit=0', 'q=x&limit=21']) {
    t.equal((await anyone.get(`${URL}/suggest?${query}`)).status, 422, query);
  }
});

t.test('reads a page with one statement', async (t) => {
  const searched = await recordStatements(() => anyone.get(`${URL}?q=zebra&size=20`));
  t.equal(searched.length, 1);
  const suggested = await recordStatements(() => anyone.get(`${URL}/suggest?q=zeb`));
  t.equal(suggested.length, 1);
});

t.test('updates posts of a renamed or deleted tag by a job', async (t) => {
  await insertTestPost(app, { title: 'Seen at the zoo', tags: ['zebrafish'] });
  const [tag] = (await anyone.get('/api/v1/tags?slug=zebrafish')).json.items;
  const url = `/api/v1/tags/${tag.id}`;
  t.same(await titles('zebrafish'), ['Seen at the zoo']);

  t.equal((await editor.patch(url, { name: 'Wallabies' })).status, 200);
  await app.runJobs();
  t.same(await titles('zebrafish'), []);
  t.same(await titles('wallaby'), ['Seen at the zoo']);

  t.equal((await editor.delete(url)).status, 204);
  await app.runJobs();
  t.same(await titles('wallaby'), []);
});
