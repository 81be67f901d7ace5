/** Migrations of databases that have data already. */
import t, { type Test } from 'tap';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateDown, migrateUp } from '#src/db/migrator.js';
import { createTestApp } from '#test/support/app.js';
import { createTestDatabase } from '#test/support/database.js';
import { query } from './embedded/support.js';

const migrations = readMigrations();

/** Returns a database in the state before this migration, and all later ones. */
async function databaseBefore(t: Test, name: string): Promise<string> {
  const url = await createTestDatabase(t);
  await revertFrom(url, name);
  return url;
}

async function revertFrom(url: string, name: string): Promise<void> {
  const index = migrations.findIndex((migration) => migration.name === name);
  if (index < 0) throw new Error(`No migration ${name}`);
  await migrateDown(url, migrations, { steps: migrations.length - index });
}

t.test('0026 keeps stored responses, and drops claims when it is reverted', async (t) => {
  const name = '0026_idempotency_claims';
  const url = await databaseBefore(t, name);
  await query(
    url,
    `insert into idempotency_keys (caller, key, request_hash, status, headers, body)
     values ('user:1', 'old', 'x', 201, '{"etag": "1"}', '{"id": 1}')`,
  );
  await migrateUp(url, migrations);
  await query(
    url,
    `insert into idempotency_keys (caller, key, request_hash, state, claim_id, claimed_until)
     values ('user:1', 'new', 'x', 'running', gen_random_uuid(), now())`,
  );
  const keys = () => query(url, 'select key, status, body from idempotency_keys order by key');
  t.same(await keys(), [
    { key: 'new', status: null, body: null },
    { key: 'old', status: 201, body: { id: 1 } },
  ]);
  await revertFrom(url, name);
  t.same(await keys(), [{ key: 'old', status: 201, body: { id: 1 } }]);
});

t.test('0031 keeps slugs, redirects and tags, and hides those of drafts', async (t) => {
  const name = '0031_secret_drafts';
  const url = await databaseBefore(t, name);
  await query(
    url,
    `insert into users (username, username_folded) values ('ann', 'ann'), ('ben', 'ben');
     insert into posts (title, slug, author_id, published_at, deleted_at, content, content_html,
         content_text, excerpt, reading_minutes, search, title_search)
       select title, slug, 1, published_at::timestamptz, deleted_at::timestamptz, 'x', 'x', 'x',
         'x', 1, '', ''
       from (values
         ('Published', 'published', '2026-01-01', null), ('Secret', 'secret', null, null),
         ('Hidden again', 'hidden', null, null), ('Thrown away', 'gone', '2026-01-02', '2026-01-03'))
         as post (title, slug, published_at, deleted_at);
     insert into post_slugs (slug, post_id) values ('published', 1), ('former', 1), ('secret', 2),
       ('first-name', 2), ('hidden', 3), ('was-public', 3), ('gone', 4), ('was-gone', 4);
     insert into audit_log (action, resource, resource_id, before, after) values
       ('post.unpublish', 'post', '3', '{"status": "published"}', '{"status": "draft"}'),
       ('tag.create', 'tag', '3', null, '{"name": "Curated"}');
     insert into tags (name, name_folded, slug, is_automatic) values
       ('Shared', 'shared', 'shared', false), ('MERGER', 'merger', 'merger', false),
       ('Curated', 'curated', 'curated', false), ('Forgotten', 'forgotten', 'forgotten', false),
       ('Recent', 'recent', 'recent', true);
     insert into post_tags values (1, 1), (2, 1), (2, 2), (3, 2), (2, 3), (4, 5);`,
  );
  await migrateUp(url, migrations);
  t.same(
    (await query(url, 'select slug from post_slugs order by slug')).map(({ slug }) => slug),
    ['former', 'gone', 'hidden', 'published', 'was-gone', 'was-public'],
  );
  const automatic = async () =>
    (await query(url, 'select name from tags where is_automatic order by name')).map(
      ({ name }) => name,
    );
  t.same(
    await automatic(),
    ['MERGER', 'Recent'],
    'those that only unpublished posts brought along',
  );

  const { client, signedIn, app } = await createTestApp(t, {}, { databaseUrl: url });
  const stranger = await signedIn({ username: 'stranger' });
  const editor = await signedIn({ username: 'edith', role: 'editor' });
  const slugs = [];
  for (const title of ['Secret', 'Hidden', 'Gone', 'Published']) {
    const body = { title, content: 'x', tags: ['merger', 'shared'], status: 'published' };
    const { json } = await stranger.post('/api/v1/posts', body);
    slugs.push(json.slug);
    t.match(json.tags, [{ name: 'merger' }, { name: 'Shared', id: 1 }], title);
  }
  t.same(slugs, ['secret', 'hidden', 'gone', 'published-2']);
  const followed = async (slug: string) =>
    (await client().get(`/api/v1/posts/slug/${slug}`)).headers['location'];
  t.equal(await followed('former'), '/api/v1/posts/slug/published');
  t.match(await editor.post('/api/v1/posts/2/publish'), { status: 409 }, 'may have been asked for');
  await editor.patch('/api/v1/posts/3', { slug: 'hidden-again' });
  t.equal((await editor.post('/api/v1/posts/3/publish')).status, 200);
  t.equal(await followed('was-public'), '/api/v1/posts/slug/hidden-again');
  t.equal((await editor.post('/api/v1/trash/post/4/restore')).status, 204);
  t.equal(await followed('was-gone'), '/api/v1/posts/slug/gone-2');
  t.equal((await editor.get('/api/v1/tags/3')).status, 200, "keeps an editor's tag");
  await stranger.post('/api/v1/posts', {
    title: 'x',
    content: 'x',
    slug: 'secret-2',
    tags: ['New'],
  });
  await editor.post('/api/v1/posts', { title: 'x', content: 'x', slug: 'secret-2', tags: ['new'] });
  await app.close();

  await revertFrom(url, name);
  t.same(await query(url, 'select slug from posts group by slug having count(*) > 1'), []);
  t.same(
    await query(
      url,
      `select id from posts where not exists (
         select from post_slugs where post_slugs.slug = posts.slug and post_id = posts.id)`,
    ),
    [],
    'every post is found by its slug',
  );
  const tagged = await query(
    url,
    `select posts.id, array_agg(name_folded order by name_folded) as names
     from posts join post_tags on post_id = posts.id join tags on tags.id = tag_id
     group by posts.id order by posts.id`,
  );
  t.match(tagged.slice(0, 3), [
    { id: 1, names: ['shared'] },
    { id: 2, names: ['curated', 'merger', 'shared'] },
    { id: 3, names: ['merger'] },
  ]);
  t.equal(tagged.length, 10);
  await migrateUp(url, migrations);
});

