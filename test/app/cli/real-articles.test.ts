import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t from 'tap';
import { parseFrontMatter } from '#src/articles/lib/front-matter.js';
import { temporaryDirectory } from '#test/src/db/embedded/support.js';
import { type Files, place, read } from '#test/support/article-folders.js';

/** Test cases of a Markdown renderer, which cover every oddity of Markdown in 339 files. */
const REAL_FOLDER = join(dirname(createRequire(import.meta.url).resolve('showdown')), '../test');

t.test('restores a real folder from its export', async (t) => {
  const { rows, importFrom, exportTo } = await place(t);
  const before = read(REAL_FOLDER);
  const count = Object.keys(before).length;
  t.ok(count >= 200, `${count} files`);

  const first = await importFrom(REAL_FOLDER);
  const skipped = first.stderr.match(/^skipped .*$/gm) ?? [];
  t.same(skipped, [
    'skipped cases/obfuscated-emails.md: content: String should have at least 1 character',
    'skipped makeMd/hr.md: content: String should have at least 1 character',
  ]);
  t.equal(first.code, 1);
  const [{ posts } = { posts: 0 }] = await rows('select count(*)::integer as posts from posts');
  t.equal(posts, count - skipped.length);

  const out = temporaryDirectory(t);
  t.same((await exportTo(out)).code, 0);
  const after = read(out);
  t.equal(Object.keys(after).length, posts);
  const bodies = (files: Files) =>
    Object.fromEntries(
      Object.keys(after).map((path) => [path, parseFrontMatter(files[path] ?? '').body]),
    );
  t.same(bodies(after), bodies(before));

  const second = await importFrom(REAL_FOLDER);
  t.match(second.stdout, `0 created, 0 updated, ${posts} unchanged`);

  const empty = await place(t);
  t.equal((await empty.importFrom(out)).code, 0);
  const again = temporaryDirectory(t);
  t.equal((await empty.exportTo(again)).code, 0);
  t.same(read(again), after, 'survives import into an empty database and another export');
});
