import { sql } from 'kysely';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { insertTestComments, insertTestPost } from '#test/support/articles.js';
import { keyOf } from '#test/support/credentials.js';
import { recordStatements } from '#test/support/statements.js';

const URL = '/api/v1/posts';

const testApp = await createTestApp(t);
const { app, client, signedIn, createUser, clock } = testApp;
const anyone = client();
const alice = await signedIn({ username: 'alice', nickname: 'Alice' });
const bob = await signedIn({ username: 'bob' });
const editor = await signedIn({ username: 'edith', role: 'editor' });
const guest = await signedIn({ username: 'guest', role: 'guest' });

type Item = { id: number; title: string };
const titles = (reply: { json: { items: Item[] } }) => reply.json.items.map(({ title }) => title);
const draft = { title: 'A draft', content: 'Not *yet*.' };

t.test('creates, reads, updates and deletes a post', async (t) => {
  const created = await alice.post(URL, {
    title: 'Pooling connections',
    content: 'A pool keeps **connections** open.',
    summary: 'Why a pool.',
    tags: ['Postgres', 'postgres ', 'Performance'],
    status: 'published',
  });
  t.equal(created.status, 201);
  t.equal(created.headers['location'], `${URL}/${created.json.id}`);
  t.match(created.json, {
    slug: 'pooling-connections',
    status: 'published',
    author: { username: 'alice', nickname: 'Alice' },
    category: null,
    content: 'A pool keeps **connections** open.',
    excerpt: 'A pool keeps connections open.',
    reading_minutes: 1,
    view_count: 0,
    comment_count: 0,
    published_at: clock.read().toISOString(),
  });
  t.match(created.json.content_html, /<strong>connections<\/strong>/);
  t.same(
    created.json.tags.map(({ slug }: { slug: string }) => slug),
    ['performance', 'postgres'],
  );

  const { id } = created.json;
  const read = await anyone.get(`${URL}/${id}`);
  t.same(read.json, created.json);
  t.equal(read.headers['etag'], created.headers['etag']);
  t.same((await anyone.get(`${URL}/slug/pooling-connections`)).json, created.json);

  clock.advance(1000);
  const etag = String(read.headers['etag']);
  const changed = await alice.patch(`${URL}/${id}`, { title: 'Pools' }, { 'if-match': etag });
  t.equal(changed.status, 200);
  t.match(changed.json, { title: 'Pools', slug: 'pooling-connections', summary: 'Why a pool.' });
  t.equal(changed.json.updated_at, clock.read().toISOString());
  t.same(changed.json.published_at, created.json.published_at);
  t.equal(changed.json.tags.length, 2);

  const replaced = await alice.put(`${URL}/${id}`, { title: 'Pools', content: 'Short.' });
  t.match(replaced.json, { summary: '', tags: [], content_html: '<p>Short.</p>\n' });
  t.match(replaced.json, { slug: 'pooling-connections', status: 'published' });

  t.equal((await alice.delete(`${URL}/${id}`)).status, 204);
  t.equal((await alice.get(`${URL}/${id}`)).status, 404);
  t.equal((await editor.get(`${URL}/${id}`)).status, 404, 'the trash is read elsewhere');
  t.equal((await alice.patch(`${URL}/${id}`, { title: 'x' })).status, 404);
  t.equal((await anyone.get(`${URL}?q=pools`)).json.total, 0);
  t.equal((await anyone.get(`${URL}/slug/pooling-connections`)).status, 404);
});

t.test('rejects a stale If-Match and writes nothing', async (t) => {
  const created = await alice.post(URL, draft);
  const url = `${URL}/${created.json.id}`;
  const etag = String(created.headers['etag']);
  const second = await alice.patch(url, { title: 'Second' }, { 'if-match': etag });
  t.equal(second.status, 200);
  t.not(second.headers['etag'], etag);
  for (const send of [
    () => alice.patch(url, { title: 'Third' }, { 'if-match': etag }),
    () => alice.put(url, draft, { 'if-match': etag }),
    () => alice.post(`${url}/publish`, undefined, { 'if-match': etag }),
    () => alice.post(`${url}/unpublish`, undefined, { 'if-match': etag }),
    () => alice.delete(url, { 'if-match': etag }),
  ]) {
    const reply = await send();
    t.equal(reply.status, 412);
    t.equal(reply.headers['etag'], second.headers['etag']);
  }
  t.match((await alice.get(url)).json, { title: 'Second', status: 'draft' });

  const unchanged = await alice.patch(url, { title: 'Second', tags: [] });
  t.equal(unchanged.headers['etag'], second.headers['etag'], 'no change');
});

