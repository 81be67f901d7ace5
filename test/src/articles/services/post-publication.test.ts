/** What a person may not see changes no answer that they get, except ids. */
import t, { type Test } from 'tap';
import { createTestApp, type TestApp } from '#test/support/app.js';
import type { Client, Reply } from '#test/support/client.js';

const POSTS = '/api/v1/posts';

const shared = await createTestApp(t);
const { app, client, signedIn, clock } = shared;
const anyone = client();
const alice = await signedIn({ username: 'alice' });
const bob = await signedIn({ username: 'bob' });
const editor = await signedIn({ username: 'edith', role: 'editor' });

type Written = { title?: string; slug?: string; tags?: string[]; status?: 'draft' | 'published' };
type TopicItem = { id: number; name: string; slug: string };

async function write(author: Client, post: Written): Promise<Reply['json']> {
  const reply = await author.post(POSTS, { title: 'x', content: 'Words.', ...post });
  t.equal(reply.status, 201, JSON.stringify(reply.json));
  return reply.json;
}

const publish = (author: Client, id: number) => author.post(`${POSTS}/${id}/publish`);
const slugAt = async (who: Client, slug: string) => {
  const { status, json, headers } = await who.get(`${POSTS}/slug/${slug}`);
  return status === 200 ? json.id : (headers['location'] ?? status);
};

t.beforeEach(() => app.pg.query('truncate posts, tags restart identity cascade'));

/** Ways to hide a post that has the same title, slugs and tags as the ones that others write. */
const HIDDEN: Record<string, (author: Client, editor: Client) => Promise<unknown>> = {
  'a draft': (author) => write(author, secret('draft')),
  'a draft that was published before': async (author) => {
    const { id } = await write(author, secret('published'));
    await author.patch(`${POSTS}/${id}`, { slug: 'former' });
    await author.patch(`${POSTS}/${id}`, { slug: 'asked' });
    return author.post(`${POSTS}/${id}/unpublish`);
  },
  'a post in the trash': async (author) => {
    const { id } = await write(author, secret('published'));
    await author.patch(`${POSTS}/${id}`, { slug: 'former' });
    return author.delete(`${POSTS}/${id}`);
  },
  'a draft in the trash': async (author) => {
    const { id } = await write(author, secret('draft'));
    return author.delete(`${POSTS}/${id}`);
  },
  'several drafts with their own slugs': async (author) => {
    await write(author, secret('draft'));
    for (const slug of ['asked', 'former', 'secret-plan-2']) {
      await write(author, { ...secret('draft'), slug });
    }
  },
  'a draft of an editor': (_author, editor) => write(editor, secret('draft')),
};

function secret(status: 'draft' | 'published'): Written {
  return { title: 'Secret plan', tags: ['MERGER', 'C', 'Zweck!'], status };
}

/** Calls that others make, and that the hidden post could change. */
async function answersOf(writer: Client, anyone: Client): Promise<string[]> {
  const answers: string[] = [];
  const note = ({ status, headers, text }: Reply) => {
    const location = String(headers['location']).replace(/\d+$/, '0');
    const told = { status, location, version: versionIn(headers['etag']) };
    answers.push(`${JSON.stringify(told)} ${text}`.replaceAll(/"(?:id|post_id)":\d+/g, '"id":0'));
  };
  const create = async (post: Written): Promise<number> => {
    const reply = await writer.post(POSTS, { title: 'Secret plan', content: 'Words.', ...post });
    note(reply);
    return reply.json.id;
  };
  const tags = ['merger', 'c++', 'zweck'];
  const draft = await create({ tags });
  const second = await create({});
  await create({ slug: 'asked' });
  note(await writer.patch(`${POSTS}/${second}`, { slug: 'former' }));
  note(await writer.get(`${POSTS}?status=draft&tag=merger`));
  note(await writer.get(`${POSTS}?status=draft&tag=c`));
  for (const who of [writer, anyone]) {
    for (const slug of ['secret-plan', 'secret-plan-2', 'asked', 'former']) {
      note(await who.get(`${POSTS}/slug/${slug}`));
    }
    note(await who.get('/api/v1/tags?sort=name'));
    note(await who.get('/api/v1/tags/merger/posts'));
    note(await who.get('/api/v1/search/suggest?q=me'));
  }
  await create({ tags: ['Merger'], status: 'published' });
  await create({ slug: 'former', status: 'published' });
  note(await publish(writer, draft));
  note(await publish(writer, second));
  await create({ title: 'Former', status: 'published' });
  for (const who of [writer, anyone]) {
    note(await who.get('/api/v1/tags?sort=created_at'));
    note(await who.get('/api/v1/posts?tag=merger&sort=oldest'));
    note(await who.get('/api/v1/posts/by-tag'));
    note(await who.get('/api/v1/search?q=merger&sort=date'));
    note(await who.get('/api/v1/search/suggest?q=me'));
    for (const slug of ['secret-plan', 'secret-plan-2', 'asked', 'former']) {
      note(await who.get(`${POSTS}/slug/${slug}`));
    }
    for (const { id } of (await who.get('/api/v1/tags')).json.items as TopicItem[]) {
      note(await who.get(`/api/v1/tags/${id}`));
    }
  }
  return answers;
}

