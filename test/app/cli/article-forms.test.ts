import { cpSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projectRoot } from '#src/lib/project-root.js';
import { temporaryDirectory } from '#test/src/db/embedded/support.js';
import { createTestApp } from '#test/support/app.js';
import { place, placeAt, read, write } from '#test/support/article-folders.js';

/** Files as people wrote them for Hexo, Hugo and Jekyll. */
const FIXTURES = join(projectRoot, 'test/fixtures/articles');

const bySource = (posts: Record<string, unknown>[]) =>
  Object.fromEntries(posts.map((post) => [String(post['source_path']), post]));

t.test('reads front matter in the forms of all three tools, or skips the file', async (t) => {
  const { folder, rows, importAll } = await place(t);
  cpSync(join(FIXTURES, 'front-matter'), folder, { recursive: true });
  const { code, stdout, stderr } = await importAll();
  t.equal(code, 1);
  t.match(stdout, 'Files: 6 created, 0 updated, 0 unchanged, 0 left in the trash, 2 skipped.');
  t.match(stderr, /^skipped no-space\.md: Line 2: YAML: a blank is missing after the colon$/m);
  t.match(stderr, /^skipped fullwidth-colon\.md: Line 2: YAML: write `: ` in place of /m);
  t.same(await rows('select source_path, title, status, content from posts order by source_path'), [
    {
      source_path: 'chinese-key-first.md',
      title: '中文键在前',
      status: 'draft',
      content: '还没写完\n',
    },
    {
      source_path: 'fence-with-comment.md',
      title: 'Comment behind the fence (Hugo)',
      status: 'draft',
      content: 'Not ready.\n',
    },
    {
      source_path: 'hugo-json.md',
      title: 'JSON as Hugo has it',
      status: 'draft',
      content: 'Not ready, not for the public.\n',
    },
    {
      source_path: 'indented.md',
      title: 'All of it indented',
      status: 'draft',
      content: 'Not ready.\n',
    },
    {
      source_path: 'key-with-blank.md',
      title: 'A key of two words first',
      status: 'draft',
      content: 'Not ready.\n',
    },
    {
      source_path: 'two-boms.md',
      title: 'Saved twice with a BOM',
      status: 'draft',
      content: 'Not ready.\n',
    },
  ]);
});

t.test('reads dates as Hugo and Jekyll do', async (t) => {
  const test = await createTestApp(t);
  const { folder, importAll } = placeAt(t, test.databaseUrl);
  cpSync(join(FIXTURES, 'dates'), folder, { recursive: true });
  const { code, stderr } = await importAll();
  t.equal(code, 0, stderr);
  const dates: Record<string, string> = {
    d1: '2016-01-01T19:04:05.000Z',
    d3: '2016-01-01T19:04:05.000Z',
    d5: '2016-01-02T03:04:05.000Z',
    d7: '2016-01-02T03:04:05.000Z',
    d9: '2016-01-02T00:00:00.000Z',
    'year-one': '0001-03-04T05:06:07.000Z',
  };
  for (const [slug, published_at] of Object.entries(dates)) {
    const { json } = await test.client().get(`/api/v1/posts/slug/${slug}`);
    t.match(json, { published_at, created_at: published_at }, slug);
  }
  const { json } = await test.client().get('/api/v1/posts/slug/date-zero');
  t.match(json.published_at, /^20/, "the file's own date");
  t.equal((await test.client().get('/api/v1/posts?sort=oldest')).json.items[0].slug, 'year-one');
});