t.test('includes the view count in the ETag, but ignores it in If-Match', async (t) => {
  const created = await alice.post(URL, { ...draft, title: 'Tagged', status: 'published' });
  const url = `${URL}/${created.json.id}`;
  const etag = String(created.headers['etag']);
  const known = await anyone.get(url, { 'if-none-match': etag });
  t.equal(known.status, 304);
  await app.pg.query('update post_views set view_count = 5 where post_id = $1', [created.json.id]);
  const seen = await alice.get(url, { 'if-none-match': etag });
  t.equal(seen.status, 200);
  t.equal(seen.json.view_count, 5);
  t.not(seen.headers['etag'], etag);
  t.equal((await alice.patch(url, { summary: 's' }, { 'if-match': etag })).status, 200);
});

t.test('publishes and unpublishes', async (t) => {
  const { id } = (await alice.post(URL, { ...draft, title: 'Stateful' })).json;
  t.equal((await anyone.get(`${URL}/${id}`)).status, 404);
  clock.advance(60_000);
  const published = await alice.post(`${URL}/${id}/publish`);
  t.match(published.json, { status: 'published', published_at: clock.read().toISOString() });
  t.equal((await anyone.get(`${URL}/${id}`)).status, 200);
  clock.advance(60_000);
  const again = await alice.post(`${URL}/${id}/publish`);
  t.equal(again.json.published_at, published.json.published_at);
  t.equal(again.headers['etag'], published.headers['etag']);
  const back = await alice.post(`${URL}/${id}/unpublish`);
  t.match(back.json, { status: 'draft', published_at: null });
  t.equal((await anyone.get(`${URL}/${id}`)).status, 404);
  t.equal((await alice.post(`${URL}/${id}/unpublish`)).status, 200);
});

t.test('publishes and unpublishes by a change of the status', async (t) => {
  const created = await alice.post(URL, { ...draft, title: 'By status' });
  const url = `${URL}/${created.json.id}`;
  clock.advance(60_000);
  const published = await alice.patch(url, { status: 'published', summary: 'New.' });
  const at = clock.read().toISOString();
  t.match(published.json, { status: 'published', published_at: at, summary: 'New.' });
  const { slug } = published.json;
  t.equal((await anyone.get(`${URL}/slug/${slug}`)).status, 200);
  clock.advance(60_000);
  const again = await alice.patch(url, { status: 'published' });
  t.equal(again.json.published_at, at, 'nothing changes');
  t.equal(again.headers['etag'], published.headers['etag']);
  const kept = await alice.put(url, { ...draft, title: 'By status' });
  t.equal(kept.json.status, 'published', 'PUT keeps the status if it is omitted');
  const moved = await alice.put(url, {
    ...draft,
    title: 'By status',
    slug: 'moved-by-status',
    status: 'draft',
  });
  t.match(moved.json, { status: 'draft', published_at: null, slug: 'moved-by-status' });
  t.equal((await anyone.get(url)).status, 404);
  const back = await alice.patch(url, { status: 'published', slug: 'back-by-status' });
  t.match(back.json, { status: 'published', slug: 'back-by-status' });
  t.equal((await anyone.get(`${URL}/slug/back-by-status`)).status, 200);

  const refused = await alice.patch(url, { status: 'archived' });
  t.match(refused.json.detail[0], { type: 'literal_error', loc: ['body', 'status'] });
  const stale = { 'if-match': String(created.headers['etag']) };
  t.equal((await alice.patch(url, { status: 'draft' }, stale)).status, 412);
  const entries = await app.pg.query(
    `select action from audit_log where resource = 'post' and resource_id = $1 order by id`,
    [String(created.json.id)],
  );
  t.same(
    entries.rows.map(({ action }) => action),
    ['post.create', 'post.change', 'post.change', 'post.change', 'post.change'],
  );
});

