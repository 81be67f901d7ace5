import t from 'tap';
import { MAX_COMMENT_LENGTH, MAX_COMMENTS, MAX_LEVELS } from '#schemas/comments.js';
import { MAX_PAGE_BYTES } from '#schemas/paging.js';
import { createTestApp } from '#test/support/app.js';
import {
  chainOf,
  insertTestComments,
  insertTestPost,
  type TestComment,
} from '#test/support/articles.js';
import type { Client } from '#test/support/client.js';
import { recordCalls, recordStatements } from '#test/support/statements.js';

const { app, client, signedIn } = await createTestApp(t);
const anyone = client();
const ann = await signedIn({ username: 'ann' });
const author: { id: number } = (await ann.get('/api/v1/me')).json;
const editor = await signedIn({ username: 'eva', role: 'editor' });

interface Node {
  id: number;
  parent_id: number | null;
  thread_id: number;
  depth: number;
  content: string;
  author: { username: string } | null;
  is_deleted: boolean;
  is_truncated?: boolean;
  has_more_replies: boolean;
  replies?: Node[];
}

async function postWith(comments: TestComment[]) {
  const post = await insertTestPost(app, { title: `Post ${Math.random()}` });
  const ids = await insertTestComments(app, post.id, comments);
  return { url: `/api/v1/posts/${post.id}/comments`, post: post.id, ids };
}

/** Returns the tree in short: the content, followed by the replies in brackets. */
type Sketch = (string | Sketch)[];
function sketch(nodes: Node[]): Sketch {
  return nodes.flatMap(({ content, replies = [] }) =>
    replies.length === 0 ? [content] : [content, sketch(replies)],
  );
}

function countOf(nodes: Node[]): number {
  const pending = [...nodes];
  let count = 0;
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    count += 1;
    for (const reply of node.replies ?? []) pending.push(reply);
  }
  return count;
}

t.test('pages through threads with nested replies', async (t) => {
  const { url, post, ids } = await postWith([
    { content: 'a', author_id: author.id },
    { content: 'b' },
    { content: 'a1', parent: 0 },
    { content: 'a2', parent: 0 },
    { content: 'a1x', parent: 2 },
    { content: 'c' },
  ]);
  const { json, headers } = await anyone.get(url);
  t.same(sketch(json.items), ['a', ['a1', ['a1x'], 'a2'], 'b', 'c']);
  t.match(json, { total: 3, page: 1, pages: 1, has_next: false });
  t.match(headers['link'], /rel="first"/);
  t.match(json.items[0], {
    id: ids[0],
    post_id: post,
    parent_id: null,
    thread_id: ids[0],
    depth: 0,
    author: { id: author.id, username: 'ann' },
    is_approved: true,
    is_rejected: false,
    is_deleted: false,
    has_more_replies: false,
  });
  t.match(json.items[0].replies[0].replies[0], {
    parent_id: ids[2],
    thread_id: ids[0],
    depth: 2,
    author: null,
    replies: [],
  });

  t.same(sketch((await anyone.get(`${url}?sort=-created_at&size=1`)).json.items), ['c']);
  const second = (await anyone.get(`${url}?size=1&page=2`)).json;
  t.match(second, { total: 3, pages: 3, has_next: true, has_prev: true });
  t.same(sketch(second.items), ['b']);

  const first = (await anyone.get(`${url}?size=2&cursor=`)).json;
  t.match(first, { total: null, has_next: true });
  const next = (await anyone.get(`${url}?size=2&cursor=${first.next_cursor}`)).json;
  t.same(sketch(next.items), ['c']);
  t.equal((await anyone.get(`${url}?cursor=x`)).status, 422);
});

t.test('returns the same comments in reading order in the flat form', async (t) => {
  const { url, ids } = await postWith([
    { content: 'a' },
    { content: 'b' },
    { content: 'a1', parent: 0 },
    { content: 'a2', parent: 0 },
    { content: 'a1x', parent: 2 },
  ]);
  const { json } = await anyone.get(`${url}?form=flat`);
  t.same(
    json.items.map(({ content, depth, parent_id, thread_id }: Node) => [
      content,
      depth,
      parent_id,
      thread_id,
    ]),
    [
      ['a', 0, null, ids[0]],
      ['a1', 1, ids[0], ids[0]],
      ['a1x', 2, ids[2], ids[0]],
      ['a2', 1, ids[0], ids[0]],
      ['b', 0, null, ids[1]],
    ],
  );
  t.notOk(json.items.some((item: Node) => 'replies' in item));
  t.equal(json.total, 2, 'counts threads');
});

