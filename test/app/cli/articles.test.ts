import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseFrontMatter } from '#src/articles/lib/front-matter.js';
import { temporaryDirectory } from '#test/src/db/embedded/support.js';
import { place, read, write } from '#test/support/article-folders.js';

const summary = (numbers: string) => `Files: ${numbers}.\n`;

t.test('imports front matter fields', async (t) => {
  const { folder, rows, importAll } = await place(t);
  await rows(
    `insert into users (username, username_folded) values ('Alice', 'alice'), ('bob', 'bob')`,
  );
  write(folder, {
    'hexo.md':
      'title: Hexo\ndate: 2024-01-02 03:04:05\ncategories:\n- [Tech, Web]\n- Life\ntags:\n- a\n- B\n---\nText\n',
    'hugo.md':
      '+++\ntitle = "Hugo"\ndate = 2024-02-03T04:05:06+08:00\ndraft = true\nslug = "go"\ntags = ["b", "c d"]\nauthor = "alice"\nsummary = "About."\n+++\n\n# Not the title\n',
    '_posts/2024-03-04-jekyll-post.markdown':
      '---\nlayout: post\ntitle: "Jekyll: a post"\ncategory: Tech\ntags: x y\nauthor: Nobody\n---\nText\r\nmore\r\n',
    '_posts/2024-03-05-jekyll-post.md': '---\npublished: false\ntags: one two, three\n---\nText',
    'heading.md': '\n```sh\n# no heading\n```\n\n# The *title* of `it`\n\nText',
    'my_own-notes.md': 'Just text\n---\nand more',
    'bundle/index.md': '---\n---\nText',
    'other.mkd': 'Text',
    '数据库.md': '---\ntitle: 使用数据库连接池\n---\n文本',
    '.hidden/a.md': 'a',
    'node_modules/a.md': 'a',
    'section/_index.md': 'a',
    'a.txt': 'a',
  });
  const time = new Date('2020-05-06T07:08:09.000Z');
  utimesSync(join(folder, 'heading.md'), time, time);

  const { code, stdout, stderr } = await importAll('--author', 'BOB');
  t.equal(code, 0, stderr);
  t.equal(stdout, summary('9 created, 0 updated, 0 unchanged, 0 left in the trash, 0 skipped'));
  const posts = await rows(`
    select source_path, title, slug, summary, content, published_at, created_at,
      (select username from users where id = author_id) as author,
      (select name from categories where id = category_id) as category,
      array(select name from tags join post_tags on tag_id = id where post_id = posts.id
            order by name collate "C") as tags
    from posts`);
  const found = Object.fromEntries(posts.map((post) => [String(post['source_path']), post]));
  const at = (text: string) => new Date(text);
  t.match(found['hexo.md'], {
    title: 'Hexo',
    published_at: at('2024-01-02T03:04:05Z'),
    category: 'Tech',
    tags: ['B', 'Life', 'Web', 'a'],
    content: 'Text\n',
    author: 'bob',
  });
  t.match(found['hugo.md'], {
    slug: 'go',
    published_at: null,
    created_at: at('2024-02-02T20:05:06Z'),
    tags: ['B', 'c d'],
    summary: 'About.',
    content: '\n# Not the title\n',
    author: 'Alice',
  });
  t.match(found['_posts/2024-03-04-jekyll-post.markdown'], {
    title: 'Jekyll: a post',
    slug: 'jekyll-post',
    published_at: at('2024-03-04T00:00:00Z'),
    category: 'Tech',
    tags: ['x', 'y'],
    content: 'Text\r\nmore\r\n',
    author: 'bob',
  });
  t.match(found['_posts/2024-03-05-jekyll-post.md'], {
    title: 'jekyll post',
    slug: 'jekyll-post-2',
    published_at: null,
    tags: ['one two', 'three'],
  });
  t.match(found['heading.md'], { title: 'The title of it', published_at: time });
  t.match(found['my_own-notes.md'], { title: 'my own notes', content: 'Just text\n---\nand more' });
  t.match(found['bundle/index.md'], { title: 'bundle', content: 'Text' });
  t.match(found['数据库.md'], { slug: 'shu-ju-ku' });
  t.equal((await rows(`select from audit_log where action = 'post.create'`)).length, 9);
  t.equal((await rows(`select from audit_log where action = 'category.create'`)).length, 1);
});