t.test(
  '0032 makes names of existing users and posts searchable, in the same versions',
  async (t) => {
    const name = '0032_bounded_search';
    const url = await databaseBefore(t, name);
    await query(
      url,
      `insert into users (username, username_folded, nickname) values
       ('Ann', 'ann', 'Cafe\u0301 ΟΔΟΣ'), ('ben', 'ben', '');
     insert into posts (title, slug, author_id, published_at, content, content_html, content_text,
         excerpt, reading_minutes, search, title_search)
       values ('Kept', 'kept', 1, '2026-01-01', 'x', 'x', 'lorem', 'x', 1,
         setweight(to_tsvector('english', 'Kept'), 'A')
           || setweight(to_tsvector('english', 'lorem'), 'C'), 'kept')`,
    );
    const versions = () =>
      query(url, 'select version from users union all select version from posts');
    const before = await versions();
    await migrateUp(url, migrations);
    t.same(await versions(), before);
    const { client, app } = await createTestApp(t, {}, { databaseUrl: url });
    for (const q of ['CAF\u00c9', 'οδος', 'ann', 'AN']) {
      const { json } = await client().get(`/api/v1/users?q=${encodeURIComponent(q)}`);
      t.match(json, { total: 1, items: [{ username: 'Ann' }] }, q);
    }
    for (const q of ['kept', 'lorem']) {
      const { json } = await client().get(`/api/v1/search?q=${q}`);
      t.match(json, { total: 1, items: [{ post: { slug: 'kept' } }] }, q);
    }
    await app.close();
    await revertFrom(url, name);
    t.same(await versions(), before);
    t.same(await query(url, `select from pg_proc where proname = 'text_grams'`), []);
    await migrateUp(url, migrations);
  },
);

t.test('0041 finds the authors of stored events, and drops those of projects', async (t) => {
  const name = '0041_event_projects';
  const url = await databaseBefore(t, name);
  await query(
    url,
    `insert into events (type, topics, resource_id, version, is_public, user_id, changes) values
       ('post.created', '{posts}', 1, 1, true, 1, '{"title": "One", "author": null}'),
       ('post.created', '{posts}', 1, 1, true, null, '{"title": "Two", "author": null}'),
       ('post.changed', '{posts}', 1, 1, true, 1, '{"title": "Three"}')`,
  );
  const changes = async () =>
    (await query(url, 'select changes from events order by id')).map(({ changes }) => changes);
  const before = await changes();
  await migrateUp(url, migrations);
  t.same(await changes(), [
    { title: 'One', author: 1 },
    { title: 'Two', author: null },
    { title: 'Three' },
  ]);
  await query(
    url,
    `insert into events (type, topics, resource_id, is_public, changes, project_id, former)
     values ('task.changed', '{project:7}', 1, false, '{}', 7, '{}')`,
  );
  await revertFrom(url, name);
  t.same(await changes(), before);
});
