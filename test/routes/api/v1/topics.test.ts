import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { keyOf } from '#test/support/credentials.js';
import { recordStatements } from '#test/support/statements.js';

/** Tests common to categories and tags; `category` and `tag` in names stand for either. */
const KINDS = ['categories', 'tags'] as const;

type Item = { id: number; name: string; slug: string; post_count: number };
const names = (reply: { json: { items: Item[] } }) => reply.json.items.map(({ name }) => name);
const locs = (errors: { loc: string[] }[]) => errors.map(({ loc }) => loc.join('.'));

for (const kind of KINDS) {
  t.test(kind, async (t) => {
    const testApp = await createTestApp(t);
    const { app, client, signedIn, createUser, clock } = testApp;
    const url = `/api/v1/${kind}`;
    const anyone = client();
    const editor = await signedIn({ username: 'edith', role: 'editor' });
    const author = await signedIn({ username: 'alice' });
    // Only editors see a tag until a published post has it.
    const reader = kind === 'tags' ? editor : anyone;

    async function create(name: string, slug?: string): Promise<Item> {
      const reply = await editor.post(url, { name, ...(slug === undefined ? {} : { slug }) });
      t.equal(reply.status, 201, `${name} was created`);
      return reply.json;
    }

    /** Creates posts of this topic as described. */
    async function write(topic: Item, ...posts: { title: string; state?: 'draft' | 'trash' }[]) {
      for (const { title, state } of posts) {
        const { id } = await insertTestPost(app, {
          title,
          published_at: state === 'draft' ? null : clock.read().toISOString(),
          ...(kind === 'tags' ? { tags: [topic.name] } : { category_id: topic.id }),
        });
        const deletedAt = clock.read().toISOString();
        if (state !== 'trash') continue;
        await app.pg.query('update posts set deleted_at = $1 where id = $2', [deletedAt, id]);
      }
    }

    t.beforeEach(() => app.pg.query(`truncate posts, categories, tags restart identity cascade`));

    await t.test('creates, reads, updates and deletes', async (t) => {
      const created = await editor.post(url, { name: ' Data bases ' });
      t.equal(created.status, 201);
      t.equal(created.headers['location'], `${url}/${created.json.id}`);
      t.match(created.json, { name: 'Data bases', slug: 'data-bases', post_count: 0 });
      t.notOk('version' in created.json);

      const path = `${url}/${created.json.id}`;
      const read = await reader.get(path);
      t.same(read.json, created.json);
      const etag = String(read.headers['etag']);
      t.equal(etag, created.headers['etag']);
      t.equal((await reader.get(path, { 'if-none-match': etag })).status, 304);

      clock.advance(1000);
      const changed = await editor.patch(path, { name: 'Storage' }, { 'if-match': etag });
      t.match(changed.json, { name: 'Storage', slug: 'data-bases' }, 'keeps the slug');
      t.equal(changed.json.updated_at, clock.read().toISOString());
      t.not(changed.headers['etag'], etag);

      const replaced = await editor.put(path, { name: 'Stores', slug: 'stores' });
      t.match(replaced.json, { name: 'Stores', slug: 'stores' });
      t.equal((await editor.put(path, { name: 'STORES' })).json.slug, 'stores');

      t.equal((await editor.delete(path)).status, 204);
      for (const reply of [
        await reader.get(path),
        await editor.patch(path, { name: 'x' }),
        await editor.put(path, { name: 'x' }),
        await editor.delete(path),
      ]) {
        t.equal(reply.status, 404);
        t.equal(reply.json.code, 'not_found');
      }

      const { rows } = await app.pg.query(
        'select action, before, after from audit_log where resource = $1 order by id',
        [kind === 'tags' ? 'tag' : 'category'],
      );
      const noun = kind === 'tags' ? 'tag' : 'category';
      t.match(rows, [
        { action: `${noun}.create`, before: null, after: { name: 'Data bases' } },
        { action: `${noun}.change`, before: { name: 'Data bases' }, after: { name: 'Storage' } },
        { action: `${noun}.change`, after: { name: 'Stores', slug: 'stores' } },
        { action: `${noun}.change`, before: { name: 'Stores' }, after: { name: 'STORES' } },
        { action: `${noun}.delete`, before: { name: 'STORES', slug: 'stores' }, after: null },
      ]);
      t.same(rows[1].after, { name: 'Storage' }, 'changes nothing else');
    });

    await t.test('changes nothing if the values are the same', async (t) => {
      const { id, name, slug } = await create('Same');
      const before = await reader.get(`${url}/${id}`);
      clock.advance(1000);
      for (const body of [{}, { name }, { name: ` ${name} `, slug }]) {
        const reply = await editor.patch(`${url}/${id}`, body);
        t.same(reply.json, before.json);
        t.equal(reply.headers['etag'], before.headers['etag']);
      }
    });

    await t.test('rejects a stale If-Match; a new post does not make it stale', async (t) => {
      const topic = await create('Guarded');
      const path = `${url}/${topic.id}`;
      const stale = String((await reader.get(path)).headers['etag']);
      await write(topic, { title: 'One more' });
      const etag = String((await reader.get(path)).headers['etag']);
      t.not(etag, stale, 'the ETag follows the response');
      t.equal((await editor.patch(path, { name: 'New' }, { 'if-match': stale })).status, 200);

      const current = (await reader.get(path)).headers['etag'];
      for (const [refused, what] of [
        [await editor.patch(path, { name: 'Newer' }, { 'if-match': etag }), 'PATCH'],
        [await editor.put(path, { name: 'Newer' }, { 'if-match': etag }), 'PUT'],
        [await editor.delete(path, { 'if-match': etag }), 'DELETE'],
        [await editor.delete(path, { 'if-match': `W/${current}` }), 'a weak tag'],
      ] as const) {
        t.equal(refused.status, 412, what);
        t.equal(refused.headers['etag'], current, what);
      }
      t.equal((await reader.get(path)).json.name, 'New');
      t.equal((await editor.delete(path, { 'if-match': '*' })).status, 204);
    });

    await t.test('requires an editor and the scope for writing', async (t) => {
      const { id } = await create('Ruled');
      const path = `${url}/${id}`;
      for (const [caller, status] of [
        [anyone, 401],
        [author, 403],
      ] as const) {
        t.equal((await caller.post(url, { name: 'Mine' })).status, status);
        t.equal((await caller.put(path, { name: 'Mine' })).status, status);
        t.equal((await caller.patch(path, { name: 'Mine' })).status, status);
        t.equal((await caller.delete(path)).status, status);
      }
      const { id: userId } = await createUser({ username: `ed_${kind}`, role: 'editor' });
      const reader = anyone.withHeaders(await keyOf(testApp, userId, ['posts:read']));
      const writer = anyone.withHeaders(await keyOf(testApp, userId, ['posts:write']));
      t.equal((await reader.get(path)).status, 200);
      t.match(await reader.patch(path, { name: 'Mine' }), {
        status: 403,
        json: { code: 'insufficient_scope' },
      });
      t.equal((await writer.get(url)).status, 403, 'writing scopes do not allow reading');
      t.equal((await writer.patch(path, { name: 'Ours' })).status, 200);
      t.equal((await reader.get(path)).json.name, 'Ours');
    });

    await t.test('derives slugs from names in any script, with numbers', async (t) => {
      for (const [name, slug] of [
        ['Node.js & Fastify', 'node-js-fastify'],
        ['数据库', 'shu-ju-ku'],
        ['Ünïcode Straße', 'unicode-strasse'],
        ['数据-库', 'shu-ju-ku-2'],
        ['数,据 库', 'shu-ju-ku-3'],
        ['🎉', kind === 'tags' ? 'tag' : 'category'],
        ['🎈🎈', kind === 'tags' ? 'tag-2' : 'category-2'],
        ['2024', '2024'],
      ] as const) {
        t.equal((await create(name)).slug, slug, name);
      }
      const long = await create(`${'word '.repeat(9)}words`);
      t.match(long.slug, /^(?:word-)*word$/, 'cut at a word');
      t.ok(long.slug.length <= 50);
      t.equal((await create('Chosen', 'my-own')).slug, 'my-own');
    });

    await t.test('reports every taken value', async (t) => {
      await create('Taken', 'used');
      const { id } = await create('Other');
      const attempts = (body: object) => [
        () => editor.post(url, body),
        () => editor.put(`${url}/${id}`, body),
        () => editor.patch(`${url}/${id}`, body),
      ];
      for (const [body, fields] of [
        [{ name: ' TAKEN' }, ['body.name']],
        [{ name: 'Free', slug: 'used' }, ['body.slug']],
        [{ name: 'taken', slug: 'used' }, ['body.name', 'body.slug']],
      ] as const) {
        for (const attempt of attempts(body)) {
          const { status, json } = await attempt();
          t.equal(status, 409, JSON.stringify(body));
          t.equal(json.code, 'duplicate');
          t.same(locs(json.errors), fields);
        }
      }
      const own = await editor.patch(`${url}/${id}`, { name: 'OTHER', slug: 'used' });
      t.same(locs(own.json.errors), ['body.slug'], 'its own values are not taken');
      t.match((await reader.get(`${url}/${id}`)).json, { name: 'Other', slug: 'other' });
    });

    await t.test('accepts one of many concurrent requests for the same name', async (t) => {
      const replies = await Promise.all(
        Array.from({ length: 6 }, () => editor.post(url, { name: 'Contested' })),
      );
      t.same(replies.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409]);
      for (const { status, json } of replies) {
        if (status === 409) t.same(locs(json.errors), ['body.name']);
      }
      const others = await Promise.all(
        ['數據', '数据', '数 据', 'Shu-Ju'].map((name) => editor.post(url, { name })),
      );
      t.same(others.map(({ json }) => json.slug).sort(), [
        'shu-ju',
        'shu-ju-2',
        'shu-ju-3',
        'shu-ju-4',
      ]);
      const [a, b] = [await create('A'), await create('B')];
      const renamed = await Promise.all(
        [a, b].map(({ id }) => editor.patch(`${url}/${id}`, { name: 'C', slug: 'c' })),
      );
      t.same(renamed.map(({ status }) => status).sort(), [200, 409]);
    });

    await t.test('rejects invalid values with every error at once', async (t) => {
      const { status, json } = await editor.post(url, { name: ' ', slug: 'Not A Slug' });
      t.equal(status, 422);
      t.same(locs(json.detail), ['body.name', 'body.slug']);
      for (const body of [
        {},
        { name: '' },
        { name: null },
        { name: 'x'.repeat(51) },
        { name: 'x', slug: 'x'.repeat(51) },
        { name: 'x', slug: '' },
        { name: 'x', slug: '-x' },
        { name: 'nul \u0000' },
      ]) {
        t.equal((await editor.post(url, body)).status, 422, JSON.stringify(body));
      }
      for (const query of ['sort=slug', 'size=0', 'page=0', 'cursor=x', `q=${'x'.repeat(101)}`]) {
        t.equal((await reader.get(`${url}?${query}`)).status, 422, query);
      }
      t.equal((await reader.get(`${url}/none`)).status, 422);
      t.equal((await reader.get(`${url}/none/posts?sort=views`)).status, 422);
    });

    await t.test('counts and lists published posts only', async (t) => {
      const topic = await create('Counted');
      await create('Empty');
      await write(
        topic,
        { title: 'Shown' },
        { title: 'Hidden', state: 'draft' },
        { title: 'Thrown away', state: 'trash' },
        { title: 'Also shown' },
      );
      for (const caller of [anyone, author, editor]) {
        t.equal((await caller.get(`${url}/${topic.id}`)).json.post_count, 2);
        const { items } = (await caller.get(url)).json;
        const isUnusedShown = kind === 'categories' || caller === editor;
        t.same(
          items.map(({ post_count }: Item) => post_count),
          isUnusedShown ? [2, 0] : [2],
        );
        const posts = await caller.get(`${url}/counted/posts?sort=title`);
        t.same(
          posts.json.items.map(({ title }: { title: string }) => title),
          ['Also shown', 'Shown'],
        );
        t.equal(posts.json.total, 2);
        t.notOk(posts.text.includes('Hidden'));
      }
      const changed = await editor.patch(`${url}/${topic.id}`, { name: 'Recounted' });
      t.equal(changed.json.post_count, 2);
    });

    await t.test('pages through posts, and answers 404 if there is no such topic', async (t) => {
      const topic = await create('2024');
      await create('Bare');
      await write(topic, ...['a', 'b', 'c'].map((title) => ({ title })));
      const path = `${url}/2024/posts`;
      const first = await reader.get(`${path}?sort=title&size=2&cursor=`);
      t.equal(first.json.items.length, 2);
      const cursor = first.json.next_cursor;
      const second = await reader.get(`${path}?sort=title&size=2&cursor=${cursor}`);
      t.same(
        second.json.items.map(({ title }: { title: string }) => title),
        ['c'],
      );
      t.match((await reader.get(`${path}?size=2`)).headers['link'], /page=2>; rel="next"/);
      const bare = await reader.get(`${url}/bare/posts`);
      if (kind === 'categories') t.match(bare.json, { items: [], total: 0 });
      else t.equal(bare.status, 404, 'public responses are cached and reveal no unused tag');
      t.equal((await reader.get(`${url}/unknown/posts`)).status, 404);
      t.equal((await reader.get(`${url}/${topic.id}/posts`)).status, 404, 'an id is not a slug');
      t.equal((await reader.get(`${url}/%00/posts`)).status, 422);
    });

    await t.test(
      'searches lists by name and slug, in any order, by page number and by cursor',
      async (t) => {
        for (const name of ['beta', 'Alpha', '100%', 'gamma_1', 'Delta']) {
          const topic = await create(name);
          const count = { Alpha: 1, gamma_1: 3, Delta: 1 }[name] ?? 0;
          await write(
            topic,
            ...Array.from({ length: count }, (_, index) => ({ title: `${name} ${index}` })),
          );
        }
        const byName = ['100%', 'Alpha', 'beta', 'Delta', 'gamma_1'];
        t.same(names(await reader.get(url)), byName);
        t.same(names(await reader.get(`${url}?sort=-name`)), byName.toReversed());
        t.same(names(await reader.get(`${url}?sort=created_at&size=2`)), ['beta', 'Alpha']);
        const byCount = ['gamma_1', 'Delta', 'Alpha', '100%', 'beta'];
        t.same(names(await reader.get(`${url}?sort=-post_count`)), byCount);

        for (const [sort, order] of [
          ['name', byName],
          ['-post_count', byCount],
          ['created_at', ['beta', 'Alpha', '100%', 'gamma_1', 'Delta']],
        ] as const) {
          const walked: string[] = [];
          let cursor: string | null = '';
          while (cursor !== null) {
            const reply = await reader.get(`${url}?sort=${sort}&size=2&cursor=${cursor}`);
            t.equal(reply.status, 200);
            walked.push(...names(reply));
            cursor = reply.json.next_cursor;
          }
          t.same(walked, order, sort);
        }
        const { next_cursor } = (await reader.get(`${url}?sort=post_count&size=1`)).json;
        t.equal((await reader.get(`${url}?sort=name&cursor=${next_cursor}`)).status, 422);

        t.same(names(await reader.get(`${url}?q=TA`)), ['beta', 'Delta']);
        t.same(names(await reader.get(`${url}?q=%25`)), ['100%']);
        t.same(names(await reader.get(`${url}?q=_`)), ['gamma_1']);
        t.same(names(await reader.get(`${url}?q=${encodeURIComponent("' or 1=1 --")}`)), []);
        t.same(names(await reader.get(`${url}?slug=gamma-1`)), ['gamma_1']);
        t.same(names(await reader.get(`${url}?slug=gamma`)), []);
      },
    );

    await t.test('takes two statements for a list of any length', async (t) => {
      const topic = await create('Many');
      await write(topic, { title: 'a' }, { title: 'b' });
      const counted = async (path: string) =>
        (await recordStatements(() => anyone.get(path))).length;
      t.equal(await counted(`${url}?size=100`), 2);
      t.equal(await counted(`${url}?sort=post_count&cursor=`), 1);
      t.equal(await counted(`${url}/many/posts`), 2);
    });

    await t.test('creates one resource per idempotency key', async (t) => {
      const headers = { 'idempotency-key': `once-${kind}` };
      const first = await editor.post(url, { name: 'Once' }, headers);
      const again = await editor.post(url, { name: 'Once' }, headers);
      t.equal(again.status, 201);
      t.same(again.json, first.json);
      t.equal((await reader.get(url)).json.total, 1);
      const taken = { 'idempotency-key': `taken-${kind}` };
      const refused = await editor.post(url, { name: 'once' }, taken);
      t.equal(refused.status, 409, "also in the key's transaction");
      t.same(locs(refused.json.errors), ['body.name']);
    });

    await t.test('keeps the posts of a deleted topic', async (t) => {
      const topic = await create('Doomed');
      await write(topic, { title: 'Survivor' });
      const { id } = (await reader.get('/api/v1/posts')).json.items[0];
      t.equal((await editor.delete(`${url}/${topic.id}`)).status, 204);
      const post = (await reader.get(`/api/v1/posts/${id}`)).json;
      t.match(post, { title: 'Survivor', category: null, tags: [] });
      t.equal((await reader.get(`${url}/doomed/posts`)).status, 404);
    });
  });
}

