import t from 'tap';
import { MAX_COMMENT_LENGTH } from '#schemas/comments.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestComments, insertTestPost, type TestComment } from '#test/support/articles.js';
import type { Client, Reply } from '#test/support/client.js';
import { keyOf } from '#test/support/credentials.js';

const URL = '/api/v1/comments';
const MINUTE_MS = 60_000;

const test = await createTestApp(t);
const { app, client, signedIn, clock } = test;
const anyone = client();
const ann = await signedIn({ username: 'ann', nickname: 'Ann' });
const bob = await signedIn({ username: 'bob' });
const editor = await signedIn({ username: 'eva', role: 'editor' });
const idOf = async (who: Client): Promise<number> => (await who.get('/api/v1/me')).json.id;
const annId = await idOf(ann);
const editorId = await idOf(editor);

const post = await insertTestPost(app, { title: 'A post' });
const COMMENTS = `/api/v1/posts/${post.id}/comments`;

async function write(who: Client, content = 'Words.', parent_id?: number): Promise<number> {
  const body = parent_id === undefined ? { content } : { content, parent_id };
  const reply = await who.post(COMMENTS, body);
  t.equal(reply.status, 201);
  return reply.json.id;
}
async function insert(comment: TestComment, on = post.id): Promise<number> {
  const [id = 0] = await insertTestComments(app, on, [comment]);
  return id;
}
const statuses = async (id: number, readers = [anyone, bob, ann, editor]) =>
  (await Promise.all(readers.map((who) => who.get(`${URL}/${id}`)))).map(({ status }) => status);
const ids = ({ json }: Reply): number[] => json.items.map(({ id }: { id: number }) => id);
async function auditOf(id: number): Promise<{ action: string; text: string }[]> {
  const { rows } = await app.pg.query(
    `select action, concat(before, after) as text from audit_log
     where resource = 'comment' and resource_id = $1 order by id`,
    [String(id)],
  );
  return rows;
}

t.test('keeps a comment pending until an editor approves it', async (t) => {
  const reply = await ann.post(COMMENTS, { content: 'A **bold** word' });
  t.equal(reply.status, 201);
  const { id } = reply.json;
  t.equal(reply.headers['location'], `${URL}/${id}`);
  t.match(reply.json, {
    post_id: post.id,
    parent_id: null,
    thread_id: id,
    depth: 0,
    author: { id: annId, username: 'ann', nickname: 'Ann', avatar_url: null },
    content: 'A **bold** word',
    is_approved: false,
    is_rejected: false,
    is_deleted: false,
    created_at: clock.read().toISOString(),
    updated_at: clock.read().toISOString(),
  });
  t.match(reply.json.content_html, '<strong>bold</strong>');
  t.same(await statuses(id), [404, 404, 200, 200]);
  t.same(ids(await anyone.get(COMMENTS)), []);
  t.same(ids(await ann.get(COMMENTS)), [id]);
  const key = client().withHeaders(await keyOf(test, annId, ['posts:read']));
  t.equal((await key.get(`${URL}/${id}`)).status, 200);

  const approved = await editor.post(`${URL}/${id}/approve`);
  t.match(approved.json, { id, is_approved: true });
  t.same(await statuses(id), [200, 200, 200, 200]);
  const rejected = await editor.post(`${URL}/${id}/reject`);
  t.match(rejected.json, { is_approved: false, is_rejected: true });
  t.same(await statuses(id), [404, 404, 200, 200]);
  const again = await editor.post(`${URL}/${id}/reject`);
  t.equal(again.headers['etag'], rejected.headers['etag'], 'nothing changed');
  t.match((await editor.post(`${URL}/${id}/approve`)).json, { is_rejected: false });
  t.same(
    (await auditOf(id)).map(({ action }) => action),
    ['comment.approve', 'comment.reject', 'comment.approve'],
  );
  t.equal((await ann.post(`${URL}/${id}/approve`)).json.code, 'forbidden');
});

t.test('approves comments by editors immediately', async (t) => {
  t.same(await statuses(await write(editor)), [200, 200, 200, 200]);
});

