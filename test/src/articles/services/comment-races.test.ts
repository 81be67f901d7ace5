import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { chainOf, insertTestComments, insertTestPost } from '#test/support/articles.js';
import type { Reply } from '#test/support/client.js';
import { untilWaiting } from '#test/support/waiting.js';

const { app, signedIn, createUser } = await createTestApp(t);
const { id: userId } = await createUser({ username: 'ann' });
const editor = await signedIn({ username: 'eva', role: 'editor' });

async function newComment() {
  const post = await insertTestPost(app, { title: `Post ${Math.random()}` });
  const [id = 0] = await insertTestComments(app, post.id, [{ is_approved: false }]);
  return { post: post.id, id };
}

/** Runs `request` while another transaction has deleted the comment but not committed. */
async function whileDeleting(id: number, request: () => Promise<Reply>): Promise<Reply> {
  const other = await app.pg.connect();
  try {
    await other.query('begin');
    await other.query('update comments set deleted_at = now(), deleted_by = $2 where id = $1', [
      id,
      userId,
    ]);
    const pending = request();
    await untilWaiting(app, 1);
    await other.query('commit');
    return await pending;
  } finally {
    other.release();
  }
}

t.test('rejects a reply to a comment that is being deleted', async (t) => {
  const { post, id } = await newComment();
  const body = { content: 'An answer', parent_id: id };
  const reply = await whileDeleting(id, () => editor.post(`/api/v1/posts/${post}/comments`, body));
  t.equal(reply.status, 422);
  t.match(reply.json.detail, [{ loc: ['body', 'parent_id'] }]);
});

t.test('does not approve a comment that is being deleted, alone or in bulk', async (t) => {
  const { id } = await newComment();
  const one = await whileDeleting(id, () => editor.post(`/api/v1/comments/${id}/approve`));
  t.equal(one.status, 404);
  const { id: next } = await newComment();
  const body = { comments: [{ id: next, version: 1 }], action: 'approve' };
  const many = await whileDeleting(next, () => editor.post('/api/v1/comments/moderate', body));
  t.same(many.json, { changed: [], unchanged: [], missing: [next] });
  const { rows } = await app.pg.query('select from comments where is_approved');
  t.same(rows, []);
});

t.test('rejects one of two concurrent changes of the same version', async (t) => {
  const { post } = await newComment();
  const written = await editor.post(`/api/v1/posts/${post}/comments`, { content: 'one' });
  const match = { 'if-match': String(written.headers['etag']) };
  const url = `/api/v1/comments/${written.json.id}`;
  const replies = await Promise.all(
    ['two', 'three'].map((content) => editor.patch(url, { content }, match)),
  );
  t.same(replies.map(({ status }) => status).sort(), [200, 412]);
});

t.test('purges a post with a thread of 10,000 levels', async (t) => {
  const { post } = await newComment();
  await insertTestComments(app, post, chainOf(10_000));
  await app.pg.query('delete from posts where id = $1', [post]);
  const { rows } = await app.pg.query('select from comments where post_id = $1', [post]);
  t.same(rows, []);
});

t.test('purges a chain of 10,000 deleted comments with the last one', async (t) => {
  const { post } = await newComment();
  const length = 10_000;
  const ids = await insertTestComments(
    app,
    post,
    chainOf(length, () => ({ deleted_by: userId })),
  );
  await app.pg.query(
    `update comments set content = '', author_id = null, purged_at = now()
     where post_id = $1 and deleted_at is not null and id <> $2`,
    [post, ids.at(-1)],
  );
  const trash = `/api/v1/trash/comment/${ids.at(-1)}`;
  t.equal((await editor.delete(trash)).status, 204);
  const { rows } = await app.pg.query(
    'select from comments where post_id = $1 and deleted_at is not null',
    [post],
  );
  t.same(rows, []);
});
