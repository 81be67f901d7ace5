import t from 'tap';
import { loadDemoData } from '#app/demo/demo-data.js';
import { createTestApp } from '#test/support/app.js';

t.test('adds only users if there are posts already', async (t) => {
  const { app, client } = await createTestApp(t);
  await app.pg.query(
    `insert into categories (name, name_folded, slug) values ('guides', 'guides', 'guides')`,
  );
  t.type(await loadDemoData(app.db), 'string');
  t.equal((await client().get('/api/v1/posts')).json.total, 0);
  t.equal((await client().get('/api/v1/users')).json.total, 17);
});

t.test('creates users who write and comment', async (t) => {
  const { app, client } = await createTestApp(t);
  const password = await loadDemoData(app.db);
  const { json: posts } = await client().get('/api/v1/posts');
  t.equal(posts.total, 4, 'does not list the draft');
  t.match(posts.items[0], {
    title: 'Formatting a post',
    author: { username: 'alice' },
    category: { name: 'Guides' },
    tags: [{ name: 'markdown' }, { name: 'writing' }],
    comment_count: 3,
  });
  const { json: post } = await client().get(`/api/v1/posts/${posts.items[0].id}`);
  t.match(post.content_html, /<table>.*<input type="checkbox".*<span class="hljs/s);
  const { json: comments } = await client().get(`/api/v1/posts/${post.id}/comments`);
  t.match(comments.items, [
    { author: { username: 'bob' }, replies: [{ replies: [{ author: { username: 'bob' } }] }] },
  ]);
  const found = await client().get(`/api/v1/search?q=${encodeURIComponent('数据库')}`);
  t.match(found.json.items, [{ post: { title: '使用数据库连接池' } }]);

  const admin = client();
  t.equal((await admin.signIn('admin', String(password))).status, 200);
  t.equal((await admin.get('/api/v1/posts?status=draft')).json.total, 1);
  t.match((await admin.get('/api/v1/comments?is_approved=false')).json, { total: 1 });
  t.equal(await loadDemoData(app.db), null, 'loads only once');
});