t.test('reports invalid files with the reason and imports the others', async (t) => {
  const { folder, rows, importAll } = await place(t);
  const elsewhere = temporaryDirectory(t);
  write(elsewhere, { 'secret.md': 'secret' });
  write(folder, {
    'good.md': 'good',
    'yaml.md': '---\ntitle: a: b\n---\nText',
    'toml.md': '+++\ntitle = \n+++\nText',
    'bomb.md': '---\na: &a [1,1]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nd: [*c,*c,*c]\n---\nText',
    'proto.md': '---\n__proto__: {title: evil}\n---\nText',
    'long-title.md': `---\ntitle: ${'a'.repeat(201)}\n---\nText`,
    'tags.md': `---\ntags: [${Array.from({ length: 21 }, (_, index) => `t${index}`)}]\n---\nText`,
    'category.md': `---\ncategory: ${'a'.repeat(51)}\n---\nText`,
    'date.md': '---\ndate: 2024-02-30\n---\nText',
    'empty.md': '---\ntitle: a\n---\n',
    'zero.md': 'a\0b',
    'long.md': 'a'.repeat(200_001),
    'huge.md': 'a'.repeat(1_000_000),
    'html.md': '[a](b) '.repeat(1000),
    'no-end.md': '---\ntitle: a\ndraft: true\n\nText',
    'no-blank.md': '---\ndraft: true\ntitle:a\n---\nText',
    'draft.md': '---\ntitle: a\ndraft: maybe\n---\nText',
    'title-nul.md': '---\ntitle: "a\\0b"\n---\nText',
    'author-nul.md': '---\nauthor: "a\\0b"\n---\nText',
    'slug.md': '---\nslug: same\n---\nText',
  });
  writeFileSync(join(folder, 'latin.md'), Buffer.from([0x61, 0xe4, 0x62]));
  symlinkSync(join(elsewhere, 'secret.md'), join(folder, 'link.md'));
  symlinkSync(elsewhere, join(folder, 'linked'));
  symlinkSync('nowhere.md', join(folder, 'dangling.md'));
  mkdirSync(join(folder, 'folder.md'));
  symlinkSync('folder.md', join(folder, 'linked-folder.md'));
  execFileSync('mkfifo', [join(folder, 'pipe.md')]);

  const { code, stdout, stderr } = await importAll();
  t.equal(code, 1);
  t.equal(stdout, summary('3 created, 0 updated, 0 unchanged, 0 left in the trash, 22 skipped'));
  const reasons: Record<string, RegExp> = {
    yaml: /Line 2: YAML: Nested mappings/,
    toml: /Line 2: TOML: /,
    bomb: /Line 2: YAML: Excessive alias count/,
    'long-title': /Line 2: title: String should have at most 200 characters/,
    tags: /Line 2: tags: List should have at most 20 items/,
    category: /Line 2: category: String should have at most 50 characters/,
    date: /Line 2: date: "2024-02-30" is not a date/,
    'no-end': /Line 1: The front matter has no end/,
    'no-blank': /Line 3: YAML: a blank is missing after the colon/,
    draft: /Line 3: draft: "maybe" is neither true nor false/,
    'title-nul': /Line 2: title: /,
    'author-nul': /Line 2: author: /,
    empty: /content: String should have at least 1 character/,
    zero: /zero byte/,
    long: /content: String should have at most 200000 characters/,
    huge: /longer than \d+ bytes/,
    html: /content: Rendered HTML should have at most 42000 bytes/,
    latin: /UTF-8/,
    link: /leads out of the folder/,
    dangling: /ENOENT/,
    'linked-folder': /not a regular file/,
    pipe: /not a regular file/,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    const [line = ''] = stderr.match(new RegExp(`^skipped ${name}\\.md: .*$`, 'm')) ?? [];
    t.match(line, reason, name);
  }
  const titles = await rows('select title, content from posts order by title');
  t.same(titles, [
    { title: 'good', content: 'good' },
    { title: 'proto', content: 'Text' },
    { title: 'slug', content: 'Text' },
  ]);
  t.match(
    (await importAll('--author', 'nobody')).stderr,
    'error: The user nobody does not exist.\n',
  );
});

