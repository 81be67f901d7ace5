import t from 'tap';
import { enqueue } from '#src/queue/store.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';

const URL = '/api/v1/trash';
const POSTS = '/api/v1/posts';
const DAY_MS = 24 * 60 * 60 * 1000;

const { app, client, signedIn, clock } = await createTestApp(t);
const alice = await signedIn({ username: 'alice' });
const bob = await signedIn({ username: 'bob' });
const editor = await signedIn({ username: 'edith', role: 'editor' });

type Item = { id: number; title: string };
const titles = (reply: { json: { items: Item[] } }) => reply.json.items.map(({ title }) => title);

/** Creates a published post by Alice, deleted by the given user. */
async function deletedPost(title: string, by = alice, author = alice): Promise<number> {
  const { id } = (await author.post(POSTS, { title, content: 'x', status: 'published' })).json;
  t.equal((await by.delete(`${POSTS}/${id}`)).status, 204);
  clock.advance(1000);
  return id;
}

t.test('lists and restores what the viewer deleted', async (t) => {
  const id = await deletedPost('Gone');
  const [item] = (await alice.get(URL)).json.items;
  t.match(item, { kind: 'post', id, title: 'Gone', author: { username: 'alice' } });
  t.match(item.deleted_by, { username: 'alice' });
  t.equal(Date.parse(item.expires_at) - Date.parse(item.deleted_at), 30 * DAY_MS);

  t.same(titles(await bob.get(URL)), []);
  t.same(titles(await editor.get(URL)), ['Gone']);
  t.equal((await bob.post(`${URL}/post/${id}/restore`)).status, 404);
  t.equal((await bob.delete(`${URL}/post/${id}`)).status, 404);

  t.equal((await alice.post(`${URL}/post/${id}/restore`)).status, 204);
  t.match((await client().get(`${POSTS}/${id}`)).json, { slug: 'gone', status: 'published' });
  t.same(titles(await alice.get(URL)), []);
  t.equal((await alice.post(`${URL}/post/${id}/restore`)).status, 404, 'restored already');
});

t.test('lets only editors restore what an editor deleted', async (t) => {
  const id = await deletedPost('Removed', editor);
  t.same(titles(await alice.get(URL)), []);
  t.equal((await alice.post(`${URL}/post/${id}/restore`)).status, 404);
  t.equal((await alice.delete(`${URL}/post/${id}`)).status, 404);
  t.equal((await editor.post(`${URL}/post/${id}/restore`)).status, 204);
  t.equal((await alice.get(`${POSTS}/${id}`)).status, 200);
});

t.test(
  'keeps the slug taken while a post is in the trash, and frees it when the post is purged',
  async (t) => {
    const id = await deletedPost('Reserved');
    const write = () => alice.post(POSTS, { title: 'x', content: 'x', slug: 'reserved' });
    t.equal((await write()).status, 409);
    t.equal((await alice.delete(`${URL}/post/${id}`)).status, 204);
    t.equal((await alice.delete(`${URL}/post/${id}`)).status, 404);
    t.equal((await write()).status, 201);
    const { rows } = await app.pg.query(
      `select action from audit_log where resource_id = $1 and resource = 'post' order by id`,
      [String(id)],
    );
    t.same(
      rows.map(({ action }) => action),
      ['post.create', 'post.delete', 'post.purge'],
    );
  },
);

t.test('moves comments to the trash and keeps their place', async (t) => {
  const post = (await alice.post(POSTS, { title: 'Talk', content: 'x', status: 'published' })).json;
  const comments = `${POSTS}/${post.id}/comments`;
  const comment = async (content: string, parent_id?: number): Promise<number> =>
    (await editor.post(comments, { content, parent_id: parent_id ?? null })).json.id;
  const top = await comment('First words');
  const reply = await comment('An answer', top);
  await editor.delete(`/api/v1/comments/${top}`);

  const [item] = (await editor.get(`${URL}?kind=comment`)).json.items;
  t.match(item, { kind: 'comment', id: top, title: 'First words', author: { username: 'edith' } });
  t.same(titles(await alice.get(`${URL}?kind=comment`)), [], 'not her own');
  t.equal((await alice.post(`${URL}/comment/${top}/restore`)).status, 404);

  t.equal((await editor.post(`${URL}/comment/${top}/restore`)).status, 204);
  t.equal((await client().get(`/api/v1/comments/${top}`)).json.content, 'First words');

  await editor.delete(`/api/v1/comments/${top}`);
  t.equal((await editor.delete(`${URL}/comment/${top}`)).status, 204);
  t.same(titles(await editor.get(`${URL}?kind=comment`)), []);
  t.equal((await editor.post(`${URL}/comment/${top}/restore`)).status, 404);
  const [thread] = (await client().get(comments)).json.items;
  t.match(thread, { id: top, is_deleted: true, content: '', author: null });
  t.match(thread.replies, [{ id: reply, content: 'An answer' }]);

  await editor.delete(`/api/v1/comments/${reply}`);
  clock.advance(31 * DAY_MS);
  await enqueue(app.db, 'empty_trash', {});
  await app.runJobs();
  const { rows } = await app.pg.query('select from comments where post_id = $1', [post.id]);
  t.same(rows, [], 'removes the empty comment with its last reply');
  clock.advance(-31 * DAY_MS);
});

t.test('pages through the trash', async (t) => {
  for (const title of ['one', 'two', 'three']) await deletedPost(title);
  const page = await alice.get(`${URL}?size=2`);
  t.match(page.json, { total: 3, pages: 2 });
  t.same(titles(page), ['three', 'two']);
  t.same(titles(await alice.get(`${URL}?sort=deleted_at&size=1&cursor=`)), ['one']);
  const rest = await alice.get(`${URL}?size=2&cursor=${page.json.next_cursor}`);
  t.same(titles(rest), ['one']);
  for (const query of ['kind=user', 'sort=id', 'cursor=x']) {
    t.equal((await alice.get(`${URL}?${query}`)).status, 422, query);
  }
  t.equal((await alice.post(`${URL}/user/1/restore`)).status, 422);
});

t.test('purges items by a job after 30 days', async (t) => {
  const old = await deletedPost('Old');
  clock.advance(29 * DAY_MS);
  const later = client();
  await later.signIn('alice', PASSWORD);
  const recent = await deletedPost('Recent', later, later);
  clock.advance(DAY_MS);
  await enqueue(app.db, 'empty_trash', {});
  await app.runJobs();
  const { rows } = await app.pg.query('select id from posts where id = any($1)', [[old, recent]]);
  t.same(
    rows.map(({ id }) => id),
    [recent],
  );
  const entries = await app.pg.query(
    `select actor_id from audit_log where action = 'post.purge' and resource_id = $1`,
    [String(old)],
  );
  t.same(entries.rows, [{ actor_id: null }]);
});

t.test('schedules the job in a listening service', async (t) => {
  await app.listen({ host: '127.0.0.1', port: 0 });
  // The time limit of the test bounds this wait.
  for (let known = 0; known === 0; ) {
    const { rows } = await app.pg.query(
      `select from graphile_worker._private_known_crontabs where identifier = 'empty_trash'`,
    );
    known = rows.length;
  }
  t.pass('the queue knows it');
});
