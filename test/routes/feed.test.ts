import t from 'tap';
import { xml2js } from 'xml-js';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { noBrowser, visit } from '#test/support/browser.js';
import { recordCalls } from '#test/support/statements.js';
import { until } from '#test/support/waiting.js';

type Text = { _text?: string; _cdata?: string | string[] };

interface Entry {
  id: Text;
  title: Text;
  updated: Text;
  published: Text;
  summary: Text;
  content?: Text;
  link: { _attributes: { href: string } };
  author?: { name: Text };
}

function textOf({ _text, _cdata }: Text): string {
  return _text ?? [_cdata ?? ''].flat().join('');
}

function parse(xml: string) {
  const { feed } = xml2js(xml, { compact: true }) as {
    feed: {
      id: Text;
      title: Text;
      updated: Text;
      link: { _attributes: { rel: string; href: string } }[];
      entry?: Entry | Entry[];
    };
  };
  return { ...feed, entry: [feed.entry ?? []].flat() };
}

const { app, client, createUser } = await createTestApp(t);
const { id: author } = await createUser({ username: 'alice', nickname: 'Alice' });
const anyone = client();

t.test('returns the newest published posts', async (t) => {
  const empty = await anyone.get('/feed.xml');
  t.equal(empty.status, 200);
  t.same(parse(empty.text).entry, []);
  for (let day = 1; day <= 22; day++) {
    await insertTestPost(app, {
      title: `Day ${day}`,
      content: `It is *day* ${day}.`,
      author_id: day === 22 ? null : author,
      created_at: `2026-01-${String(day).padStart(2, '0')}T08:00:00.000Z`,
      published_at: `2026-01-${String(day).padStart(2, '0')}T09:00:00.000Z`,
    });
  }
  await insertTestPost(app, { title: 'A draft', published_at: null });
  await until(async () => (await anyone.get('/feed.xml')).text.includes('Day 22'));

  const { status, headers, text } = await anyone.get('/feed.xml', {
    host: 'blog.example.org:8080',
  });
  t.equal(status, 200);
  t.equal(headers['content-type'], 'application/atom+xml; charset=utf-8');
  t.match(headers['content-security-policy'], /default-src 'self'/);
  const feed = parse(text);
  t.same(
    feed.link.map(({ _attributes }) => _attributes),
    [
      { rel: 'alternate', href: 'http://blog.example.org:8080/' },
      { rel: 'self', href: 'http://blog.example.org:8080/feed.xml' },
    ],
  );
  t.equal(feed.entry.length, 20);
  const [orphan, newest] = feed.entry;
  t.equal(orphan?.author, undefined);
  t.match(newest, {
    title: { _cdata: 'Day 21' },
    link: { _attributes: { href: 'http://blog.example.org:8080/api/v1/posts/slug/day-21' } },
    author: { name: { _text: 'Alice' } },
    published: { _text: '2026-01-21T09:00:00.000Z' },
    summary: { _cdata: 'It is day 21.' },
    content: { _cdata: '<p>It is <em>day</em> 21.</p>\n' },
  });
  t.match(textOf(newest?.id ?? {}), /^tag:blog\.example\.org,2026-01-21:posts\/\d+$/);
  t.notMatch(text, 'A draft');
});

t.test('supports If-None-Match', async (t) => {
  const { id } = await insertTestPost(app, { title: 'Pools' });
  await until(async () => (await anyone.get('/feed.xml')).headers['x-cache'] === 'hit');
  const first = await anyone.get('/feed.xml');
  t.match(first.headers, { 'cache-control': 'public, no-cache', vary: /Cookie/ });
  const tag = String(first.headers['etag']);
  t.equal((await anyone.get('/feed.xml', { 'if-none-match': tag })).status, 304);
  const elsewhere = await anyone.get('/feed.xml', { host: 'elsewhere.example.org' });
  t.equal(elsewhere.headers['x-cache'], 'hit');
  t.not(elsewhere.headers['etag'], tag, 'different links have a different ETag');

  const entry = parse(first.text).entry[0];
  await app.pg.query(`update posts set title = 'Ponds', slug = 'ponds' where id = $1`, [id]);
  await until(async () => (await anyone.get('/feed.xml')).headers['etag'] !== tag);
  const changed = parse((await anyone.get('/feed.xml', { 'if-none-match': tag })).text).entry[0];
  t.equal(textOf(changed?.title ?? {}), 'Ponds');
  t.same(changed?.id, entry?.id, 'the entry id stays the same');
});

t.test('links to CLIENT_URL', async (t) => {
  const pages = await createTestApp(t, { CLIENT_URL: 'https://www.example.com/blog' });
  await insertTestPost(pages.app, { title: 'Pools' });
  const feed = parse((await pages.client().get('/feed.xml')).text);
  t.equal(feed.link[0]?._attributes.href, 'https://www.example.com/blog/');
  t.equal(feed.entry[0]?.link._attributes.href, 'https://www.example.com/blog/posts/pools');
  t.match(textOf(feed.entry[0]?.id ?? {}), /^tag:www\.example\.com,/);
});