t.test('refuses a taken slug when a change of the status publishes the post', async (t) => {
  const { id } = (await bob.post(URL, { ...draft, title: 'Other', slug: 'twin' })).json;
  await alice.post(URL, { ...draft, title: 'Twin', slug: 'twin', status: 'published' });
  const refused = await bob.patch(`${URL}/${id}`, { status: 'published', title: 'Changed' });
  t.match([refused.status, refused.json.code], [409, 'duplicate']);
  t.match((await bob.get(`${URL}/${id}`)).json, { status: 'draft', title: 'Other' });
});

t.test('says in a sentence of its own who may not change or delete a post', async (t) => {
  const { id } = (await alice.post(URL, { ...draft, title: 'Hers', status: 'published' })).json;
  const chinese = { 'accept-language': 'zh' };
  t.match((await bob.patch(`${URL}/${id}`, { title: 'x' }, chinese)).json, {
    detail: '无权限修改此文章',
    code: 'not_your_post_to_change',
  });
  t.match((await bob.delete(`${URL}/${id}`, chinese)).json, {
    detail: '无权限删除此文章',
    code: 'not_your_post_to_delete',
  });
});

t.test('shows a draft to its author and editors only', async (t) => {
  const { id, slug } = (await alice.post(URL, { title: 'Wholly hidden', content: 'Secret plan.' }))
    .json;
  const { id: userId } = await createUser({ username: 'keyed' });
  const keyed = client().withHeaders(await keyOf(testApp, userId, ['posts:read', 'posts:write']));
  for (const stranger of [anyone, guest, bob, keyed]) {
    t.equal((await stranger.get(`${URL}/${id}`)).status, 404);
    t.equal((await stranger.get(`${URL}/slug/${slug}`)).status, 404);
    for (const query of ['status=draft', 'status=draft&author=alice', 'q=hidden', 'q=secret']) {
      t.notOk(titles(await stranger.get(`${URL}?${query}`)).includes('Wholly hidden'), query);
    }
    t.equal((await stranger.get(`${URL}?status=draft&q=hidden`)).json.total, 0);
  }
  for (const stranger of [bob, keyed]) {
    t.equal((await stranger.patch(`${URL}/${id}`, { title: 'x' })).status, 404);
    t.equal((await stranger.put(`${URL}/${id}`, draft)).status, 404);
    t.equal((await stranger.post(`${URL}/${id}/publish`)).status, 404);
    t.equal((await stranger.delete(`${URL}/${id}`)).status, 404);
  }
  for (const reader of [alice, editor]) {
    t.equal((await reader.get(`${URL}/${id}`)).status, 200);
    t.ok(titles(await reader.get(`${URL}?status=draft&q=hidden`)).includes('Wholly hidden'));
    t.notOk(titles(await reader.get(`${URL}?q=hidden`)).includes('Wholly hidden'), 'by default');
  }
  t.equal((await editor.patch(`${URL}/${id}`, { summary: 'Better' })).json.summary, 'Better');
  t.match((await alice.get(`${URL}/${id}`)).json.author, { username: 'alice' });
});

t.test('lets only the author and editors change a published post', async (t) => {
  const { id } = (await alice.post(URL, { ...draft, title: 'Mine', status: 'published' })).json;
  for (const [stranger, status] of [
    [bob, 403],
    [guest, 403],
    [anyone, 401],
  ] as const) {
    t.equal((await stranger.patch(`${URL}/${id}`, { title: 'x' })).status, status);
    t.equal((await stranger.put(`${URL}/${id}`, draft)).status, status);
    t.equal((await stranger.post(`${URL}/${id}/unpublish`)).status, status);
    t.equal((await stranger.delete(`${URL}/${id}`)).status, status);
  }
  t.equal((await guest.post(URL, draft)).status, 403);
  t.equal((await anyone.post(URL, draft)).status, 401);
  t.equal((await editor.post(`${URL}/${id}/unpublish`)).json.status, 'draft');
  t.equal((await editor.delete(`${URL}/${id}`)).status, 204);
});

