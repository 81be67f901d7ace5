import { sql } from 'kysely';
import t from 'tap';
import { enqueue } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestComment, insertTestPost } from '#test/support/articles.js';
import type { Client } from '#test/support/client.js';
import { recordStatements } from '#test/support/statements.js';
import { until } from '#test/support/waiting.js';

const URL = '/api/v1/search';

const { app, client, createUser, signedIn } = await createTestApp(t);
const anyone = client();
const alice = await signedIn({ username: 'alice' });
const { id: aliceId } = (await alice.get('/api/v1/me')).json;

const urlOf = (q: string, more = '') => `${URL}?q=${encodeURIComponent(q)}${more}`;
async function untilHit(url: string, who: Client = anyone): Promise<void> {
  await until(async () => (await who.get(url)).headers['x-cache'] === 'hit');
}
const titles = async (q: string, who: Client = anyone) =>
  (await who.get(urlOf(q))).json.items.map(
    ({ post }: { post: { title: string } }) => post.title,
  ) as string[];

t.test('answers a repeated search without a statement', async (t) => {
  await insertTestPost(app, { title: 'Pooling', content: 'A quick pool.' });
  await untilHit(urlOf('pool'));
  const fresh = await anyone.get(urlOf('quick pool', '&size=5'));
  t.match(fresh.headers, { 'x-cache': 'miss', 'cache-control': 'public, no-cache' });
  const same = ['quick  pool', ' QUICK Pool ', 'quick pool -', 'ｑｕｉｃｋ pool'];
  for (const q of same) {
    const statements = await recordStatements(async () => {
      const { headers, json } = await anyone.get(urlOf(q, '&size=5'));
      t.match(headers, { 'x-cache': 'hit', etag: fresh.headers['etag'] }, q);
      t.same(json, fresh.json);
    });
    t.same(statements, [], q);
  }
  const tag = String(fresh.headers['etag']);
  const known = await anyone.get(urlOf('quick pool', '&size=5'), { 'if-none-match': tag });
  t.equal(known.status, 304);
  for (const [q, more] of [
    ['"quick pool"', '&size=5'],
    ['pool quick', '&size=5'],
    ['quick -pool', '&size=5'],
    ['quick pool', '&size=6'],
    ['quick pool', '&size=5&page=2'],
    ['quick pool', '&size=5&sort=date'],
  ] as const) {
    t.equal((await anyone.get(urlOf(q, more))).headers['x-cache'], 'miss', `${q} ${more}`);
  }
});

t.test('has one answer for all pages beyond the last possible one', async (t) => {
  await insertTestPost(app, { title: 'Paged', content: 'A numbat.' });
  await untilHit(urlOf('numbat', '&size=20&page=201'));
  for (const page of [202, 10_000, 1_000_000]) {
    const statements = await recordStatements(async () => {
      const { json } = await anyone.get(urlOf('numbat', `&size=20&page=${page}`));
      t.match(json, { items: [], total: 1, page, pages: 1, has_next: false, has_prev: true });
    });
    t.same(statements, [], `page ${page}`);
  }
});

t.test('serves no answer that a change has made wrong', async (t) => {
  const editor = await signedIn({ username: 'edith', role: 'editor' });
  await untilHit(urlOf('zebra'));
  t.same(await titles('zebra'), []);
  const post = (await alice.post('/api/v1/posts', { title: 'A zebra', content: 'It runs.' })).json;
  t.same(await titles('zebra'), [], 'not as a draft');
  await alice.post(`/api/v1/posts/${post.id}/publish`);
  t.same(await titles('zebra'), ['A zebra']);
  await untilHit(urlOf('zebra'));
  await alice.patch(`/api/v1/posts/${post.id}`, { title: 'Two zebras' });
  t.same(await titles('zebra'), ['Two zebras']);
  await editor.post(`/api/v1/posts/${post.id}/comments`, { content: 'I like zebras.' });
  t.same(await titles('zebra'), ['Two zebras', 'Two zebras']);
  await alice.delete(`/api/v1/posts/${post.id}`);
  t.same(await titles('zebra'), []);

  // Changes by other processes arrive as notifications.
  const { id } = await insertTestPost(app, { title: 'Tagged', tags: ['okapi'] });
  await untilHit(urlOf('okapi'));
  t.same(await titles('okapi'), ['Tagged']);
  await insertTestComment(app, { post_id: id, content: 'An okapi.' });
  await until(async () => (await titles('okapi')).length === 2);
  await sql`update posts set deleted_at = now() where id = ${id}`.execute(app.db);
  await until(async () => (await titles('okapi')).length === 0);
});

t.test('forgets answers when posts are indexed again under the new name of a tag', async (t) => {
  await insertTestPost(app, { title: 'Marked', tags: ['kakapo'] });
  const tag = await app.db
    .selectFrom('tags')
    .select(['id', 'search_words'])
    .where('name', '=', 'kakapo')
    .executeTakeFirstOrThrow();
  await sql`update tags set name = 'wallaby', search_words = 'wallaby'
    where id = ${tag.id}`.execute(app.db);
  // This answer is made after the change of the tag, and before that of the post.
  await untilHit(urlOf('wallaby'));
  t.same(await titles('wallaby'), []);
  await enqueue(app.db, 'reindex_tag', { tagId: tag.id, words: tag.search_words });
  await app.runJobs();
  await until(async () => (await titles('wallaby')).length === 1);
});

t.test('shares nothing that only some may see', async (t) => {
  await insertTestPost(app, {
    title: 'Secret quokka',
    published_at: null,
    author_id: aliceId,
  });
  const { id } = await insertTestPost(app, { title: 'Open quokka' });
  await createUser({ username: 'carol' });
  await insertTestComment(app, {
    post_id: id,
    content: 'A hidden quokka.',
    is_approved: false,
    author_id: aliceId,
  });
  await untilHit(urlOf('quokka'));
  const both = ['Open quokka', 'Open quokka', 'Secret quokka'];
  for (let round = 0; round < 2; round += 1) {
    t.same((await titles('quokka', alice)).sort(), both);
    const own = await alice.get(urlOf('quokka'));
    t.match(own.headers, { 'x-cache': 'miss', 'cache-control': 'private, no-cache' });
    t.same(await titles('quokka'), ['Open quokka']);
    t.equal((await anyone.get(urlOf('quokka'))).headers['x-cache'], 'hit');
  }
});

t.test('keeps the lists that everyone reads, whatever is searched for', async (t) => {
  const lists = ['/api/v1/posts', '/api/v1/tags', '/api/v1/posts?sort=title'];
  for (const url of lists) await untilHit(url);
  const searches = ['/api/v1/search', '/api/v1/posts', '/api/v1/tags', '/api/v1/categories'];
  for (let n = 0; n < 600; n += 1) {
    const url = `${searches[n % searches.length]}?q=word${n}`;
    const { status } = await anyone.get(url);
    if (status !== 200) t.fail(`${url} was answered ${status}`);
  }
  for (const url of lists) t.equal((await anyone.get(url)).headers['x-cache'], 'hit', url);
  t.equal((await anyone.get('/api/v1/search?q=word0')).headers['x-cache'], 'miss', 'not forever');
});