t.test('answers 404 for the comments of an invisible post', async (t) => {
  const draft = await insertTestPost(app, {
    title: 'Draft',
    author_id: author.id,
    published_at: null,
  });
  await insertTestComments(app, draft.id, [{}]);
  const url = `/api/v1/posts/${draft.id}/comments`;
  t.equal((await anyone.get(url)).status, 404);
  t.equal((await anyone.get(`${url}?cursor=`)).status, 404);
  t.equal((await editor.get(url)).json.items.length, 1);
  t.equal((await anyone.get('/api/v1/posts/2147483647/comments')).status, 404);
  const empty = await postWith([]);
  t.match((await anyone.get(empty.url)).json, { items: [], total: 0, pages: 0 });
});

t.test('takes three statements for a tree of 500 comments', async (t) => {
  const { url } = await postWith(
    Array.from({ length: 500 }, (_, index) =>
      index < 10 ? {} : { parent: Math.floor(index / 3) - 3 },
    ),
  );
  let count = 0;
  const statements = await recordStatements(async () => {
    count = countOf((await anyone.get(url)).json.items);
  });
  t.equal(count, 500);
  t.equal(statements.length, 3);
  t.equal((await recordStatements(() => anyone.get(`${url}?cursor=`))).length, 3);
  const bare = await postWith([{}, {}]);
  t.equal((await recordStatements(() => anyone.get(bare.url))).length, 2, 'without replies');
});

t.test('pages through a chain of 10,000 replies', async (t) => {
  const length = 10_000;
  const { url, ids } = await postWith(chainOf(length));

  const tree = (await anyone.get(url)).json;
  t.equal(tree.total, 1);
  t.equal(countOf(tree.items), MAX_LEVELS + 1);
  const flat = (await anyone.get(`${url}?form=flat`)).json;
  t.equal(flat.items.length, MAX_COMMENTS);
  t.same(
    flat.items.map(({ id }: Node) => id),
    ids.slice(0, MAX_COMMENTS),
  );

  for (const form of ['tree', 'flat']) {
    const seen: number[] = [];
    let next: string | null = `${url}?form=${form}`;
    while (next !== null) {
      const { json } = await anyone.get(next);
      next = null;
      const pending: Node[] = json.items.toReversed();
      for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
        seen.push(node.id);
        pending.push(...(node.replies ?? []));
        if (node.has_more_replies) next = `/api/v1/comments/${node.id}/replies?form=${form}`;
      }
    }
    t.equal(seen.length, length, form);
    t.same(seen, ids, `${form}: in order, without duplicates`);
  }
});

t.test('pages through 5,000 replies to one comment', async (t) => {
  const wide = Array.from({ length: 5000 }, () => ({ parent: 0 }));
  const { url, ids } = await postWith([{}, ...wide, {}]);
  const { items } = (await anyone.get(url)).json;
  t.equal(countOf(items), MAX_COMMENTS);
  t.equal(items[0].has_more_replies, true);
  t.equal(items[1].has_more_replies, false);

  const seen: number[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: string = `/api/v1/comments/${ids[0]}/replies?size=100&cursor=${cursor}`;
    const { json } = await anyone.get(page);
    seen.push(...json.items.map(({ id }: Node) => id));
    cursor = json.next_cursor;
  }
  t.same(seen, ids.slice(1, -1));
  const { json } = await anyone.get(`/api/v1/comments/${ids[0]}/replies`);
  t.match(json, { total: 5000, pages: 500 });
});

/** What a response may have beside the comments that fill it: the others, without their texts. */
const MOST_BYTES = MAX_PAGE_BYTES * 1.3;

/** Texts of which JSON makes as many bytes as possible, as a comment and its HTML. */
const LARGE: Record<string, [content: string, html: string]> = {
  letters: ['a'.repeat(MAX_COMMENT_LENGTH), 'b'.repeat(50_000)],
  quotes: ['"'.repeat(MAX_COMMENT_LENGTH), '"'.repeat(50_000)],
  'control characters': ['\x01'.repeat(MAX_COMMENT_LENGTH), '\x02'.repeat(20_000)],
  emoji: ['😀'.repeat(MAX_COMMENT_LENGTH), '😀'.repeat(20_000)],
  'short texts': ['a', 'b'],
};

/** Inserts comments with these texts, by an author with the largest public fields. */
async function postWithLarge([content, html]: [string, string], comments: TestComment[]) {
  const { rows } = await app.pg.query(
    `insert into users (username, username_folded, nickname, avatar_url)
     select name, name, repeat(e'\\x01', 50), rpad('https://', 256, e'\\x01')
     from (select 'u' || floor(random() * 1e9) as name) as made
     returning id`,
  );
  const author_id = rows[0].id;
  const made = await postWith(comments.map((comment) => ({ ...comment, author_id })));
  await app.pg.query('update comments set content = $2, content_html = $3 where post_id = $1', [
    made.post,
    content,
    html,
  ]);
  return made;
}