/** The version that an entity tag begins with. */
function versionIn(tag: unknown): string | undefined {
  // The hash of a list may begin like one.
  return /^"(\d+)-[\w-]{16}"$/.exec(String(tag))?.[1];
}

async function strangersAnswers(
  t: Test,
  hide?: (author: Client, editor: Client) => Promise<unknown>,
): Promise<string[]> {
  // The same clock, so that timestamps are the same.
  const other: TestApp = await createTestApp(t, {}, { clock: clock.read });
  const author = await other.signedIn({ username: 'author' });
  const writer = await other.signedIn({ username: 'writer' });
  const second = await other.signedIn({ username: 'second', role: 'editor' });
  await hide?.(author, second);
  return answersOf(writer, other.client());
}

t.test('what is hidden from somebody changes no answer', async (t) => {
  const without = await strangersAnswers(t);
  t.ok(without.length > 40);
  for (const [name, hide] of Object.entries(HIDDEN)) {
    t.same(await strangersAnswers(t, hide), without, name);
  }
});

t.test('gives a draft its final slug when it is published', async (t) => {
  const first = await write(alice, { title: 'Plans' });
  const second = await write(alice, { title: 'Plans' });
  const theirs = await write(bob, { title: 'Plans' });
  t.same([first.slug, second.slug, theirs.slug], ['plans', 'plans-2', 'plans']);

  t.match(await publish(alice, second.id), { status: 200, json: { slug: 'plans' } });
  t.match(await publish(bob, theirs.id), { status: 200, json: { slug: 'plans-2' } });
  t.match(await publish(alice, first.id), { status: 200, json: { slug: 'plans-3' } });
  t.equal(await slugAt(anyone, 'plans'), second.id);
  t.equal(await slugAt(anyone, 'plans-2'), theirs.id);

  await alice.post(`${POSTS}/${second.id}/unpublish`);
  t.match(await publish(alice, second.id), { json: { slug: 'plans' } }, 'keeps it if it is free');
  await alice.post(`${POSTS}/${second.id}/unpublish`);
  t.equal((await write(bob, { title: 'Plans', status: 'published' })).slug, 'plans');
  t.match(await publish(alice, second.id), { json: { slug: 'plans-4' } });
});

t.test('refuses to publish a slug that was asked for and is taken, and names it', async (t) => {
  const { id } = await write(alice, { slug: 'chosen' });
  const theirs = await write(bob, { slug: 'chosen' });
  t.equal((await publish(bob, theirs.id)).status, 200);
  const refused = await publish(alice, id);
  t.match(refused, {
    status: 409,
    json: { code: 'duplicate', errors: [{ loc: ['body', 'slug'], input: 'chosen' }] },
  });
  t.match((await alice.get(`${POSTS}/${id}`)).json, { status: 'draft', slug: 'chosen' });
  t.equal((await alice.patch(`${POSTS}/${id}`, { slug: 'chosen' })).status, 200, 'no change');
  t.equal((await alice.patch(`${POSTS}/${id}`, { slug: 'other' })).status, 200);
  t.equal((await alice.patch(`${POSTS}/${id}`, { slug: 'chosen' })).status, 409);
  t.equal((await publish(alice, id)).status, 200);

  const derived = await write(alice, { title: 'Derived' });
  await alice.patch(`${POSTS}/${derived.id}`, { slug: 'patched' });
  await write(bob, { slug: 'patched', status: 'published' });
  t.equal((await publish(alice, derived.id)).status, 409, 'asked for by a change');
});