t.test('keeps approved replies to a comment that is edited, rejected and deleted', async (t) => {
  const { id: post } = await insertTestPost(app, { title: 'Moderated' });
  const comments = `/api/v1/posts/${post}/comments`;
  const parent = (await ann.post(comments, { content: 'First' })).json.id;
  await editor.post(`${URL}/${parent}/approve`);
  const answer = (await editor.post(comments, { content: 'Sure?', parent_id: parent })).json.id;
  const below = { content: 'Quite', parent_id: answer };
  const deeper = (await editor.post(comments, below)).json.id;
  const shown = async (reader: typeof ann) => {
    const { json } = await reader.get(`${comments}?form=flat`);
    const { comment_count } = (await anyone.get(`/api/v1/posts/${post}`)).json;
    return [comment_count, ...json.items.map(({ content }: { content: string }) => content)];
  };

  t.same(await shown(anyone), [3, 'First', 'Sure?', 'Quite']);
  await ann.patch(`${URL}/${parent}`, { content: 'Edited' });
  t.same(await shown(anyone), [2, '', 'Sure?', 'Quite'], 'waits for approval');
  t.same(await shown(ann), [2, 'Edited', 'Sure?', 'Quite']);
  const { json, text } = await anyone.get(comments);
  t.match(json, { total: 1 });
  t.match(json.items[0], {
    id: parent,
    author: null,
    content_html: '',
    is_approved: false,
    is_rejected: false,
    is_deleted: false,
  });
  t.notMatch(text, /Edited|"ann"/);

  await editor.post(`${URL}/${parent}/reject`);
  t.same(await shown(anyone), [2, '', 'Sure?', 'Quite'], 'rejected');
  t.match((await bob.get(comments)).json.items[0], { is_rejected: false, content: '' });
  t.match((await ann.get(comments)).json.items[0], { is_rejected: true, content: 'Edited' });
  t.match((await editor.get(comments)).json.items[0], { is_rejected: true, content: 'Edited' });
  for (const id of [answer, deeper]) t.same(await statuses(id), [200, 200, 200, 200]);
  t.same(await statuses(parent), [404, 404, 200, 200]);
  t.same(ids(await anyone.get(`${URL}/${parent}/replies`)), [answer]);
  t.equal((await bob.post(comments, { content: 'Hm', parent_id: parent })).status, 422);
  t.equal((await bob.post(comments, { content: 'Hm', parent_id: answer })).status, 201);

  await ann.delete(`${URL}/${parent}`);
  for (const reader of [anyone, ann]) {
    t.same(await shown(reader), [2, '', 'Sure?', 'Quite'], 'deleted');
  }
  t.equal((await editor.delete(`/api/v1/trash/comment/${parent}`)).status, 204);
  t.same(await shown(anyone), [2, '', 'Sure?', 'Quite'], 'purged');
  await editor.post(`${URL}/${answer}/reject`);
  t.same(await shown(anyone), [1, '', '', 'Quite']);
  await editor.post(`${URL}/${deeper}/reject`);
  t.same(await shown(anyone), [0], 'no placeholder without a reply');
  t.equal((await anyone.get(`${URL}/${parent}/replies`)).status, 404);
});

t.test('lets authors edit and delete their replies to a hidden comment', async (t) => {
  const parent = await write(editor, 'Well?');
  const reply = await write(bob, 'Good', parent);
  await editor.post(`${URL}/${parent}/reject`);
  t.equal((await bob.patch(`${URL}/${reply}`, { content: 'Better' })).status, 200);
  t.same(await statuses(reply), [404, 200, 404, 200]);
  t.equal((await bob.delete(`${URL}/${reply}`)).status, 204);
});

t.test('allows comments on a draft by those who see it, and answers 404 to others', async (t) => {
  const draft = await insertTestPost(app, { title: 'D', author_id: annId, published_at: null });
  const url = `/api/v1/posts/${draft.id}/comments`;
  const mine = await ann.post(url, { content: 'Note to myself' });
  t.equal(mine.status, 201);
  t.equal((await editor.post(url, { content: 'Good' })).status, 201);
  t.equal((await bob.post(url, { content: 'Hm' })).status, 404);
  t.equal((await editor.post(`${URL}/${mine.json.id}/approve`)).status, 200);
  t.same(await statuses(mine.json.id), [404, 404, 200, 200]);
  await app.pg.query('update posts set deleted_at = now() where id = $1', [draft.id]);
  t.same(await statuses(mine.json.id), [404, 404, 404, 404], 'nor on a deleted post');
});