const nodesOf = (nodes: Node[]): Node[] =>
  nodes.flatMap((node) => [node, ...nodesOf(node.replies ?? [])]);

/** Returns the ids of all comments of a list, following every link to further ones. */
async function idsOf(url: string, form: string): Promise<number[]> {
  const seen: number[] = [];
  const pending = [url];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    let page = 1;
    for (let more = true; more; page += 1) {
      const { json, text } = await editor.get(`${next}?form=${form}&size=100&page=${page}`);
      t.ok(Buffer.byteLength(text) < MOST_BYTES, `${Buffer.byteLength(text)} bytes`);
      more = json.has_next;
      for (const node of nodesOf(json.items)) {
        if (seen.includes(node.id)) continue;
        seen.push(node.id);
        if (node.has_more_replies) pending.push(`/api/v1/comments/${node.id}/replies`);
      }
    }
  }
  return seen.sort((a, b) => a - b);
}

t.test('limits a response by bytes', async (t) => {
  const shapes: Record<string, TestComment[]> = {
    'replies to one comment': [{}, ...Array.from({ length: 300 }, () => ({ parent: 0 }))],
    'a chain': chainOf(100),
    'a tree': Array.from({ length: 200 }, (_, index) =>
      index < 5 ? {} : { parent: Math.floor(index / 5) - 1 },
    ),
  };
  for (const [name, texts] of Object.entries(LARGE)) {
    for (const [shape, comments] of Object.entries(shapes)) {
      const { url, ids } = await postWithLarge(texts, comments);
      for (const form of ['tree', 'flat']) {
        const { json, text } = await editor.get(`${url}?form=${form}`);
        const size = Buffer.byteLength(text);
        t.ok(size < MOST_BYTES, `${name}, ${shape}, ${form}: ${size} bytes`);
        const nodes = nodesOf(json.items);
        t.notOk(nodes.some(({ is_truncated, content }) => is_truncated || content === ''));
        const present = new Set(nodes.map(({ id }) => id));
        for (const [index, { parent }] of comments.entries()) {
          const above = nodes.find(({ id }) => parent !== undefined && id === ids[parent]);
          if (above === undefined || present.has(ids[index] ?? 0)) continue;
          if (!above.has_more_replies) t.fail(`${name}, ${shape}: says that replies are missing`);
        }
      }
    }
    const { url, ids } = await postWithLarge(texts, (shapes['a tree'] ?? []).slice(0, 60));
    t.same(await idsOf(url, 'tree'), ids, `${name}: reaches every comment`);
  }
});

t.test('leaves the texts of further comments in the database', async (t) => {
  const { url } = await postWithLarge(LARGE['letters'] ?? ['', ''], [
    {},
    ...Array.from({ length: 999 }, () => ({ parent: 0 })),
  ]);
  const calls = await recordCalls(() => editor.get(url));
  let bytes = 0;
  for (const { text, values } of calls) {
    const query = `select sum(octet_length(r::text))::integer as bytes from (${text}) r`;
    bytes += (await app.pg.query(query, [...values])).rows[0].bytes;
  }
  t.ok(bytes > 100_000 && bytes < MOST_BYTES, `${bytes} bytes`);
});

t.test('pages through large comments without skipping any', async (t) => {
  const count = 130;
  for (const [name, texts] of Object.entries(LARGE)) {
    const tops = Array.from({ length: count }, () => ({}));
    const { url, post, ids } = await postWithLarge(texts, [
      ...tops,
      ...tops.map(() => ({ parent: 0 })),
    ]);
    for (const [path, expected] of [
      [url, ids.slice(0, count)],
      [`/api/v1/comments/${ids[0]}/replies`, ids.slice(count)],
      [`/api/v1/comments`, ids],
    ] as const) {
      const query = path === '/api/v1/comments' ? `?post_id=${post}&sort=created_at&` : '?';
      const seen: number[] = [];
      for (let page = 1; ; page += 1) {
        const { json, text } = await editor.get(`${path}${query}size=100&page=${page}`);
        const size = Buffer.byteLength(text);
        t.ok(size < MOST_BYTES, `${name}, ${path}: ${size} bytes`);
        t.match(json, { total: expected.length, pages: Math.ceil(expected.length / 100) });
        t.equal(json.items[0].content, texts[0], 'the first comment is whole');
        for (const item of json.items) {
          const isWhole = item.content === texts[0] && item.content_html === texts[1];
          const isBare = item.content === '' && item.content_html === '';
          if (!(item.is_truncated === true ? isBare : isWhole)) t.fail(`${name}: ${item.id}`);
          seen.push(item.id);
        }
        if (!json.has_next) break;
      }
      t.same(seen, expected, `${name}: each once, by page`);
      const next: number[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: string = `${path}${query}size=100&cursor=${cursor}`;
        const { json } = await editor.get(page);
        next.push(...json.items.map(({ id }: Node) => id));
        cursor = json.next_cursor;
      }
      t.same(next, expected, `${name}: each once, by cursor`);
    }
    const one = (await editor.get(`/api/v1/comments/${ids.at(-1)}`)).json;
    t.equal(one.content, texts[0], 'a single comment is whole');
    t.notOk('is_truncated' in one);
  }
});