t.test('finds the published post by its slug, else the own draft', async (t) => {
  const mine = await write(alice, { slug: 'plan' });
  const theirs = await write(bob, { slug: 'plan' });
  t.equal(await slugAt(alice, 'plan'), mine.id);
  t.equal(await slugAt(bob, 'plan'), theirs.id);
  t.equal(await slugAt(anyone, 'plan'), 404);
  t.equal(await slugAt(editor, 'plan'), mine.id, 'an editor sees the oldest');
  const own = await write(editor, { slug: 'plan' });
  t.equal(await slugAt(editor, 'plan'), own.id);
  await publish(bob, theirs.id);
  for (const who of [alice, bob, anyone, editor]) t.equal(await slugAt(who, 'plan'), theirs.id);
});

t.test('redirects only slugs under which a post was published', async (t) => {
  const { id } = await write(alice, { slug: 'secret-name' });
  await alice.patch(`${POSTS}/${id}`, { slug: 'public-name' });
  await publish(alice, id);
  for (const who of [anyone, alice]) t.equal(await slugAt(who, 'secret-name'), 404);
  t.equal((await write(bob, { slug: 'secret-name' })).slug, 'secret-name');

  await alice.patch(`${POSTS}/${id}`, { slug: 'new-name' });
  t.equal(await slugAt(anyone, 'public-name'), `${POSTS}/slug/new-name`);
  await alice.post(`${POSTS}/${id}/unpublish`);
  await alice.patch(`${POSTS}/${id}`, { slug: 'hidden-name' });
  for (const slug of ['public-name', 'new-name', 'hidden-name']) {
    t.equal(await slugAt(anyone, slug), 404, slug);
    t.equal(await slugAt(bob, slug), 404, slug);
  }
  t.equal((await write(bob, { slug: 'public-name', status: 'published' })).slug, 'public-name');
  await publish(alice, id);
  t.equal(await slugAt(anyone, 'new-name'), `${POSTS}/slug/hidden-name`, 'leads to it again');
  t.not(await slugAt(anyone, 'public-name'), `${POSTS}/slug/hidden-name`, 'taken meanwhile');
});

t.test('restores a post under a free slug, and records it', async (t) => {
  for (const slug of [undefined, 'long-gone']) {
    const post = {
      title: 'Long gone',
      tags: ['Ruins'],
      status: 'published',
      ...(slug && { slug }),
    };
    const { id } = await write(alice, post as Written);
    await alice.delete(`${POSTS}/${id}`);
    const taken = await write(bob, { title: 'Long gone', tags: ['ruins'], status: 'published' });
    t.match(taken, { slug: 'long-gone', tags: [{ name: 'ruins' }] });
    t.equal((await alice.post(`/api/v1/trash/post/${id}/restore`)).status, 204);
    t.match((await anyone.get(`${POSTS}/${id}`)).json, {
      slug: 'long-gone-2',
      tags: [{ name: 'ruins' }],
    });
    t.equal(await slugAt(anyone, 'long-gone'), taken.id);
    const { rows } = await app.pg.query(
      `select before, after from audit_log where action = 'post.restore' order by id desc limit 1`,
    );
    t.same(rows, [{ before: { slug: 'long-gone' }, after: { slug: 'long-gone-2' } }]);
    await app.pg.query('truncate posts, tags restart identity cascade');
  }
});