t.test('imports changed files only', async (t) => {
  const { folder, rows, importAll } = await place(t);
  write(folder, {
    'a.md': '---\ntitle: A\ntags: [x]\ndate: 2024-01-01\n---\nText',
    'b.md': '---\ntitle: B\n---\nText',
    'c.md': '---\ntitle: C\n---\nText',
  });
  const rehearsal = await importAll('--dry-run');
  t.match(rehearsal.stdout, 'Dry run: 3 created');
  t.same(await rows('select from posts'), []);

  await importAll();
  const state = () => rows('select title, version, updated_at from posts order by title');
  const before = await state();
  t.match((await importAll()).stdout, '0 created, 0 updated, 3 unchanged');
  t.same(await state(), before);

  await rows(`update posts set title = 'Bee', updated_at = now() where title = 'B'`);
  await rows(`update posts set deleted_at = now() where title = 'C'`);
  const next =
    '---\ntitle: A2\nslug: a\ntags: [y]\ndate: 2024-01-02\ndraft: true\ncategory: K\n---\nOther';
  write(folder, { 'a.md': next, 'c.md': '---\ntitle: C2\n---\nText' });
  const { code, stdout, stderr } = await importAll();
  t.equal(code, 0);
  t.equal(stdout, summary('0 created, 1 updated, 1 unchanged, 1 left in the trash, 0 skipped'));
  t.match(stderr, 'left c.md in the trash\n');
  const [a, b, c] = await rows(`
    select title, slug, content, published_at, created_at, content_html,
      (select name from categories where id = category_id) as category,
      array(select name from tags join post_tags on tag_id = id where post_id = posts.id) as tags
    from posts order by source_path`);
  t.match(a, {
    title: 'A2',
    slug: 'a',
    content: 'Other',
    content_html: '<p>Other</p>\n',
    published_at: null,
    created_at: new Date('2024-01-02T00:00:00Z'),
    category: 'K',
    tags: ['y'],
  });
  t.match(b, { title: 'Bee' }, 'keeps an edited post whose file is unchanged');
  t.match(c, { title: 'C' });
  const [change] = await rows(`select before, after from audit_log where action = 'post.change'`);
  t.match(change, { before: { title: 'A', status: 'published' }, after: { title: 'A2' } });

  write(folder, { 'a.md': next.replace('draft: true\n', '') });
  await importAll();
  const [again] = await rows(`select published_at, slug from posts where source_path = 'a.md'`);
  t.same(again, { published_at: new Date('2024-01-02T00:00:00Z'), slug: 'a' });
});

t.test('does not overwrite posts that were edited here', async (t) => {
  const { folder, rows, importAll } = await place(t);
  write(folder, { 'a.md': 'One', 'b.md': 'Two', 'c.md': 'Three' });
  await importAll();
  await rows(`update posts set published_at = null where title = 'a'`);
  await rows(`update posts set content = 'Mine' where title = 'b'`);
  await rows(`update posts set content = 'Four' where title = 'c'`);
  write(folder, { 'a.md': 'One more', 'b.md': 'Two more', 'c.md': 'Four' });
  const contents = () => rows('select content, status from posts order by title');
  const { code, stdout, stderr } = await importAll();
  t.equal(code, 1);
  t.equal(stdout, summary('0 created, 0 updated, 1 unchanged, 0 left in the trash, 2 skipped'));
  t.match(
    stderr,
    'skipped a.md: the post has changed since the last import; use --force to overwrite it',
  );
  t.same(await contents(), [
    { content: 'One', status: 'draft' },
    { content: 'Mine', status: 'published' },
    { content: 'Four', status: 'published' },
  ]);
  t.match((await importAll('--force')).stdout, '0 created, 2 updated, 1 unchanged');
  t.same(await contents(), [
    { content: 'One more', status: 'published' },
    { content: 'Two more', status: 'published' },
    { content: 'Four', status: 'published' },
  ]);
  write(folder, { 'a.md': 'And more' });
  t.match((await importAll()).stdout, '0 created, 1 updated', 'imports later changes');

  await rows(`update posts set summary = 'Mine' where title = 'b'`);
  t.match((await importAll()).stdout, '0 created, 0 updated, 3 unchanged');
  t.match((await importAll('--force')).stdout, '0 created, 1 updated, 2 unchanged');
  t.same(await rows(`select summary from posts where title = 'b'`), [{ summary: '' }]);
});

