import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost, type TestPost } from '#test/support/articles.js';
import { keyOf } from '#test/support/credentials.js';
import { recordStatements } from '#test/support/statements.js';

const URL = '/api/v1/posts';
const LISTS = ['popular', 'archives', 'by-author', 'by-tag'];

const testApp = await createTestApp(t);
const { app, client, signedIn, createUser, databaseUrl } = testApp;
const anyone = client();
const editor = await signedIn({ username: 'edith', role: 'editor' });
const { id: alice } = await createUser({ username: 'alice', nickname: 'Alice' });
const { id: bob } = await createUser({ username: 'bob' });

interface CountedPost extends TestPost {
  views?: number;
  /** Comments on the post: whether each is approved, or deleted. */
  comments?: ('approved' | 'waiting' | 'deleted')[];
  isDeleted?: boolean;
}

async function write({ views = 0, comments = [], isDeleted = false, ...post }: CountedPost) {
  const { id } = await insertTestPost(app, post);
  await app.pg.query('update post_views set view_count = $1 where post_id = $2', [views, id]);
  for (const state of comments) {
    await app.pg.query(
      `insert into comments (post_id, content, content_html, is_approved, deleted_at, search)
       values ($1, 'c', '<p>c</p>', $2, $3, '')`,
      [id, state !== 'waiting', state === 'deleted' ? new Date() : null],
    );
  }
  if (isDeleted) await app.pg.query('update posts set deleted_at = now() where id = $1', [id]);
  return id;
}

const items = async (path: string, caller = anyone) => {
  const reply = await caller.get(`${URL}/${path}`);
  t.equal(reply.status, 200, path);
  return reply.json.items;
};

/** Properties that must not count, however many views there are. */
const UNSEEN = { author_id: alice, tags: ['Hidden', 'SQL'], views: 1_000 };

t.test('is empty before anything is published', async (t) => {
  await write({ title: 'A draft', published_at: null, ...UNSEEN });
  await write({ title: 'Thrown away', isDeleted: true, ...UNSEEN });
  for (const list of LISTS) {
    t.same(await items(list), [], list);
    t.same(await items(list, editor), [], `${list}: drafts do not count`);
  }
});

t.test('with published posts', async (t) => {
  await write({
    title: 'Last of the year',
    author_id: alice,
    tags: ['SQL', 'Node'],
    published_at: '2025-12-31T23:59:59.999Z',
    views: 5,
    comments: ['approved', 'approved', 'waiting', 'deleted'],
  });
  await write({
    title: 'First of the year',
    author_id: alice,
    tags: ['SQL'],
    published_at: '2026-01-01T00:00:00.000Z',
    created_at: '2025-06-01T00:00:00.000Z',
    views: 40,
    comments: ['approved'],
  });
  await write({
    title: 'End of January',
    author_id: bob,
    tags: ['Node', 'Chinese 数据库'],
    published_at: '2026-01-31T23:59:59.999Z',
    views: 300,
  });
  await write({ title: 'Of nobody', tags: ['SQL'], published_at: '2026-03-01T00:00:00.000Z' });

  await t.test('lists the most viewed posts first', async (t) => {
    const popular = await items('popular');
    t.same(
      popular.map(({ title, view_count }: { title: string; view_count: number }) => [
        title,
        view_count,
      ]),
      [
        ['End of January', 300],
        ['First of the year', 40],
        ['Last of the year', 5],
        ['Of nobody', 0],
      ],
    );
    t.match(popular[1], { author: { nickname: 'Alice' }, tags: [{ name: 'SQL' }] });
    t.notOk('content' in popular[0]);
    t.equal((await items('popular?limit=2')).length, 2);
  });

  await t.test('counts by month in UTC, newest first', async (t) => {
    const months = [
      { month: '2026-03', post_count: 1 },
      { month: '2026-01', post_count: 2 },
      { month: '2025-12', post_count: 1 },
    ];
    t.same(await items('archives'), months);
    for (const { month, post_count } of months) {
      t.equal((await anyone.get(`${URL}?month=${month}`)).json.total, post_count, month);
    }
    const name = new globalThis.URL(databaseUrl).pathname.slice(1);
    await app.pg.query(`alter database "${name}" set timezone to 'Asia/Shanghai'`);
    const elsewhere = await createTestApp(t, {}, { databaseUrl });
    const { rows } = await elsewhere.app.pg.query('show timezone');
    t.comment(`The sessions of the database are in ${rows[0].TimeZone}`);
    t.same((await elsewhere.client().get(`${URL}/archives`)).json.items, months);
  });

  await t.test('counts authors with their views and comments', async (t) => {
    t.match(await items('by-author'), [
      { author: { username: 'alice' }, post_count: 2, view_count: 45, comment_count: 3 },
      { author: { username: 'bob' }, post_count: 1, view_count: 300, comment_count: 0 },
    ]);
    t.equal((await items('by-author')).length, 2, 'ignores posts without an author');
    t.equal((await items('by-author?limit=1'))[0].author.id, alice);
  });

  await t.test('counts tags, by name if equal', async (t) => {
    const tags = await items('by-tag');
    t.match(tags, [
      { tag: { name: 'SQL', slug: 'sql' }, post_count: 3, view_count: 45 },
      { tag: { name: 'Node' }, post_count: 2, view_count: 305 },
      { tag: { name: 'Chinese 数据库' }, post_count: 1, view_count: 300 },
    ]);
    t.equal(tags.length, 3, 'omits a tag of drafts only');
    t.equal((await items('by-tag?limit=1')).length, 1);
  });

  await t.test('takes one statement each', async (t) => {
    const fresh = (await createTestApp(t, {}, { databaseUrl })).client();
    await fresh.get(URL);
    for (const list of LISTS) {
      const statements = await recordStatements(() => fresh.get(`${URL}/${list}`));
      t.equal(statements.length, 1, list);
    }
  });
});

t.test('limits to 1 to 100, and requires the scope', async (t) => {
  for (const list of LISTS.filter((name) => name !== 'archives')) {
    for (const limit of ['0', '101', 'ten', '1.5', '']) {
      const reply = await anyone.get(`${URL}/${list}?limit=${limit}`);
      t.equal(reply.status, 422, `${list}: ${limit}`);
      t.same(reply.json.detail[0].loc, ['query', 'limit']);
    }
    t.equal((await anyone.get(`${URL}/${list}?limit=100`)).status, 200);
  }
  const writer = anyone.withHeaders(await keyOf(testApp, alice, ['posts:write']));
  for (const list of LISTS) t.equal((await writer.get(`${URL}/${list}`)).status, 403, list);
});
