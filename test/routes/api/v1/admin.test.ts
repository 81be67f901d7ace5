import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { insertTestComments, insertTestPost } from '#test/support/articles.js';

const { app, signedIn } = await createTestApp(t);
const admin = await signedIn({ username: 'root', role: 'admin' });

t.test('describes the database', async (t) => {
  const { rows } = await app.pg.query(
    'select current_database() as database, current_user as user',
  );
  const { status, json } = await admin.get('/api/v1/admin/db');
  t.equal(status, 200);
  t.match(json, { version: /^PostgreSQL \d+(?:\.\d+)?$/, ...rows[0] });
});

t.test('counts resources', async (t) => {
  const before = (await admin.get('/api/v1/admin/stats')).json;
  t.match(before, { users: 1, active_users: 1, posts: 0, comments: 0, tags: 0, sessions: 1 });
  await app.pg.query(
    "insert into users (username, username_folded, is_active) values ('gone', 'gone', false)",
  );
  const post = await insertTestPost(app, { title: 'Public' });
  await insertTestPost(app, { title: 'Draft', published_at: null });
  const trashed = await insertTestPost(app, { title: 'Trashed' });
  await app.pg.query('update posts set deleted_at = now() where id = $1', [trashed.id]);
  await insertTestComments(app, post.id, [{}, { is_approved: false }]);
  t.match((await admin.get('/api/v1/admin/stats')).json, {
    users: 2,
    active_users: 1,
    posts: 2,
    published_posts: 1,
    comments: 2,
    pending_comments: 1,
  });
});