t.test('creates unique slugs, keeps them, and redirects former ones', async (t) => {
  const write = (post: object) => alice.post(URL, { content: 'x', status: 'published', ...post });
  t.equal((await write({ title: 'Same' })).json.slug, 'same');
  t.equal((await write({ title: 'Same' })).json.slug, 'same-2');
  t.equal((await write({ title: 'Same!' })).json.slug, 'same-3');
  t.equal((await write({ title: 'Same 2' })).json.slug, 'same-2-2');
  t.match((await write({ title: '使用数据库连接池' })).json.slug, /^shi-yong-shu-ju-ku/);
  t.equal((await write({ title: '🎉' })).json.slug, 'post');
  t.equal((await write({ title: '🎉🎉' })).json.slug, 'post-2');
  t.equal((await write({ title: 'x'.repeat(200) })).json.slug.length, 193);

  const taken = await write({ title: 'Other', slug: 'same' });
  t.equal(taken.status, 409);
  t.match(taken.json, { code: 'duplicate', errors: [{ loc: ['body', 'slug'], input: 'same' }] });

  const { id } = (await write({ title: 'Moving', slug: 'first' })).json;
  t.equal((await alice.patch(`${URL}/${id}`, { slug: 'second' })).json.slug, 'second');
  const moved = await anyone.get(`${URL}/slug/first`);
  t.equal(moved.status, 301);
  t.equal(moved.headers['location'], `${URL}/slug/second`);
  t.equal((await write({ title: 'New', slug: 'first' })).status, 409, 'a former slug stays taken');
  t.equal((await alice.patch(`${URL}/${id}`, { slug: 'first' })).json.slug, 'first', 'back');
  t.equal((await anyone.get(`${URL}/slug/second`)).headers['location'], `${URL}/slug/first`);
  t.equal((await alice.patch(`${URL}/${id}`, { slug: 'same' })).status, 409);
  t.equal((await alice.get(`${URL}/${id}`)).json.slug, 'first');

  await alice.post(`${URL}/${id}/unpublish`);
  t.equal((await anyone.get(`${URL}/slug/second`)).status, 404, 'does not reveal a draft');
});

t.test('skips taken numbers of a slug', async (t) => {
  const write = (post: object) => bob.post(URL, { content: 'x', ...post });
  for (const slug of ['hello-999999', 'hello-2', 'hello-4']) await write({ title: 'x', slug });
  const slugs = [];
  for (let count = 0; count < 4; count += 1)
    slugs.push((await write({ title: 'Hello' })).json.slug);
  t.same(slugs, ['hello', 'hello-3', 'hello-5', 'hello-6']);
});

t.test('assigns unique slugs to concurrent posts with the same title', async (t) => {
  const replies = await Promise.all(
    Array.from({ length: 8 }, () =>
      alice.post(URL, { title: 'At once', content: 'x', tags: ['Rush'] }),
    ),
  );
  t.same(
    replies.map(({ status }) => status),
    Array(8).fill(201),
  );
  t.equal(new Set(replies.map(({ json }) => json.slug)).size, 8);
  t.equal(new Set(replies.map(({ json }) => json.tags[0].id)).size, 1);
});

t.test('keeps tags with the same slug apart', async (t) => {
  const { tags } = (await alice.post(URL, { ...draft, tags: ['C', 'C++', 'c#', 'С'] })).json;
  t.equal(tags.length, 4);
  t.equal(new Set(tags.map(({ slug }: { slug: string }) => slug)).size, 4);
});