t.test('keeps the place of a deleted comment only for visible replies', async (t) => {
  const gone = { deleted_by: author.id, author_id: author.id };
  const { url, ids } = await postWith([
    { content: 'a', ...gone },
    { content: 'a1', parent: 0, ...gone },
    { content: 'a1x', parent: 1 },
    { content: 'b', ...gone },
    { content: 'b1', parent: 3, ...gone },
    { content: 'b2', parent: 3, is_approved: false },
    { content: 'c' },
    { content: 'c1', parent: 6, ...gone },
    { content: 'c2', parent: 6, ...gone, is_approved: false },
    { content: 'c2x', parent: 8 },
  ]);
  const reply = await anyone.get(url);
  t.same(sketch(reply.json.items), ['', ['', ['a1x']], 'c', ['', ['c2x']]]);
  t.equal(reply.json.total, 2);
  t.match(reply.json.items[0], { is_deleted: true, author: null, content_html: '' });
  t.notMatch(reply.text, /ann|b1|c1/);
  const all = (await editor.get(url)).json;
  t.same(sketch(all.items), ['', ['', ['a1x']], '', ['b2'], 'c', ['', ['c2x']]]);
  t.equal(all.total, 3);

  const replies = (index: number) => `/api/v1/comments/${ids[index]}/replies`;
  t.same(sketch((await anyone.get(replies(0))).json.items), ['', ['a1x']]);
  t.equal((await anyone.get(replies(3))).status, 404, 'is not shown');
  t.same(sketch((await anyone.get(replies(8))).json.items), ['c2x']);
  t.equal((await anyone.get(replies(9))).status, 200);
  t.equal((await anyone.get(`/api/v1/comments/${ids[0]}`)).status, 404);
});

t.test('shows each reader exactly the comments that they see, and those above', async (t) => {
  for (let round = 0; round < 30; round += 1) {
    const comments = Array.from({ length: 40 }, (_, index): TestComment => {
      const parent = Math.floor(Math.random() * (index + 5)) - 5;
      return {
        content: `c${index}`,
        ...(parent >= 0 && { parent }),
        is_approved: Math.random() < 0.5,
        ...(Math.random() < 0.3 && { author_id: author.id }),
        ...(Math.random() < 0.3 && { deleted_by: author.id }),
      };
    });
    const { url, post, ids } = await postWith(comments);
    const isOpenTo: [Client, (comment: TestComment) => boolean][] = [
      [anyone, ({ is_approved }) => is_approved === true],
      [ann, ({ is_approved, author_id }) => is_approved === true || author_id === author.id],
      [editor, () => true],
    ];
    for (const [reader, isOpen] of isOpenTo) {
      const expected = new Map<number, string>();
      for (const [index, comment] of comments.entries()) {
        if (comment.deleted_by !== undefined || !isOpen(comment)) continue;
        expected.set(ids[index] ?? 0, comment.content ?? '');
        for (let up = comment.parent; up !== undefined; up = comments[up]?.parent) {
          if (!expected.has(ids[up] ?? 0)) expected.set(ids[up] ?? 0, '');
        }
      }
      const { json } = await reader.get(`${url}?form=flat&size=100`);
      const found = json.items.map(({ id, content }: Node) => [id, content]);
      t.same(new Map(found), expected);
      t.equal(json.total, json.items.filter(({ depth }: Node) => depth === 0).length);
      t.notOk(json.items.some(({ has_more_replies }: Node) => has_more_replies));
      if (reader !== anyone) continue;
      const { comment_count } = (await anyone.get(`/api/v1/posts/${post}`)).json;
      t.equal(comment_count, [...expected.values()].filter((content) => content !== '').length);
    }
  }
});