t.test('keeps slugs unique among concurrently published posts', async (t) => {
  const ids: number[] = [];
  for (const author of [alice, bob, editor]) {
    for (let n = 0; n < 3; n += 1) ids.push((await write(author, { title: 'Rush hour' })).id);
  }
  const replies = await Promise.all([
    ...ids.map((id) => publish(editor, id)),
    ...[alice, bob].map((author) =>
      author.post(POSTS, { title: 'Rush hour', content: 'x', status: 'published' }),
    ),
  ]);
  for (const { status } of replies) t.ok(status < 300, `${status}`);
  const slugs = replies.map(({ json }) => json.slug).sort();
  const numbers = Array.from({ length: 11 }, (_, n) => (n === 0 ? '' : `-${n + 1}`));
  t.same(slugs, numbers.map((number) => `rush-hour${number}`).sort());

  const asked = await Promise.all(
    [alice, bob, editor].map((author) =>
      author.post(POSTS, { title: 'x', content: 'x', slug: 'only-one', status: 'published' }),
    ),
  );
  t.same(asked.map(({ status }) => status).sort(), [201, 409, 409]);
});

t.test('names a tag by the first published post that has it', async (t) => {
  const draft = await write(alice, { tags: ['Big Merger'] });
  const theirs = await write(bob, { tags: ['big merger'] });
  t.match(draft.tags, [{ name: 'Big Merger', slug: 'big-merger' }]);
  t.match(theirs.tags, [{ name: 'big merger', slug: 'big-merger' }]);
  t.not(draft.tags[0].id, theirs.tags[0].id);
  const again = await write(bob, { tags: ['BIG MERGER'] });
  t.same(again.tags, theirs.tags, 'one tag for all drafts of an author');

  clock.advance(60_000);
  await publish(bob, theirs.id);
  const { items } = (await anyone.get('/api/v1/tags')).json;
  t.match(items, [{ id: theirs.tags[0].id, name: 'big merger', post_count: 1 }]);
  t.equal(items[0].created_at, clock.read().toISOString(), 'new for readers');
  const published = await publish(alice, draft.id);
  t.same(published.json.tags, theirs.tags, 'the published one');
  t.match((await anyone.get('/api/v1/tags')).json, { total: 1, items: [{ post_count: 2 }] });
  t.equal((await editor.get('/api/v1/tags')).json.total, 1);
});

t.test('keeps no private tag without a draft', async (t) => {
  const draft = await write(alice, { tags: ['one', 'two', 'three'] });
  const other = await write(alice, { tags: ['three'] });
  const names = async () =>
    (await editor.get('/api/v1/tags')).json.items.map(({ name }: TopicItem) => name);
  await alice.patch(`${POSTS}/${draft.id}`, { tags: ['two', 'four'] });
  t.same(await names(), ['four', 'three', 'two']);
  await alice.delete(`${POSTS}/${draft.id}`);
  t.same(await names(), ['four', 'three', 'two'], 'the trash can be restored');
  t.equal((await alice.delete(`/api/v1/trash/post/${draft.id}`)).status, 204);
  t.same(await names(), ['three']);
  t.match((await alice.get(`${POSTS}/${other.id}`)).json.tags, [{ name: 'three' }]);
});

t.test('forgets the name of a tag with its last published post', async (t) => {
  const first = await write(alice, { tags: ['Big Merger'], status: 'published' });
  const known = await write(bob, { tags: ['big merger'] });
  t.same(known.tags, first.tags);
  for (const { id } of [first, await write(alice, { tags: ['BIG MERGER'], status: 'published' })]) {
    await alice.delete(`${POSTS}/${id}`);
  }
  const third = await signedIn({ username: `carol${Math.random()}`.slice(0, 12) });
  t.match((await write(third, { tags: ['bIG mERGER'], status: 'published' })).tags, [
    { name: 'bIG mERGER', slug: 'big-merger' },
  ]);
  t.match((await bob.get(`${POSTS}/${known.id}`)).json.tags, [{ name: 'Big Merger' }], 'keeps his');
  t.equal((await alice.post(`/api/v1/trash/post/${first.id}/restore`)).status, 204);
  t.match((await anyone.get(`${POSTS}/${first.id}`)).json.tags, [{ name: 'bIG mERGER' }]);
  t.match((await publish(bob, known.id)).json.tags, [{ name: 'bIG mERGER' }]);
  t.match((await editor.get('/api/v1/tags')).json, { total: 1, items: [{ post_count: 3 }] });
});