t.test('filters, sorts and pages lists', async (t) => {
  const { id: authorId } = await createUser({ username: 'Lister' });
  const { rows } = await app.pg.query(
    `insert into categories (name, name_folded, slug)
     values ('Lists', 'lists', 'lists') returning id`,
  );
  const common = { author_id: authorId, category_id: rows[0].id, tags: ['listed'] };
  for (const [title, published_at, views] of [
    ['beta', '2025-01-31T23:59:59.999Z', 5],
    ['Alpha', '2025-02-01T00:00:00.000Z', 9],
    ['gamma', '2025-02-28T12:00:00.000Z', 5],
    ['Émile', '2025-03-01T00:00:00.000Z', 1],
  ] as const) {
    const { id } = await insertTestPost(app, { ...common, title, published_at });
    await app.pg.query('update post_views set view_count = $2 where post_id = $1', [id, views]);
  }
  await insertTestPost(app, { ...common, title: 'hidden', published_at: null });

  const mine = `${URL}?author=lister`;
  t.same(titles(await anyone.get(mine)), ['Émile', 'gamma', 'Alpha', 'beta']);
  t.same(titles(await anyone.get(`${mine}&sort=oldest`)), ['beta', 'Alpha', 'gamma', 'Émile']);
  t.same(titles(await anyone.get(`${mine}&sort=popular`)), ['Alpha', 'gamma', 'beta', 'Émile']);
  t.same(titles(await anyone.get(`${mine}&sort=title`)).slice(0, 3), ['Alpha', 'beta', 'gamma']);
  t.same(titles(await anyone.get(`${mine}&month=2025-02`)), ['gamma', 'Alpha']);
  t.equal((await anyone.get(`${URL}?category=lists`)).json.total, 4);
  t.equal((await anyone.get(`${URL}?tag=listed&category=lists`)).json.total, 4);
  for (const query of ['tag=nothing', 'category=nothing', 'author=nobody', 'month=1999-01']) {
    t.match((await anyone.get(`${URL}?${query}`)).json, { items: [], total: 0, pages: 0 }, query);
  }
  t.match((await anyone.get(`${mine}&page=99`)).json, { items: [], total: 4, has_next: false });

  for (const sort of ['newest', 'oldest', 'popular', 'title']) {
    const whole = titles(await anyone.get(`${mine}&sort=${sort}`));
    const walked: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await anyone.get(
        `${mine}&sort=${sort}&size=1&cursor=${encodeURIComponent(cursor)}`,
      );
      walked.push(...titles(page));
      cursor = page.json.next_cursor;
    }
    t.same(walked, whole, `by cursor, ${sort}`);
  }
  const foreign = (await anyone.get(`${mine}&sort=title&size=1&cursor=`)).json.next_cursor;
  t.equal((await anyone.get(`${mine}&sort=newest&cursor=${foreign}`)).status, 422);
});

t.test('returns timestamps of the first century as they are, in every time zone', async (t) => {
  const test = await createTestApp(t);
  const { db } = test.app;
  // Until 1901, Shanghai's offset has seconds: +08:05:43.
  await sql`
    do $$ begin
      execute format('alter database %I set timezone to %L', current_database(), 'Asia/Shanghai');
    end $$`.execute(db);
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(db);
  const moments = [
    '0001-03-04T05:06:07.000Z',
    '0070-01-02T03:04:05.678Z',
    '1900-01-01T00:00:00.000Z',
  ];
  for (const at of moments) {
    await insertTestPost(test.app, { title: at, published_at: at, created_at: at });
  }
  const read: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { json } = await test.client().get(`${URL}?sort=oldest&size=1&cursor=${cursor}`);
    for (const { title, published_at, created_at } of json.items) {
      t.same([published_at, created_at], [title, title]);
      read.push(title);
    }
    cursor = json.next_cursor;
  }
  t.same(read, moments, 'and continues lists after them');
});

t.test('continues a list after a title of any length', async (t) => {
  for (const letter of ['数', '😀', '\\', '\x01']) {
    const title = (end: string) => `${letter.repeat(199)}${end}`;
    const author = `by_${letter.codePointAt(0)}`;
    const { id } = await createUser({ username: author });
    for (const end of ['a', 'b', 'c']) {
      await insertTestPost(app, {
        title: title(end),
        slug: `${author}-${end}`.replace('_', '-'),
        author_id: id,
      });
    }
    const walked: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof anyone.get>> = await anyone.get(
        `${URL}?author=${author}&sort=title&size=1&cursor=${cursor}`,
      );
      walked.push(...titles(page));
      cursor = page.json.next_cursor;
    }
    t.same(walked, ['a', 'b', 'c'].map(title));
  }
});

t.test('takes two statements for a list, one by cursor, without contents', async (t) => {
  const byNumber = await recordStatements(() => anyone.get(`${URL}?size=100&sort=popular`));
  t.equal(byNumber.length, 2);
  t.equal((await recordStatements(() => anyone.get(`${URL}?cursor=&size=100`))).length, 1);
  const [item] = (await anyone.get(URL)).json.items;
  t.notOk('content' in item || 'content_html' in item || 'version' in item || 'sort_key' in item);
});