t.test('assigns an author who is created after the import', async (t) => {
  const { folder, rows, importAll } = await place(t);
  write(folder, { 'a.md': '---\nauthor: Ann\n---\nOne', 'b.md': '---\nauthor: Bob\n---\nTwo' });
  const first = await importAll();
  t.equal(first.code, 0);
  t.match(first.stderr, 'Unknown authors: Ann, Bob. To assign their posts, create these users');
  await rows(`insert into users (username, username_folded) values ('ann', 'ann'), ('eve', 'eve')`);
  await rows(`update posts set summary = 'Changed' where title = 'b'`);
  const next = await importAll();
  t.match(next.stdout, '0 created, 1 updated, 1 unchanged');
  t.match(next.stderr, 'Unknown authors: Bob.');
  const authors = () =>
    rows(`select title, (select username from users where id = author_id) as name
      from posts order by title`);
  t.same(await authors(), [
    { title: 'a', name: 'ann' },
    { title: 'b', name: null },
  ]);
  t.match((await importAll('--author', 'eve', '--force')).stdout, '1 updated, 1 unchanged');
  t.same(await authors(), [
    { title: 'a', name: 'ann' },
    { title: 'b', name: 'eve' },
  ]);
});

t.test('recognizes a post whose file has moved', async (t) => {
  const { folder, rows, importAll } = await place(t);
  write(folder, { 'a.md': '---\nslug: one\n---\n# One\n', 'b.md': '---\nslug: two\n---\n# Two\n' });
  await importAll();
  rmSync(join(folder, 'a.md'));
  rmSync(join(folder, 'b.md'));
  write(folder, {
    'new/a.md': '---\nslug: one\n---\n# One\n',
    'new/b.md': '---\nslug: two\n---\n# Two\n\nMore\n',
  });
  const { stdout, stderr } = await importAll();
  t.match(stdout, '0 created, 0 updated, 1 unchanged, 0 left in the trash, 1 skipped');
  t.match(
    stderr,
    'skipped new/b.md: the post two was imported from b.md; use --force to overwrite it',
  );
  t.match((await importAll('--force')).stdout, '0 created, 1 updated, 1 unchanged');
  t.same(await rows('select source_path from posts order by slug'), [
    { source_path: 'new/a.md' },
    { source_path: 'new/b.md' },
  ]);
});

t.test('restores posts from their export', async (t) => {
  const { rows, importFrom, exportTo, folder } = await place(t);
  write(folder, { 'a.md': 'One', 'b.md': 'Two' });
  await importFrom(folder);
  await rows('update posts set source_path = null, source_hash = null, source_version = null');
  await rows(`update posts set published_at = now(), created_at = now() - interval '1 day'
    where title = 'a'`);
  const out = temporaryDirectory(t);
  await exportTo(out);
  t.match((await importFrom(out)).stdout, '0 created, 0 updated, 2 unchanged');
  t.same(await rows('select source_path from posts order by id'), [
    { source_path: 'a.md' },
    { source_path: 'b.md' },
  ]);

  await rows(`update posts set source_path = null where slug = 'b'`);
  write(out, { 'b.md': '---\nslug: b\n---\nTwo more' });
  const refused = await importFrom(out);
  t.match(refused.stderr, 'skipped b.md: the post b was not imported; use --force to overwrite it');
  t.equal((await importFrom(out, '--force')).code, 0);
  t.same(await rows(`select content from posts where slug = 'b'`), [{ content: 'Two more' }]);
});

t.test('--dry-run reports the same as the import', async (t) => {
  const { folder, rows, importAll } = await place(t);
  write(folder, {
    'a.md': '---\nslug: same\n---\nText',
    'b.md': '---\nslug: same\n---\nText',
    'c.md': '---\ndate: never\n---\nText',
  });
  const rehearsal = await importAll('--dry-run');
  t.equal(
    rehearsal.stdout,
    'Dry run: 2 created, 0 updated, 0 unchanged, 0 left in the trash, 1 skipped.\n',
  );
  t.same(await rows('select from posts'), []);
  const { stdout, stderr } = await importAll();
  t.equal(stdout.replace('Files', 'Dry run'), rehearsal.stdout);
  t.equal(stderr, rehearsal.stderr);
});

t.test('reports unusable folders in one sentence', async (t) => {
  const { folder, rows, importFrom } = await place(t);
  const nowhere = join(folder, 'nowhere');
  t.equal((await importFrom(nowhere)).stderr, `error: The folder ${nowhere} does not exist.\n`);
  await rows('drop table posts cascade');
  write(folder, { 'a.md': 'Text' });
  t.match((await importFrom(folder)).stderr, 'is not migrated');
});