t.test('has a description, which PUT resets', async (t) => {
  const { signedIn } = await createTestApp(t);
  const editor = await signedIn({ username: 'edith', role: 'editor' });
  const url = '/api/v1/categories';
  const { json } = await editor.post(url, { name: 'Data', description: 'Storing.' });
  t.equal(json.description, 'Storing.');
  const path = `${url}/${json.id}`;
  t.equal((await editor.patch(path, { name: 'Base' })).json.description, 'Storing.');
  t.equal((await editor.patch(path, { description: 'Finding.' })).json.description, 'Finding.');
  t.equal((await editor.put(path, { name: 'Base' })).json.description, '');
  t.equal((await editor.post(url, { name: 'x', description: 'x'.repeat(201) })).status, 422);
});

t.test('finds posts by the current name of a tag', async (t) => {
  const { app, client, signedIn } = await createTestApp(t);
  const editor = await signedIn({ username: 'edith', role: 'editor' });
  const { id } = (await editor.post('/api/v1/tags', { name: '数据库' })).json;
  const text = { title: 'Notes', content: 'Some words.', status: 'published' };
  await editor.post('/api/v1/posts', { ...text, tags: ['数据库', 'kept'] });
  const found = async (q: string): Promise<number> =>
    (await client().get(`/api/v1/posts?q=${encodeURIComponent(q)}`)).json.total;
  t.equal(await found('数据'), 1);

  const path = `/api/v1/tags/${id}`;
  t.equal((await editor.patch(path, { slug: 'db' })).status, 200);
  t.equal((await editor.patch(path, { name: '存储引擎' })).status, 200);
  await app.runJobs();
  t.equal(await found('引擎'), 1);
  t.equal(await found('数据'), 0, 'not by the former name');

  t.equal((await editor.delete(path)).status, 204);
  await app.runJobs();
  t.equal(await found('引擎'), 0);
  t.equal(await found('kept'), 1, 'keeps the other tag');
  t.equal(await found('notes'), 1);
});

t.test('never reveals a draft through a tag', async (t) => {
  const { app, client, signedIn, createUser } = await createTestApp(t);
  const { id: author_id } = await createUser({ username: 'carol' });
  const { id } = await insertTestPost(app, {
    title: 'Plans',
    author_id,
    tags: ['Merger'],
    published_at: null,
  });
  const editor = await signedIn({ username: 'edith', role: 'editor' });
  const [tag] = (await editor.get('/api/v1/tags?q=merg')).json.items;
  t.match(tag, { name: 'Merger', post_count: 0 });
  for (const stranger of [client(), await signedIn({ username: 'mallory' })]) {
    t.match((await stranger.get('/api/v1/tags?q=merg')).json, { items: [], total: 0 });
    t.equal((await stranger.get(`/api/v1/tags/${tag.id}`)).status, 404);
    t.equal((await stranger.get('/api/v1/tags/merger/posts')).status, 404);
  }
  t.equal((await editor.post(`/api/v1/posts/${id}/publish`)).status, 200);
  t.match((await client().get('/api/v1/tags?q=merg')).json, { total: 1 });
  t.equal((await client().get(`/api/v1/tags/${tag.id}`)).json.post_count, 1);
});