t.test('rejects invalid values with every error at once', async (t) => {
  const reply = await alice.post(URL, {
    title: ' ',
    slug: 'Not A Slug',
    tags: [''],
    status: 'secret',
    category_id: 0,
  });
  t.equal(reply.status, 422);
  t.same(
    reply.json.detail.map(({ type, loc }: { type: string; loc: string[] }) => [type, ...loc]),
    [
      ['string_pattern_mismatch', 'body', 'title'],
      ['missing', 'body', 'content'],
      ['greater_than_equal', 'body', 'category_id'],
      ['string_too_short', 'body', 'tags', 0],
      ['string_pattern_mismatch', 'body', 'slug'],
      ['literal_error', 'body', 'status'],
    ],
  );
  const dangling = await alice.post(URL, { ...draft, category_id: 999_999 });
  t.equal(dangling.status, 422);
  t.same(dangling.json.detail[0].loc, ['body', 'category_id']);
  for (const query of [
    'sort=views',
    'status=trash',
    'month=2026-13',
    'month=0000-01',
    'page=0',
    'size=101',
  ]) {
    t.equal((await anyone.get(`${URL}?${query}`)).status, 422, query);
  }
  t.equal((await anyone.get(`${URL}/0`)).status, 422);
  t.equal((await anyone.get(`${URL}/999999`)).status, 404);
  t.equal((await anyone.get(`${URL}/slug/nothing`)).status, 404);
  t.equal((await alice.post(URL, { title: 'x', content: 'y\u0000' })).status, 422);
});

/** Texts whose HTML is far longer than they are. */
const AMPLIFYING: Record<string, string> = {
  links: '[a](b) '.repeat(700),
  'links by reference': `[a]: b\n\n${'[a] '.repeat(1500)}`,
  quotes: `${'>'.repeat(97)}a\n\n`.repeat(50),
  tables: `|a|b|c\n|:-:|:-:|:-:\n${'|1|2|3\n'.repeat(600)}`,
  lists: '- - - - - - a\n'.repeat(400),
  'highlighted code': '```json\n[]\n```\n\n'.repeat(300),
};

t.test('refuses a text with too much HTML the same way in every operation', async (t) => {
  const { json } = await alice.post(URL, { title: 'Growing', content: 'Short.' });
  const url = `${URL}/${json.id}`;
  const count = async () => (await app.pg.query('select count(*)::integer from posts')).rows[0];
  const before = { post: (await alice.get(url)).json, count: await count() };
  for (const [name, content] of Object.entries(AMPLIFYING)) {
    const limit = Math.max(16_384, 6 * Buffer.byteLength(content));
    for (const reply of [
      await alice.post(URL, { title: name, content }),
      await alice.post(URL, { title: name, content }, { 'idempotency-key': name }),
      await alice.put(url, { title: name, content }),
      await alice.patch(url, { content }),
      await editor.patch(url, { title: name, content }),
    ]) {
      t.equal(reply.status, 422, name);
      t.same(reply.json.detail, [
        {
          type: 'html_too_long',
          loc: ['body', 'content'],
          msg: `Rendered HTML should have at most ${limit} bytes`,
          input: content,
          ctx: { max_length: limit },
        },
      ]);
    }
  }
  const chinese = await alice.patch(
    url,
    { content: AMPLIFYING['links'] },
    { 'accept-language': 'zh' },
  );
  t.match(chinese.json.detail[0].msg, /^渲染后的 HTML 不能超过 \d+ 字节$/);
  t.same({ post: (await alice.get(url)).json, count: await count() }, before, 'stores nothing');
});

t.test('limits the whole response to a post', async (t) => {
  const links = '数据库[a](b)'.repeat(22_000);
  const { json } = await alice.post(URL, { title: 'Long', content: links });
  t.match(json.detail, [{ type: 'html_too_long', ctx: { max_length: 1_000_000 } }]);
  const long = '一二三四五六七八九十。'.repeat(20_000).slice(0, 200_000);
  const { status, text } = await alice.post(URL, { title: 'Long', content: long });
  t.equal(status, 201);
  t.ok(Buffer.byteLength(text) < 2_000_000);
});

t.test('accepts a short text whatever its HTML', async (t) => {
  const content = '[a](b)'.repeat(300);
  const { status, json } = await alice.post(URL, { title: 'Short', content });
  t.equal(status, 201);
  t.ok(json.content_html.length > 7 * content.length);
});

