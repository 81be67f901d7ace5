import t from 'tap';
import { temporaryDirectory } from '#test/src/db/embedded/support.js';
import { place, read, write } from '#test/support/article-folders.js';
import { generateArticles, USERNAMES } from '#test/support/generate-articles.js';
import { Random } from '#test/support/random.js';

/** `ARTICLES=3000` imports as many; `ARTICLES_SEED` makes others. */
const COUNT = Number(process.env['ARTICLES'] ?? 300);
const SEED = Number(process.env['ARTICLES_SEED'] ?? 1);

/** Everything that a file says about its post. */
const POSTS = `
  select source_path, title, slug, summary, content, content_html, status, published_at, created_at,
    source_authors,
    (select username from users where id = author_id) as author,
    (select name from categories where id = category_id) as category,
    array(select name from tags join post_tags on tag_id = id where post_id = posts.id
          order by name collate "C") as tags,
    array(select post_slugs.slug from post_slugs
          where post_id = posts.id and post_slugs.slug <> posts.slug order by 1) as former_slugs
  from posts order by source_path collate "C"`;

const users = USERNAMES.map((name) => `('${name}', '${name}')`).join(', ');
const insertUsers = `insert into users (username, username_folded) values ${users}`;

t.test(`${COUNT} posts survive import, export and import`, { timeout: 3_600_000 }, async (t) => {
  const articles = generateArticles(new Random(SEED), COUNT);
  const { folder, rows, importAll, exportTo } = await place(t);
  await rows(insertUsers);
  write(folder, Object.fromEntries(articles.map(({ path, text }) => [path, text])));
  const first = await importAll();
  t.equal(first.stderr.match(/^skipped .*$/gm), null);
  t.equal(first.code, 0);
  t.match(first.stdout, `Files: ${COUNT} created, 0 updated, 0 unchanged, 0 left in the trash, 0 `);

  const posts = await rows(POSTS);
  t.equal(posts.length, COUNT);
  const found = new Map(posts.map((post) => [post['source_path'], post]));
  for (const { path, text, title, content, status, date, tags, slug } of articles) {
    const post = found.get(path.normalize()) ?? {};
    const at = post[status === 'draft' ? 'created_at' : 'published_at'];
    const actual = {
      title: post['title'],
      content: post['content'],
      status: post['status'],
      tags: post['tags'],
      date: date === null || !(at instanceof Date) ? null : at.toISOString(),
      // A taken slug has a number.
      slug: String(post['slug']).startsWith(`${slug}-`) ? slug : post['slug'],
    };
    const wanted = { title, content, status, tags: tags.toSorted(), date, slug };
    if (JSON.stringify(actual) === JSON.stringify(wanted)) continue;
    t.same(actual, wanted, `${path}: ${JSON.stringify(text)}`);
  }

  const out = temporaryDirectory(t);
  t.equal((await exportTo(out)).stdout, `Files: ${COUNT} written, 0 unchanged, 0 skipped.\n`);
  const empty = await place(t);
  await empty.rows(insertUsers);
  const second = await empty.importFrom(out);
  t.equal(second.code, 0, second.stderr);
  const again = await empty.rows(POSTS);
  t.equal(again.length, COUNT);
  for (const [index, post] of posts.entries()) {
    if (JSON.stringify(again[index]) !== JSON.stringify(post)) t.same(again[index], post);
  }
  const twice = temporaryDirectory(t);
  await empty.exportTo(twice);
  t.equal(JSON.stringify(read(twice)), JSON.stringify(read(out)), 'the same files');
});