t.test('keeps the name and slug that an editor has given a tag', async (t) => {
  const created = await editor.post('/api/v1/tags', { name: 'JavaScript', slug: 'js' });
  const draft = await write(alice, { tags: ['javascript', 'typescript'] });
  const names = async () =>
    (await alice.get(`${POSTS}/${draft.id}`)).json.tags.map(({ name, slug }: TopicItem) => [
      name,
      slug,
    ]);
  t.same(await names(), [
    ['javascript', 'javascript'],
    ['typescript', 'typescript'],
  ]);
  const { items } = (await editor.get('/api/v1/tags?q=typescript')).json;
  await editor.patch(`/api/v1/tags/${items[0].id}`, { name: 'TypeScript' });
  await publish(alice, draft.id);
  t.same(await names(), [
    ['JavaScript', 'js'],
    ['TypeScript', 'typescript'],
  ]);
  t.match((await anyone.get(`/api/v1/tags/${created.json.id}`)).json, { post_count: 1 });
});

t.test('gives tags with the same slug distinct ones, also when published at once', async (t) => {
  const hidden = await write(alice, { tags: ['C', 'C++'] });
  const names = ['c#', 'C!', 'С'];
  const replies = await Promise.all(
    names.map((name) =>
      bob.post(POSTS, { title: 'x', content: 'x', tags: [name], status: 'published' }),
    ),
  );
  for (const { status } of replies) t.equal(status, 201);
  const { items } = (await anyone.get('/api/v1/tags')).json;
  t.same(items.map(({ slug }: TopicItem) => slug).sort(), ['c', 'c-2', 's']);
  const { json } = await publish(alice, hidden.id);
  t.same(json.tags.map(({ slug }: TopicItem) => slug).sort(), ['c-3', 'c-4']);
  t.equal(
    new Set((await editor.get('/api/v1/tags')).json.items.map(({ slug }: TopicItem) => slug)).size,
    5,
  );
});

t.test('counts only comments that everyone sees', async (t) => {
  const { id } = await write(alice, { status: 'published' });
  const comment = async (who: Client, content: string, parent_id: number | null = null) =>
    (await who.post(`${POSTS}/${id}/comments`, { content, parent_id })).json.id;
  const top = await comment(editor, 'top');
  const pending = await comment(bob, 'pending');
  const reply = await comment(editor, 'reply to a pending one', pending);
  const deeper = await comment(editor, 'deeper', reply);
  const count = async () => {
    const { items } = (await anyone.get(`${POSTS}/${id}/comments?form=flat`)).json;
    const seen = items.filter(({ content }: { content: string }) => content !== '').length;
    const { comment_count } = (await anyone.get(`${POSTS}/${id}`)).json;
    t.equal(comment_count, seen, 'as many as a stranger sees');
    return comment_count;
  };
  t.equal(await count(), 3);
  await editor.post(`/api/v1/comments/${pending}/approve`);
  t.equal(await count(), 4);
  await editor.post(`/api/v1/comments/${reply}/reject`);
  t.equal(await count(), 3);
  await editor.post(`/api/v1/comments/${top}/reject`);
  await editor.post(`/api/v1/comments/${pending}/reject`);
  t.equal(await count(), 1);
  await editor.delete(`/api/v1/comments/${deeper}`);
  t.equal(await count(), 0);
});

const tagCount = async (where: string) =>
  (await app.pg.query(`select count(*)::int as n from tags where ${where}`)).rows[0].n;