t.test('keeps posts that were written under older limits', async (t) => {
  const content = AMPLIFYING['links'] ?? '';
  const { json } = await alice.post(URL, { title: 'Old', content: 'Short.' });
  const url = `${URL}/${json.id}`;
  await app.pg.query('update posts set content = $2, content_html = $3 where id = $1', [
    json.id,
    content,
    `<p>${content}</p>`,
  ]);
  t.equal((await alice.patch(url, { title: 'Older' })).status, 200);
  t.equal((await alice.patch(url, { title: 'Oldest', content })).status, 200, 'same content');
  t.equal((await alice.put(url, { title: 'Eldest', content })).status, 200);
  t.equal((await alice.post(`${url}/publish`)).status, 200);
  const read = await anyone.get(url);
  t.match(read.json, { title: 'Eldest', content, content_html: `<p>${content}</p>` });
  t.equal((await alice.patch(url, { content: `${content} ` })).status, 422);
});

t.test('keeps the posts of a deleted author', async (t) => {
  const { id: authorId } = await createUser({ username: 'leaving' });
  const { id } = await insertTestPost(app, { title: 'Left behind', author_id: authorId });
  await app.pg.query('delete from users where id = $1', [authorId]);
  t.equal((await anyone.get(`${URL}/${id}`)).json.author, null);
});

t.test('records changes in the audit log without the content', async (t) => {
  const { id } = (await alice.post(URL, { title: 'Audited', content: 'Long text here.' })).json;
  await alice.patch(`${URL}/${id}`, { content: 'Another text.' });
  await alice.post(`${URL}/${id}/publish`);
  await alice.delete(`${URL}/${id}`);
  const { rows } = await app.pg.query(
    `select action, before, after from audit_log where resource = 'post' and resource_id = $1 order by id`,
    [String(id)],
  );
  t.same(
    rows.map(({ action }) => action),
    ['post.create', 'post.change', 'post.publish', 'post.delete'],
  );
  t.same(Object.keys(rows[1].after), ['content_sha256']);
  t.same(rows[2].after, { status: 'published' });
  t.notMatch(JSON.stringify(rows), /text/);
});

t.test('limits changes per minute and IP address, with a count for each resource', async (t) => {
  const perMinute = 6;
  const narrow = await createTestApp(t, { ARTICLE_RATE_LIMIT: perMinute });
  const writer = await narrow.signedIn({ username: 'writer', role: 'editor' });
  const { id } = await insertTestPost(narrow.app, { title: 'Busy' });
  const [comment] = await insertTestComments(narrow.app, id, [{}]);
  const url = `${URL}/${id}`;
  const comments = `/api/v1/comments/${comment}`;
  const trash = '/api/v1/trash/post/2147483647';
  const body = { title: 'Busier', content: 'Words.' };
  type Send = () => Promise<{ status: number; headers: object }>;
  const resources: Record<string, Send[]> = {
    posts: [
      () => writer.post(URL, body),
      () => writer.put(url, body),
      () => writer.patch(url, body),
      () => writer.post(`${url}/publish`),
      () => writer.post(`${url}/unpublish`),
      () => writer.delete(`${URL}/2147483647`),
    ],
    comments: [
      () => writer.patch(comments, { content: 'Words.' }),
      () => writer.post(`${comments}/approve`),
      () => writer.post(`${comments}/reject`),
      () => writer.post('/api/v1/comments/moderate', { ids: [comment], action: 'approve' }),
      () => writer.delete('/api/v1/comments/2147483647'),
    ],
    trash: [() => writer.post(`${trash}/restore`), () => writer.delete(trash)],
  };
  for (const [name, operations] of Object.entries(resources)) {
    for (let count = 0; count < perMinute; count += 1) {
      const { status } = (await operations[count % operations.length]?.()) ?? {};
      t.not(status, 429, `${name}, request ${count}`);
    }
    for (const [index, send] of operations.entries()) {
      const { status, headers } = await send();
      t.equal(status, 429, `${name}, operation ${index}`);
      t.ok('retry-after' in headers);
    }
  }
  t.equal((await writer.get(url)).status, 200, 'reading is not counted');
});

t.test('creates a post once per idempotency key', async (t) => {
  const key = { 'idempotency-key': 'a post' };
  const first = await alice.post(URL, { ...draft, title: 'Once' }, key);
  const second = await alice.post(URL, { ...draft, title: 'Once' }, key);
  t.equal(second.json.id, first.json.id);
  t.equal(second.headers['idempotent-replayed'], 'true');
});