t.test('requires the parent comment to be visible and on the same post', async (t) => {
  const other = await insertTestPost(app, { title: 'Another' });
  const visible = await insert({});
  const hidden = await insert({ is_approved: false });
  const wrong = [
    await insert({}, other.id),
    await insert({ deleted_by: editorId }),
    hidden,
    2_147_483_647,
  ];
  for (const parent_id of wrong) {
    const { status, json } = await bob.post(COMMENTS, { content: 'Hm', parent_id });
    t.equal(status, 422);
    t.match(json.detail, [{ type: 'value_error', loc: ['body', 'parent_id'], input: parent_id }]);
  }
  t.equal((await editor.post(COMMENTS, { content: 'Hm', parent_id: hidden })).status, 201);
  const { json } = await bob.post(COMMENTS, { content: 'Yes', parent_id: visible });
  t.match(json, { parent_id: visible, thread_id: visible, depth: 1 });
  const deeper = (await bob.post(COMMENTS, { content: 'Yes', parent_id: json.id })).json;
  t.match(deeper, { parent_id: json.id, thread_id: visible, depth: 2 });
});

t.test('limits the content and requires visible characters', async (t) => {
  const own = await write(ann);
  for (const content of ['', ' \n\t', '　', 'x'.repeat(MAX_COMMENT_LENGTH + 1), 7, undefined]) {
    t.equal((await ann.post(COMMENTS, { content })).status, 422);
    t.equal((await ann.patch(`${URL}/${own}`, { content })).status, 422);
  }
  t.equal((await ann.post(COMMENTS, { content: 'x'.repeat(MAX_COMMENT_LENGTH) })).status, 201);
  t.equal((await ann.post(COMMENTS, { content: 'x', parent_id: 0 })).status, 422);
  t.equal((await ann.post(COMMENTS, { content: 'a\u0000b' })).status, 422);
});

t.test('refuses comments that show nothing', async (t) => {
  const own = await write(ann);
  const invisible = [
    ...['\u3164', '\u2800\u115f', '\u00ad', '\u200b\ufeff', '\u{e0061}', '\u0301', '\u180e'],
    ...['<!-- hidden -->', '&#8203;', '&nbsp;', '&shy;', '<b></b>', '[a]: b', '[^1]: note'],
    ...['<script>alert(1)</script>', '[](/a)', '<div>\u3164</div>', '> ', '- \u200b', '#'],
  ];
  for (const content of invisible) {
    const { status, json } = await ann.post(COMMENTS, { content });
    t.equal(status, 422, JSON.stringify(content));
    t.match(json.detail, [{ loc: ['body', 'content'], input: content }]);
    t.equal((await ann.patch(`${URL}/${own}`, { content })).status, 422);
  }
  for (const content of ['.', '![](/a.png)', '---', '💡', '&amp;', '    ', '`\u200b`a'].filter(
    (text) => text.trim() !== '',
  )) {
    t.equal((await ann.post(COMMENTS, { content })).status, 201, content);
  }
});