t.test('re-renders all content and writes only what changes', async (t) => {
  const { folder, rows, importAll, renderAll } = await place(t);
  write(folder, { 'a.md': '*One* bold', 'b.md': 'Two' });
  await importAll();
  await rows(`insert into comments (post_id, content, content_html, search, thread_id)
    select id, '*Fine*', 'old', '', null from posts where title = 'a'`);
  await rows(`update posts set content_html = '<script>', search = '' where title = 'a'`);
  await rows('update comments set search = to_tsvector(content)');
  const state = () =>
    rows(`select title, content_html, excerpt, version, updated_at,
      search @@ 'bold'::tsquery as is_found from posts order by title`);
  const before = await state();
  t.equal(
    (await renderAll()).stdout,
    'Changed by re-rendering: 1 posts, 1 comments, 0 tasks, 0 comments on tasks.\n',
  );
  const [a = {}, b] = await state();
  t.match(a, { content_html: '<p><em>One</em> bold</p>\n', is_found: true });
  t.same({ ...a, content_html: '<script>', is_found: false }, before[0], 'the post is unchanged');
  t.same(b, before[1]);
  t.same(await rows('select content_html, version from comments'), [
    { content_html: '<p><em>Fine</em></p>\n', version: 1 },
  ]);
  t.equal(
    (await renderAll()).stdout,
    'Changed by re-rendering: 0 posts, 0 comments, 0 tasks, 0 comments on tasks.\n',
  );

  await rows(`update posts set search = '' where title = 'b'`);
  t.equal(
    (await renderAll()).stdout,
    'Changed by re-rendering: 1 posts, 0 comments, 0 tasks, 0 comments on tasks.\n',
    'words too',
  );
  t.same((await state())[1], b);
});

t.test('keeps HTML that would be too long, and goes on', async (t) => {
  const { folder, rows, importAll, renderAll } = await place(t);
  write(folder, { 'a.md': 'One', 'b.md': 'Two', 'c.md': 'Three' });
  await importAll();
  const long = '[a](b) '.repeat(700);
  const state = () => rows(`select content_html, search from posts where title = 'b'`);
  await rows(`update posts set content = '${long}', content_html = 'old' where title = 'b'`);
  await rows(`insert into comments (post_id, content, content_html, search)
    select id, '${long}', 'old', '' from posts where title = 'a'`);
  await rows(`update posts set content_html = 'old' where title <> 'b'`);
  const before = await state();
  const { code, stdout, stderr } = await renderAll();
  t.equal(code, 0, 'the run does not fail');
  t.equal(stdout, 'Changed by re-rendering: 2 posts, 0 comments, 0 tasks, 0 comments on tasks.\n');
  t.match(stderr, /^kept the former HTML of post \d+: the new HTML would be too long$/m);
  t.match(stderr, /^kept the former HTML of comment \d+: the new HTML would be too long$/m);
  t.same(await state(), before);
  t.same(await rows('select content_html from comments'), [{ content_html: 'old' }]);

  await rows(`update posts set source_version = version`);
  write(folder, { 'b.md': `---\nsummary: New\n---\n${long}`, 'c.md': `Three\n\n${long}` });
  const again = await importAll();
  t.equal(
    again.stdout,
    summary('0 created, 1 updated, 1 unchanged, 0 left in the trash, 1 skipped'),
  );
  t.match(again.stderr, /^skipped c\.md: content: Rendered HTML should have at most/m);
  t.same(await rows(`select summary, content_html from posts where title = 'b'`), [
    { summary: 'New', content_html: 'old' },
  ]);
});