t.test('handles 10,000 pending comments above and beside a visible one', async (t) => {
  const length = 10_000;
  const isLast = (index: number) => index === length - 1;
  const chain = await postWith(chainOf(length, (index) => ({ is_approved: isLast(index) })));
  const { json } = await anyone.get(`${chain.url}?form=flat`);
  t.equal(json.items.length, MAX_COMMENTS);
  t.equal(json.items.at(-1).has_more_replies, true);

  const wide = await postWith(
    Array.from({ length }, (_, index) => ({
      is_approved: isLast(index),
      ...(isLast(index) && { parent: 0 }),
    })),
  );
  t.same(countOf((await anyone.get(wide.url)).json.items), 2);
});

t.test('handles 10,000 deleted comments above a visible one', async (t) => {
  const length = 10_000;
  const { url } = await postWith(
    chainOf(length, (index) => (index === length - 1 ? {} : { deleted_by: author.id })),
  );
  const { json } = await anyone.get(`${url}?form=flat`);
  t.equal(json.items.length, MAX_COMMENTS);
  t.equal(json.items.at(-1).has_more_replies, true);

  const bare = await postWith(chainOf(length, () => ({ deleted_by: author.id })));
  t.match((await anyone.get(bare.url)).json, { items: [], total: 0 });
});

t.test('finds the replies by index if most comments reply to the same one', async (t) => {
  const { app, signedIn } = await createTestApp(t);
  const editor = await signedIn({ username: 'eva', role: 'editor' });
  const { id } = await insertTestPost(app, { title: 'Busy' });
  await insertTestComments(app, id, [{}, ...Array.from({ length: 999 }, () => ({ parent: 0 }))]);
  await app.pg.query('vacuum analyze comments');
  const calls = await recordCalls(() => editor.get(`/api/v1/posts/${id}/comments`));
  const { text, values } = calls.at(-1) ?? { text: '', values: [] };
  const { rows } = await app.pg.query(`explain (analyze, timing off) ${text}`, [...values]);
  const scans = rows
    .map((row) => String(row['QUERY PLAN']))
    .filter(
      (line) =>
        /(?:Seq|Index|Heap).* Scan .*on comments /.test(line) && !line.includes('never executed'),
    );
  t.ok(scans.length > 2);
  for (const scan of scans) t.match(scan, /Index Scan using comments_(?:parent_id_idx|pkey)/);
});

t.test('never scans the whole table', async (t) => {
  const big = await postWith(chainOf(5000));
  await postWith(Array.from({ length: 20_000 }, () => ({})));
  const { url, ids } = await postWith([{}, ...Array.from({ length: 499 }, () => ({ parent: 0 }))]);
  await app.pg.query('analyze comments');
  const other = await signedIn({ username: 'olga' });
  for (const reader of [anyone, other, editor]) {
    const statements = [
      ...(await recordCalls(() => reader.get(url))),
      ...(await recordCalls(() => reader.get(`/api/v1/comments/${ids[0]}/replies`))),
      ...(await recordCalls(() => reader.get(`/api/v1/comments/${big.ids[4000]}`))),
    ].filter(({ text }) => text.includes('comments'));
    t.ok(statements.length >= 6);
    for (const { text, values } of statements) {
      const { rows } = await app.pg.query(`explain ${text}`, [...values]);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      t.match(plan, /Index(?: Only)? Scan using comments_/);
      t.notMatch(plan, /Seq Scan on comments/, text.slice(0, 200));
    }
  }
});

t.test('reads a comment below its post only', async (t) => {
  const post = await insertTestPost(app, { title: 'Read one' });
  const other = await insertTestPost(app, { title: 'Another' });
  const [id, pending] = await insertTestComments(app, post.id, [
    { author_id: author.id },
    { author_id: author.id, is_approved: false },
  ]);
  const url = (of: { id: number }, comment: unknown) =>
    `/api/v1/posts/${of.id}/comments/${comment}`;
  const read = await anyone.get(url(post, id));
  const alone = await anyone.get(`/api/v1/comments/${id}`);
  t.same([read.status, read.json], [200, alone.json]);
  t.equal(read.headers['etag'], alone.headers['etag']);
  const tag = { 'if-none-match': String(read.headers['etag']) };
  t.equal((await anyone.get(url(post, id), tag)).status, 304);
  t.equal((await anyone.get(url(other, id))).status, 404, 'another post');
  t.equal((await anyone.get(url(post, 2_000_000_000))).status, 404);
  t.equal((await anyone.get(url(post, pending))).status, 404, 'not approved');
  t.equal((await editor.get(url(post, pending))).status, 200);
  t.same((await anyone.get(url(post, 'x'))).json.detail[0].loc, ['path', 'comment_id']);
});