t.test('keeps the text of slugs, titles and tags, and takes slugs from file names', async (t) => {
  const { folder, rows, importAll } = await place(t);
  cpSync(join(FIXTURES, 'slugs'), folder, { recursive: true });
  write(folder, {
    'zh/hexo/connect-to-postgres.md': '---\ntitle: 另一个\n---\nText',
    'my-bundle/index.en.md': '---\ntitle: In English\n---\nText',
    '_posts/2016-01-02-2016.md': '---\ntitle: yes\ntags: 007\n---\nText',
    'a/same.md': '---\nslug: Same Slug\n---\none',
    'b/same.md': '---\nslug: same-slug\n---\ntwo',
    '🎉.md': '---\ntitle: A party\n---\nText',
    'emoji-slug.md': '---\ntitle: Any\nslug: 🎉\n---\nText',
    'toml.md': '+++\ntitle = 3.10\nslug = 50e7\ntags = [3.1, 3.10]\n+++\nText',
  });
  const { code, stderr } = await importAll();
  t.equal(code, 0, stderr);
  const all = `select source_path, slug, title, array(
    select name from tags join post_tags on tag_id = id where post_id = posts.id
    order by name collate "C") as tags from posts`;
  t.match(bySource(await rows(all)), {
    'hash-one.md': { slug: '50e78123' },
    'version.md': { slug: '0042', title: '3.10', tags: ['3.1', '3.10'] },
    'hexo/connect-to-postgres.md': { slug: 'connect-to-postgres' },
    'zh/hexo/connect-to-postgres.md': { slug: 'connect-to-postgres-2' },
    'my-bundle/index.md': { slug: /^my-bundle(-2)?$/ },
    'my-bundle/index.en.md': { slug: /^my-bundle(-2)?$/ },
    '_posts/2016-01-02-2016.md': { slug: '2016', title: 'yes', tags: ['007'] },
    'a/same.md': { slug: 'same-slug' },
    'b/same.md': { slug: 'same-slug-2' },
    '🎉.md': { slug: 'a-party' },
    'emoji-slug.md': { slug: 'emoji-slug' },
    'toml.md': { slug: '50e7', title: '3.10', tags: ['3.1', '3.10'] },
  });

  write(folder, { 'b/same.md': '---\nslug: same-slug\n---\ntwo and more' });
  t.match((await importAll()).stdout, '0 created, 1 updated');
  t.match(bySource(await rows(all)), { 'b/same.md': { slug: 'same-slug-2' } }, 'and keeps them');
});