t.test('limits the size of long posts', async (t) => {
  const { app, client } = await createTestApp(t);
  const word = 'long ';
  for (let day = 1; day <= 4; day++) {
    await insertTestPost(app, {
      title: `Day ${day}`,
      content: word.repeat(day === 2 ? 20_000 : 8000),
      published_at: `2026-01-0${day}T09:00:00.000Z`,
    });
  }
  const { text } = await client().get('/feed.xml');
  t.same(
    parse(text).entry.map(({ title, content }) => [textOf(title), content !== undefined]),
    [
      ['Day 4', true],
      ['Day 3', true],
      ['Day 2', false],
      ['Day 1', false],
    ],
  );
  t.ok(text.length < 110_000);
  t.ok(parse(text).entry.every(({ summary }) => textOf(summary).startsWith(word)));
});

t.test('does not read HTML that is too long for the feed', async (t) => {
  const { app, client } = await createTestApp(t);
  await insertTestPost(app, { title: 'Short', content: '数据库。'.repeat(5000) });
  for (let index = 0; index < 5; index += 1) await insertTestPost(app, { title: `Long ${index}` });
  await app.pg.query(
    `update posts set content_html = repeat('数', 1000000) where title like 'Long%'`,
  );
  const calls = await recordCalls(() => client().get('/feed.xml'));
  let bytes = 0;
  for (const { text, values } of calls) {
    const query = `select sum(octet_length(r::text))::integer as bytes from (${text}) r`;
    bytes += (await app.pg.query(query, [...values])).rows[0].bytes;
  }
  t.ok(bytes < 200_000, `${bytes} bytes`);
  const { entry } = parse((await client().get('/feed.xml')).text);
  const whole = entry.filter(({ content }) => content !== undefined);
  t.same(
    whole.map(({ title }) => textOf(title)),
    ['Short'],
  );
});

t.test('serves each requested host its own, current feed', async (t) => {
  const { app, client } = await createTestApp(t);
  const hosts = Array.from({ length: 12 }, (_, n) => `host-${n}.example.org`);
  for (const title of ['First', 'Second']) {
    await insertTestPost(app, { title });
    const tags = new Set<unknown>();
    for (const host of [...hosts, ...hosts.toReversed()]) {
      const { text, headers } = await client().get('/feed.xml', { host });
      t.match(text, `http://${host}/feed.xml`);
      t.match(text, title);
      tags.add(headers['etag']);
    }
    t.equal(tags.size, hosts.length, 'a different ETag each, and stable');
  }
});

t.test('rejects a request without a host', async (t) => {
  const { status, json } = await anyone.get('/feed.xml', { host: 'exa mple"><x>' });
  t.equal(status, 400);
  t.equal(json.code, 'bad_request');
});

/** Runs in the browser: returns the first entry as a feed reader sees it. */
const READ_FEED = `(xml) => {
  const feed = new DOMParser().parseFromString(xml, 'application/xml');
  const htmlOf = (name) => {
    const text = feed.querySelector('entry > ' + name)?.textContent ?? '';
    return new DOMParser().parseFromString(text, 'text/html').body.textContent;
  };
  return {
    error: feed.querySelector('parsererror')?.textContent ?? null,
    title: htmlOf('title'),
    summary: htmlOf('summary'),
    content: htmlOf('content'),
    name: feed.querySelector('entry > author > name')?.textContent,
    term: feed.querySelector('entry > category')?.getAttribute('term'),
  };
}`;

const hostile = {
  title: `a < b & c > d "quoted" \u0000\u0008\u000b\u001f\ufffe ]]> ]]> & &amp; \u{1f600}`,
  nickname: `Al & Co <b> &amp; &lt; ]]> \u0001`,
};

t.test('is well-formed, whatever the content', { skip: noBrowser }, async (t) => {
  const { rows } = await app.pg.query(
    `insert into users (username, username_folded, nickname) values ('al', 'al', $1) returning id`,
    [hostile.nickname.replaceAll('\u0000', '')],
  );
  const { id } = await insertTestPost(app, {
    title: 'x',
    slug: 'hostile',
    author_id: rows[0].id,
    tags: ['a < b & "c"'],
  });
  // PostgreSQL can store every character but the first.
  const title = hostile.title.replaceAll('\u0000', '');
  const content = `<p title="]]>">${'\u0007'}]]> and ]]> &amp; more</p>`;
  await app.pg.query('update posts set title = $2, content_html = $3, summary = $2 where id = $1', [
    id,
    title,
    content,
  ]);
  let text = '';
  await until(async () => {
    ({ text } = await anyone.get('/feed.xml'));
    return text.includes('</p>]]>') && text.includes('quoted');
  });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const { page } = await visit(t, origin);
  const found = await page.evaluate(`(${READ_FEED})(${JSON.stringify(text)})`);
  const printable = (value: string) => value.replace(/[\p{Cc}\ufffe]/gu, '');
  t.same(found, {
    error: null,
    title: printable(title),
    summary: printable(title),
    content: ']]> and ]]> & more',
    name: printable(hostile.nickname),
    term: 'a-b-c',
  });
});