t.test('compares the names of private tags by their folded form', async (t) => {
  const draft = await write(alice, { tags: ['Cafe\u0301', 'ΟΔΟΣ'] });
  t.equal(draft.tags.length, 2);
  const again = await write(alice, { tags: ['CAF\u00c9', 'οδος', 'οδοσ'] });
  t.same(again.tags, draft.tags, 'one tag for all spellings');
  const theirs = await write(bob, { tags: ['caf\u00e9', 'Οδοσ'] });
  t.match(theirs.tags, [{ name: 'caf\u00e9' }, { name: 'Οδοσ' }], 'others spell them themselves');
  await publish(bob, theirs.id);
  const published = (await publish(alice, draft.id)).json.tags;
  const byId = (tags: TopicItem[]) => tags.toSorted((one, other) => one.id - other.id);
  t.same(byId(published), byId(theirs.tags), 'published under the first spelling');
  t.same(byId((await alice.get(`${POSTS}/${again.id}`)).json.tags), byId(theirs.tags));
  t.equal(await tagCount('true'), 2);
});

t.test('deletes automatic tags with their last post, shared or private', async (t) => {
  await editor.post('/api/v1/tags', { name: 'Curated' });
  const draft = await write(alice, { tags: ['Plot', 'curated'] });
  const theirs = await write(bob, { tags: ['plot'] });
  t.equal(await tagCount('is_private'), 3);
  await alice.patch(`${POSTS}/${draft.id}`, { tags: [] });
  t.equal(await tagCount('is_private'), 1, 'the tag of another author stays');
  await publish(bob, theirs.id);
  await bob.post(`${POSTS}/${theirs.id}/unpublish`);
  t.equal(await tagCount('not is_private and is_automatic'), 1, 'a draft keeps it');
  await bob.patch(`${POSTS}/${theirs.id}`, { tags: ['curated'] });
  t.equal(await tagCount('not is_private and is_automatic'), 0);
  await publish(bob, theirs.id);
  await bob.patch(`${POSTS}/${theirs.id}`, { tags: [] });
  t.same(
    (await editor.get('/api/v1/tags')).json.items.map(({ name }: TopicItem) => name),
    ['Curated'],
  );
  t.equal(await tagCount('true'), 1);
});

t.test('keeps a tag whose slug an editor has changed', async (t) => {
  const { id, tags } = await write(alice, { tags: ['JavaScript'] });
  const url = `/api/v1/tags/${tags[0].id}`;
  t.equal((await editor.patch(url, { slug: 'js' })).status, 200);
  await alice.patch(`${POSTS}/${id}`, { tags: [] });
  t.match((await editor.get(url)).json, { name: 'JavaScript', slug: 'js' });
  t.match((await write(bob, { tags: ['javascript'], status: 'published' })).tags, [
    { name: 'JavaScript', slug: 'js' },
  ]);
});

t.test('loses no tag while others publish, hide and delete the same ones', async (t) => {
  const authors = [alice, bob, editor];
  const spellings = ['Contested', 'CONTESTED', 'contested'];
  const ids = await Promise.all(
    [0, 1, 2, 0, 1, 2].map(async (author) => {
      const tags = [spellings[author] ?? '', 'shared'];
      const { id } = await write(authors[author] ?? alice, { tags });
      return { id, who: authors[author] ?? alice, own: spellings[author] ?? '' };
    }),
  );
  for (let round = 0; round < 8; round += 1) {
    const replies = await Promise.all(
      ids.map(({ id, who, own }, index) => {
        const step = (index + round) % 4;
        if (step === 0) return publish(who, id);
        if (step === 1) return who.patch(`${POSTS}/${id}`, { tags: ['shared', own, `n${index}`] });
        if (step === 2) return who.post(`${POSTS}/${id}/unpublish`);
        return who.patch(`${POSTS}/${id}`, { tags: [own, 'shared'] });
      }),
    );
    for (const [index, { status, json }] of replies.entries()) {
      t.equal(status, 200, JSON.stringify(json));
      const names = json.tags.map(({ name }: TopicItem) => name.toLowerCase()).sort();
      const known = names.filter((name: string) => name !== `n${index}`);
      t.same(known, ['contested', 'shared'], `round ${round}, post ${index}`);
    }
  }
  for (const { id, who } of ids) t.equal((await publish(who, id)).status, 200);
  t.equal(await tagCount(`name_folded = 'contested'`), 1, 'one tag for all published posts');
  t.equal(await tagCount('is_private'), 0);
  t.equal(
    await tagCount('is_automatic and not exists (select from post_tags where tag_id = id)'),
    0,
  );
});