t.test('makes other addresses lead to the post', async (t) => {
  const test = await createTestApp(t);
  const { folder, rows, importAll, exportTo } = placeAt(t, test.databaseUrl);
  write(folder, {
    'a.md':
      '---\nurl: /b/\naliases: [/2016/01/02/old-name.html, "old%20one/", "/%E4%B8%AD%E6%96%87/100%/", /c, /]\n---\nA',
    'b.md': '---\npermalink: https://example.com/blog/first/index.html?x=1#top\n---\nB',
    'c.md': '---\nredirect_from:\n  - /first/\n  - /?p=123\nabbrlink: 50e78123\n---\nC',
    'd.md': '---\npermalink: /:year/:title/\ndraft: true\naliases: early\n---\nD',
  });
  const { code, stderr } = await importAll();
  t.equal(code, 0, stderr);
  const led = async (slug: string) => {
    const { status, headers } = await test.client().get(`/api/v1/posts/slug/${slug}`);
    return status === 301 ? String(headers['location']).replace(/.*\//, '') : status;
  };
  t.equal(await led('old-name'), 'a');
  t.equal(await led('2016-01-02-old-name'), 'a');
  t.equal(await led('old-one'), 'a');
  t.equal(await led('zhong-wen-100'), 'a');
  t.equal(await led('100'), 'a');
  t.equal(await led('b'), 200, 'an address never takes the slug of another post');
  t.equal(await led('c'), 200);
  t.equal(await led('first'), 'b');
  t.equal(await led('blog-first'), 'b');
  t.equal(await led('p-123'), 'c');
  t.equal(await led('50e78123'), 'c');
  t.equal(await led('early'), 404, 'of a draft');

  const out = temporaryDirectory(t);
  await exportTo(out);
  t.match(
    read(out)['a.md'],
    '\naliases:\n  - "/100/"\n  - "/2016-01-02-old-name/"\n  - "/old-name/"\n',
  );
  t.match(read(out)['d.md'], '\naliases:\n  - "/early/"\n');
  const empty = await place(t);
  await empty.importFrom(out);
  const slugs =
    'select post_slugs.slug, posts.slug as post from post_slugs join posts on post_id = id order by 1';
  t.same(await empty.rows(slugs), await rows(slugs));

  const editor = await test.signedIn({ username: 'edith', role: 'editor' });
  const { json } = await editor.get('/api/v1/posts/slug/d');
  t.equal((await editor.post(`/api/v1/posts/${json.id}/publish`)).status, 200);
  t.equal(await led('early'), 'd', 'once it is published');
});

t.test('keeps authors who are no users, and exports them again', async (t) => {
  const { folder, rows, importAll, exportTo } = await place(t);
  await rows(`insert into users (username, username_folded) values ('ann', 'ann'), ('bob', 'bob')`);
  write(folder, {
    'one.md': '---\nauthor: 王 小明\n---\nText',
    'two.md': '---\nauthors:\n  - name: Nobody\n    link: x\n  - Bob\n---\nText',
    'three.md': '+++\nauthor = "Ann"\n+++\nText',
    'four.md': '+++\n[author]\nname = "Jane Doe"\n+++\nText',
    'five.md': 'Text',
  });
  const { code, stderr } = await importAll('--author', 'bob');
  t.equal(code, 0);
  t.match(stderr, 'Unknown authors: Jane Doe, Nobody, 王 小明.');
  const authors = `select slug, (select username from users where id = author_id) as author,
    source_authors from posts order by slug`;
  t.same(await rows(authors), [
    { slug: 'five', author: 'bob', source_authors: null },
    { slug: 'four', author: 'bob', source_authors: ['Jane Doe'] },
    { slug: 'one', author: 'bob', source_authors: ['王 小明'] },
    { slug: 'three', author: 'ann', source_authors: null },
    { slug: 'two', author: 'bob', source_authors: ['Nobody', 'Bob'] },
  ]);
  const out = temporaryDirectory(t);
  await exportTo(out);
  const files = read(out);
  t.match(files['one.md'], '\nauthor: "王 小明"\n');
  t.match(files['two.md'], '\nauthors:\n  - "Nobody"\n  - "Bob"\n');
  t.match(files['three.md'], '\nauthor: "ann"\n');
  t.match(files['five.md'], '\nauthor: "bob"\n');
  const empty = await place(t);
  await empty.importFrom(out);
  const again = temporaryDirectory(t);
  await empty.exportTo(again);
  t.same(read(again), files, 'also where none of them is a user');
});

t.test('finds a title for a text whose first paragraph is long', async (t) => {
  const { folder, rows, importAll } = await place(t);
  const long = 'A paragraph that says much. '.repeat(20).trim();
  write(folder, {
    'headed.md': `${long}\n===\n\nText\n\n## A short one\n`,
    'second.md': `# ${long}\n\nText\n\n# The second\n`,
    'by-file.md': `${long}\n\nText\n`,
    'by-file-too.md': `${long}\n===\n\nText\n`,
    [`${'n'.repeat(240)}.md`]: 'Text',
  });
  const { code, stderr } = await importAll();
  t.equal(code, 0, stderr);
  t.match(bySource(await rows('select source_path, title from posts')), {
    'headed.md': { title: 'A short one' },
    'second.md': { title: 'The second' },
    'by-file.md': { title: 'by file' },
    'by-file-too.md': { title: 'by file too' },
    [`${'n'.repeat(240)}.md`]: { title: 'n'.repeat(200) },
  });
});

t.test('does not overwrite a post with a file of the same name from another folder', async (t) => {
  const { folder, rows, importAll, importFrom } = await place(t);
  write(folder, { 'about.md': '---\ntitle: About us\n---\nWe are here.\n' });
  await importAll();
  const elsewhere = temporaryDirectory(t);
  write(elsewhere, { 'about.md': '---\ntitle: Other\n---\nThey are there.\n' });
  const { code, stderr } = await importFrom(elsewhere);
  t.equal(code, 1);
  t.match(stderr, 'skipped about.md: about.md shares nothing with the post about');
  t.same(await rows('select title from posts'), [{ title: 'About us' }]);
});