t.test('exports every post and overwrites nothing', async (t) => {
  const { folder, rows, importAll, exportTo } = await place(t);
  await rows(`insert into users (username, username_folded) values ('alice', 'alice')`);
  const odd =
    '---\ntitle: "on: # \'x\'"\nslug: odd\ndate: 2024-01-01\nauthor: alice\n' +
    'categories: "yes"\ntags: ["2024-01-01", "null", "a, b", "@c"]\ndescription: "a\\n---\\nb"\n' +
    '---\n\n\n---\nnot: front\n---\n\r\n\u2028---\n';
  write(folder, { 'deep/er/odd.md': odd, 'odd.md': '---\nslug: plain\n---\nText' });
  await importAll();
  await rows(`update posts set source_path = null where slug = 'plain'`);
  await rows(`update posts set source_path = null, slug = 'index' where slug = 'plain'`);

  const out = temporaryDirectory(t);
  t.equal((await exportTo(out)).stdout, 'Files: 2 written, 0 unchanged, 0 skipped.\n');
  const files = read(out);
  t.same(Object.keys(files), ['deep/er/odd.md', 'index.md']);
  const { values, body } = parseFrontMatter(files['deep/er/odd.md'] ?? '');
  t.same(Object.fromEntries(values), {
    title: "on: # 'x'",
    slug: 'odd',
    date: '2024-01-01T00:00:00.000Z',
    author: 'alice',
    categories: ['yes'],
    tags: ['2024-01-01', '@c', 'a, b', 'null'],
    description: 'a\n---\nb',
    draft: 'false',
  });
  t.equal(body, parseFrontMatter(odd).body);
  t.equal((await exportTo(out)).stdout, 'Files: 0 written, 2 unchanged, 0 skipped.\n');

  write(out, { 'index.md': 'mine' });
  const refused = await exportTo(out);
  t.equal(refused.code, 1);
  t.match(refused.stderr, 'skipped index.md: the existing file differs; use --force');
  t.equal(read(out)['index.md'], 'mine');
  t.equal((await exportTo(out, '--force')).code, 0);
  t.same(read(out), files);

  const elsewhere = temporaryDirectory(t);
  rmSync(join(out, 'deep'), { recursive: true });
  rmSync(join(out, 'index.md'));
  symlinkSync(elsewhere, join(out, 'deep'));
  symlinkSync(join(elsewhere, 'index.md'), join(out, 'index.md'));
  await rows(`update posts set source_path = '../../evil.md' where slug = 'index'`);
  const outside = await exportTo(out, '--force');
  t.equal(outside.code, 1);
  t.equal(outside.stdout, 'Files: 0 written, 0 unchanged, 2 skipped.\n');
  await rows(`update posts set source_path = null where slug = 'index'`);
  t.equal((await exportTo(out, '--force')).code, 1);
  t.same(readdirSync(elsewhere), [], 'creates no file or folder through a link');
});

t.test('does not overwrite a post with a file from another folder', async (t) => {
  const { folder, rows, importAll, importFrom } = await place(t);
  write(folder, { 'index.md': '# One\n\nA first text.\n', 'about.md': 'About\n\nthe one.\n' });
  await importAll();
  const elsewhere = temporaryDirectory(t);
  write(elsewhere, { 'index.md': '# Two\n\nA second text.\n' });
  const { code, stderr } = await importFrom(elsewhere);
  t.equal(code, 1);
  t.match(stderr, 'skipped index.md: index.md shares nothing with the post one');
  const titles = () => rows('select title, slug from posts order by source_path');
  const [about] = await titles();
  t.same(await titles(), [about, { title: 'One', slug: 'one' }]);

  write(elsewhere, { 'index.md': '---\nslug: one\n---\n# Two\n\nA second text.\n' });
  t.equal((await importFrom(elsewhere)).code, 0, 'names the post it replaces');
  t.same(await titles(), [about, { title: 'Two', slug: 'one' }]);
  write(elsewhere, { 'index.md': '# Three\n\nA second text.\n\nAnd more.\n' });
  t.equal((await importFrom(elsewhere)).code, 0, 'new title, similar text');
  t.same(await titles(), [about, { title: 'Three', slug: 'one' }]);
});

t.test('exports each post to its own file', async (t) => {
  const { folder, rows, importAll, exportTo } = await place(t);
  write(folder, {
    'a.md': '---\nslug: other\n---\nsource',
    'b.md': '---\nslug: a\n---\nfirst',
    'c.md': '---\nslug: c\n---\nsecond',
  });
  await importAll();
  await rows(`update posts set source_path = null where slug in ('a', 'c')`);
  await rows(`update posts set slug = (select 'a-' || id from posts where slug = 'a')
    where slug = 'c'`);
  const out = temporaryDirectory(t);
  t.equal((await exportTo(out, '--force')).stdout, 'Files: 3 written, 0 unchanged, 0 skipped.\n');
  const bodies = Object.values(read(out)).map((text) => parseFrontMatter(text).body);
  t.same(bodies.sort(), ['first', 'second', 'source']);
  t.equal((await exportTo(out)).stdout, 'Files: 0 written, 3 unchanged, 0 skipped.\n');
});