t.test('sanitizes the rendered HTML', async (t) => {
  const content = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '[a](javascript:alert(1))',
    '<a href="java&#10;script:alert(1)">b</a>',
    '<svg onload=alert(1)>',
  ].join('\n\n');
  const { json } = await editor.post(COMMENTS, { content });
  t.equal(json.content, content);
  t.notMatch(json.content_html, /<script|<svg|<[^>]+\son\w+=|href="?\s*java/i);
  const edited = await editor.patch(`${URL}/${json.id}`, { content: `${content} again` });
  t.notMatch(edited.json.content_html, /<script|<svg|<[^>]+\son\w+=|href="?\s*java/i);
});

t.test('refuses a comment with too much HTML', async (t) => {
  const id = await write(ann, 'Short.');
  const total = async () => (await editor.get(`${URL}?size=1`)).json.total;
  const before = { comment: (await ann.get(`${URL}/${id}`)).json, total: await total() };
  for (const content of [
    '[a](b) '.repeat(700),
    `[a]: b\n\n${'[a] '.repeat(1240)}`,
    `${'>'.repeat(97)}a\n\n`.repeat(49),
    '```json\n[]\n```\n'.repeat(300),
  ]) {
    const limit = 6 * Buffer.byteLength(content);
    for (const reply of [
      await ann.post(COMMENTS, { content }),
      await ann.post(COMMENTS, { content, parent_id: id }),
      await ann.patch(`${URL}/${id}`, { content }),
    ]) {
      t.equal(reply.status, 422, content.slice(0, 20));
      t.match(reply.json.detail, [
        { type: 'html_too_long', loc: ['body', 'content'], ctx: { max_length: limit } },
      ]);
    }
  }
  const after = { comment: (await ann.get(`${URL}/${id}`)).json, total: await total() };
  t.same(after, before, 'stores nothing');
});

t.test('checks who may write before it renders anything expensive', async (t) => {
  const id = await write(ann, 'Short.');
  const content = '[a](b) '.repeat(700);
  t.equal((await bob.patch(`${URL}/${id}`, { content })).status, 404);
  await editor.post(`${URL}/${id}/approve`);
  t.equal((await bob.patch(`${URL}/${id}`, { content })).status, 403);
  t.equal((await ann.patch(`${URL}/${id}`, { content }, { 'if-match': '"0-x"' })).status, 412);
  t.equal((await ann.post('/api/v1/posts/2147483647/comments', { content })).status, 404);
  const reply = await ann.post(COMMENTS, { content, parent_id: 2147483647 });
  t.match(reply.json.detail, [{ loc: ['body', 'parent_id'] }]);
});

t.test('keeps a comment that was written under older limits', async (t) => {
  const id = await write(ann, 'Short.');
  const content = '[a](b) '.repeat(700);
  await app.pg.query('update comments set content = $2, content_html = $3 where id = $1', [
    id,
    content,
    `<p>${content}</p>`,
  ]);
  const { status, json } = await ann.patch(`${URL}/${id}`, { content });
  t.equal(status, 200);
  t.equal(json.content_html, `<p>${content}</p>`);
  t.equal((await editor.post(`${URL}/${id}/approve`)).status, 200);
});

t.test('lets the author edit a comment for 15 minutes', async (t) => {
  const id = await write(ann, 'Frist');
  await editor.post(`${URL}/${id}/approve`);
  t.equal((await bob.patch(`${URL}/${id}`, { content: 'x' })).json.code, 'forbidden');
  t.equal((await editor.patch(`${URL}/${id}`, { content: 'x' })).json.code, 'forbidden');
  t.match((await ann.patch(`${URL}/${id}`, { content: 'Frist' })).json, { is_approved: true });

  clock.advance(15 * MINUTE_MS);
  const edited = await ann.patch(`${URL}/${id}`, { content: 'First' });
  t.match(edited.json, {
    content: 'First',
    content_html: /First/,
    is_approved: false,
    updated_at: clock.read().toISOString(),
  });
  t.same(await statuses(id), [404, 404, 200, 200], 'pending again');

  clock.advance(1);
  const late = await ann.patch(`${URL}/${id}`, { content: 'Last' });
  t.equal(late.status, 403);
  t.match(late.json, { code: 'edit_window_over', detail: /15 minutes/ });
  clock.advance(-15 * MINUTE_MS - 1);

  const own = await write(editor);
  t.match((await editor.patch(`${URL}/${own}`, { content: 'y' })).json, { is_approved: true });
  const rejected = await write(ann);
  await editor.post(`${URL}/${rejected}/reject`);
  const tried = await ann.patch(`${URL}/${rejected}`, { content: 'Better' });
  t.match(tried.json, { is_approved: false, is_rejected: false });
  const entries = await auditOf(id);
  t.equal(entries.at(-1)?.action, 'comment.change');
  t.notMatch(entries.at(-1)?.text, /First|Frist/, 'the audit log does not keep the content');
});

t.test('rejects stale edits and approvals', async (t) => {
  const id = await write(ann, 'one');
  const url = `${URL}/${id}`;
  const read = await editor.get(url);
  const stale = { 'if-match': String(read.headers['etag']) };
  t.equal((await editor.get(url, { 'if-none-match': stale['if-match'] })).status, 304);
  const { headers } = await ann.patch(url, { content: 'two' }, stale);
  for (const late of [
    await ann.patch(url, { content: 'three' }, stale),
    await ann.delete(url, stale),
    await editor.post(`${url}/approve`, undefined, stale),
    await editor.post(`${url}/reject`, undefined, stale),
  ]) {
    t.equal(late.status, 412);
    t.equal(late.headers['etag'], headers['etag']);
  }
  t.match((await ann.get(url)).json, { content: 'two', is_approved: false });
  const current = { 'if-match': String(headers['etag']) };
  await ann.patch('/api/v1/me', { nickname: 'Anna' });
  t.not((await ann.get(url)).headers['etag'], headers['etag'], 'shows the new username');
  t.equal((await ann.delete(url, current)).status, 204, 'without changing the comment');
});

t.test('lets the author or an editor delete a comment', async (t) => {
  const id = await write(ann, 'A secret');
  await editor.post(`${URL}/${id}/approve`);
  const reply = await write(editor, 'An answer', id);
  t.equal((await bob.delete(`${URL}/${id}`)).json.code, 'forbidden');
  clock.advance(20 * MINUTE_MS);
  t.equal((await ann.delete(`${URL}/${id}`)).status, 204, 'long after it was created');
  clock.advance(-20 * MINUTE_MS);
  t.equal((await ann.delete(`${URL}/${id}`)).status, 404);
  t.same(await statuses(id), [404, 404, 404, 404]);
  t.same(await statuses(reply), [200, 200, 200, 200]);
  for (const who of [anyone, ann, editor]) {
    for (const url of [`${COMMENTS}?size=100`, `${COMMENTS}?form=flat&size=100`]) {
      const { text } = await who.get(url);
      t.notMatch(text, /A secret/);
    }
  }
  const all = (await editor.get(`${COMMENTS}?form=flat&size=100`)).json.items;
  t.match(
    all.find((comment: { id: number }) => comment.id === id),
    { is_deleted: true, author: null, content: '', content_html: '' },
  );
  for (const [method, url] of [
    ['PATCH', `${URL}/${id}`],
    ['POST', `${URL}/${id}/approve`],
    ['POST', `${URL}/${id}/reject`],
  ] as const) {
    const payload = method === 'PATCH' ? { content: 'x' } : undefined;
    const { status } = await editor.request({ method, url, ...(payload && { payload }) });
    t.equal(status, 404, url);
  }
  const unseen = await write(ann);
  t.equal((await bob.delete(`${URL}/${unseen}`)).status, 404, 'hidden from others');
  t.equal((await editor.delete(`${URL}/${unseen}`)).status, 204);
});

t.test('lists all and pending comments for editors', async (t) => {
  const on = await insertTestPost(app, { title: 'Busy' });
  const [first, second, third, fourth] = await insertTestComments(app, on.id, [
    { author_id: annId },
    { author_id: annId, is_approved: false },
    { is_approved: false, parent: 0 },
    { deleted_by: editorId },
  ]);
  const list = async (query: string) => ids(await editor.get(`${URL}?post_id=${on.id}&${query}`));
  t.same(await list(''), [third, second, first]);
  t.same(await list('sort=created_at'), [first, second, third]);
  t.same(await list('is_approved=false'), [third, second]);
  t.same(await list('is_approved=true'), [first]);
  t.same(await list('author=ANN'), [second, first]);
  t.same(await list('author=nobody'), []);
  await editor.post(`${URL}/${third}/reject`);
  t.same(await list('is_approved=false&is_rejected=false'), [second]);
  t.same(await list('is_rejected=true'), [third]);
  const page = (await editor.get(`${URL}?post_id=${on.id}&size=2`)).json;
  t.match(page, { total: 3, pages: 2, has_next: true });
  t.same(await list(`size=2&cursor=${page.next_cursor}`), [first]);
  t.ok(fourth);
  t.equal((await ann.get(URL)).json.code, 'forbidden');
});

/** Returns the comments as an editor reads them in the list of all comments. */
async function asRead(...numbers: number[]): Promise<{ id: number; version: number }[]> {
  const { items } = (await editor.get(`${URL}?size=100`)).json;
  const versions = new Map<number, number>(
    items.map(({ id, version }: { id: number; version: number }) => [id, version]),
  );
  return numbers.map((id) => ({ id, version: versions.get(id) ?? 1 }));
}

t.test('moderates many comments at once', async (t) => {
  const approved = await insert({});
  const waiting = await insert({ is_approved: false });
  const gone = await insert({ deleted_by: editorId });
  const moderate = async (action: string, ...numbers: number[]) =>
    (await editor.post(`${URL}/moderate`, { comments: await asRead(...numbers), action })).json;
  t.same(await moderate('approve', gone, waiting, 2_147_483_647, approved), {
    changed: [waiting],
    unchanged: [approved],
    missing: [gone, 2_147_483_647],
  });
  t.match(await moderate('reject', approved, waiting), { changed: [approved, waiting] });
  t.same(await statuses(waiting), [404, 404, 404, 200]);
  t.match(await moderate('delete', waiting, approved), { changed: [waiting, approved] });
  t.same((await moderate('delete', gone, gone)).missing, [gone], 'ignores duplicate ids');
  t.match(await moderate('delete', waiting), { changed: [], missing: [waiting] });
  t.same(
    (await auditOf(waiting)).map(({ action }) => action),
    ['comment.approve', 'comment.reject', 'comment.delete'],
  );
  const one = { id: 1, version: 1 };
  const invalid = [
    { comments: [], action: 'approve' },
    { comments: Array.from({ length: 101 }, () => one), action: 'approve' },
    { comments: [one], action: 'publish' },
    { comments: [{ id: 1 }], action: 'approve' },
    { comments: [{ id: 1, version: 0 }], action: 'approve' },
    { ids: [1], action: 'approve' },
  ];
  for (const body of invalid) t.equal((await editor.post(`${URL}/moderate`, body)).status, 422);
});

t.test('moderates nothing that has changed since it was read', async (t) => {
  const [edited, other, decided] = [
    await write(ann, 'Harmless'),
    await write(ann, 'Another'),
    await write(ann, 'Decided'),
  ];
  const comments = await asRead(edited, other, decided);
  await ann.patch(`${URL}/${edited}`, { content: 'Spam' });
  await editor.post(`${URL}/${decided}/reject`);
  for (const action of ['approve', 'reject', 'delete']) {
    const refused = await editor.post(`${URL}/moderate`, { comments, action });
    t.equal(refused.status, 412, action);
    t.match(refused.json, {
      code: 'precondition_failed',
      errors: [0, 2].map((index) => ({
        type: 'value_error',
        loc: ['body', 'comments', index, 'version'],
        msg: 'Value error, this comment has changed since you read it',
        input: comments[index]?.version,
      })),
    });
    t.equal(refused.json.errors.length, 2);
    t.equal(refused.headers['etag'], (await editor.get(`${URL}/${edited}`)).headers['etag']);
  }
  for (const id of [edited, other, decided]) {
    t.match((await editor.get(`${URL}/${id}`)).json, { is_approved: false });
  }
  t.same(await auditOf(other), []);
  const chinese = { 'accept-language': 'zh-CN' };
  const { json } = await editor.post(`${URL}/moderate`, { comments, action: 'approve' }, chinese);
  t.match(json.errors[0].msg, /[\u4e00-\u9fff]/);

  const again = { comments: await asRead(edited, other), action: 'approve' };
  t.match((await editor.post(`${URL}/moderate`, again)).json, { changed: [edited, other] });
  const twice = [...(await asRead(other)), { id: other, version: 1 }];
  t.equal(
    (await editor.post(`${URL}/moderate`, { comments: twice, action: 'reject' })).status,
    412,
    'one of two versions of a comment is out of date',
  );
});

t.test('creates a comment once per idempotency key', async (t) => {
  const key = { 'idempotency-key': 'once' };
  const first = await ann.post(COMMENTS, { content: 'Once' }, key);
  const second = await ann.post(COMMENTS, { content: 'Once' }, key);
  t.equal(second.headers['idempotent-replayed'], 'true');
  t.same(second.json, first.json);
});

t.test('limits comments per minute and IP address', async (t) => {
  const narrow = await createTestApp(t, { COMMENT_RATE_LIMIT: 2 });
  const writer = await narrow.signedIn({ username: 'writer' });
  const { id } = await insertTestPost(narrow.app, { title: 'Busy' });
  const send = () => writer.post(`/api/v1/posts/${id}/comments`, { content: 'x' });
  t.same([(await send()).status, (await send()).status], [201, 201]);
  const refused = await send();
  t.equal(refused.status, 429);
  t.ok(refused.headers['retry-after']);
  t.equal((await writer.get(`/api/v1/posts/${id}/comments`)).status, 200, 'reading is not counted');
});
