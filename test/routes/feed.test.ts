import { type AddressInfo, connect } from 'node:net';
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
    'x-forwarded-host': 'other.example.org',
  });
  t.equal(status, 200);
  t.equal(headers['content-type'], 'application/atom+xml; charset=utf-8');
  t.match(headers['content-security-policy'], /default-src 'self'/);
  const feed = parse(text);
  t.same(
    feed.link.map(({ _attributes }) => _attributes),
    [
      { rel: 'alternate', href: './' },
      { rel: 'self', href: './feed.xml' },
    ],
  );
  t.equal(feed.entry.length, 20);
  const [orphan, newest] = feed.entry;
  t.equal(orphan?.author, undefined);
  t.match(newest, {
    title: { _cdata: 'Day 21' },
    link: { _attributes: { href: './api/v1/posts/slug/day-21' } },
    author: { name: { _text: 'Alice' } },
    published: { _text: '2026-01-21T09:00:00.000Z' },
    summary: { _cdata: 'It is day 21.' },
    content: { _cdata: '<p>It is <em>day</em> 21.</p>\n' },
  });
  for (const { id } of [feed, ...feed.entry]) t.match(textOf(id), /^urn:uuid:[0-9a-f-]{36}$/);
  const ids = [feed, ...feed.entry].map(({ id }) => textOf(id));
  t.equal(new Set(ids).size, 21);
  t.notMatch(text, /example\.org|invalid/);
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
  t.equal(elsewhere.headers['etag'], tag, 'the same for every host');

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
  t.equal(textOf(feed.id), 'https://www.example.com/blog/');
  t.same(
    feed.link.map(({ _attributes }) => _attributes.href),
    ['https://www.example.com/blog/', './feed.xml'],
  );
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

t.test('is the same for every host, and keeps its ids', async (t) => {
  for (const CLIENT_URL of [undefined, 'https://www.example.com']) {
    const settings = CLIENT_URL === undefined ? {} : { CLIENT_URL };
    const one = await createTestApp(t, settings);
    const two = await createTestApp(t, settings, { databaseUrl: one.databaseUrl });
    const { id } = await insertTestPost(one.app, { title: 'First' });
    const hosts = ['', 'a.example.org', 'b.example.org:81', '127.0.0.1'];
    const feeds = new Set<string>();
    for (const { client } of [one, two]) {
      for (const host of hosts) {
        const { status, text } = await client().get('/feed.xml', { host });
        t.equal(status, 200);
        feeds.add(text);
      }
    }
    t.equal(feeds.size, 1);
    const before = [...feeds].map(parse)[0];
    await one.app.pg.query(`update posts set title = 'x', slug = 'x' where id = $1`, [id]);
    one.app.sharedReads.invalidate();
    const after = parse((await one.client().get('/feed.xml')).text);
    t.same([after.id, after.entry[0]?.id], [before?.id, before?.entry[0]?.id]);
    t.not(textOf(after.id), textOf(after.entry[0]?.id ?? {}));
  }
});

t.test('builds no URL from the host of a request', async (t) => {
  const { app, signedIn } = await createTestApp(t);
  const alice = await signedIn({ username: 'alice' });
  const host = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    forwarded: 'host=evil.example',
  };
  const post = await alice.post(
    '/api/v1/posts',
    { title: 'Old', content: 'x', status: 'published' },
    host,
  );
  await alice.patch(`/api/v1/posts/${post.json.id}`, { slug: 'new' });
  const replies = [
    post,
    await alice.get('/api/v1/posts/slug/old', host),
    await alice.get('/api/v1/posts?size=1', host),
    await alice.get('/api/v1/users?size=1&cursor=', host),
    await alice.get('/', host),
    await alice.get('/docs', host),
    await alice.get('/feed.xml', host),
  ];
  for (const { headers, text } of replies) {
    t.notMatch(`${JSON.stringify(headers)} ${text}`, 'evil.example');
  }
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const answer = await new Promise<string>((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        'GET http://evil.example/api/v1/posts?size=1 HTTP/1.1\r\nhost: evil.example\r\n',
      );
      socket.write('connection: close\r\n\r\n');
    });
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
  });
  t.match(answer, /^link: <\/api\/v1\/posts\?/im);
  t.notMatch(answer, 'evil.example');
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
