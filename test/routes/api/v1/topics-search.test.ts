import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { examinedRows } from '#test/support/examined-rows.js';
import { recordCalls } from '#test/support/statements.js';

const TAGS = 20_000;
const TAGS_PER_POST = 20;

const { app, client, databaseUrl, signedIn } = await createTestApp(t);
const anyone = client();
const editor = await signedIn({ username: 'edith', role: 'editor' });

for (const table of ['categories', 'tags']) {
  await app.pg.query(
    `insert into ${table} (name, name_folded, slug)
     select 'Topic ' || n || ' ' || md5(n::text), 'topic ' || n || ' ' || md5(n::text), 't-' || n
     from generate_series(1, ${TAGS}) as n`,
  );
}
await app.pg.query(
  `insert into posts (title, slug, published_at, content, content_html, content_text, excerpt,
     reading_minutes, search, title_search)
   select 'Post', 'post-' || n, now(), 'x', 'x', 'x', 'x', 1, '', ''
   from generate_series(1, ${TAGS / TAGS_PER_POST}) as n`,
);
await app.pg.query(
  `insert into post_tags (post_id, tag_id)
   select posts.id, tags.id from posts join tags on tags.id % ${TAGS / TAGS_PER_POST} = posts.id % ${TAGS / TAGS_PER_POST}`,
);
await app.pg.query('vacuum analyze categories, tags, posts, post_tags');

t.test('examines few topics, however many there are', { timeout: 120_000 }, async (t) => {
  for (const kind of ['categories', 'tags']) {
    for (const [name, who] of Object.entries({ anyone, editor })) {
      for (const q of ['topic%2019999', 'nobodyhasthis', 'topic', 'TOPIC&sort=-name', 'pic%2012']) {
        const calls = await recordCalls(async () => {
          const { status } = await who.get(`/api/v1/${kind}?q=${q}`);
          if (status !== 200) throw new Error(`${kind}?q=${q} was answered ${status}`);
        });
        const searches = calls.filter(({ text }) => text.includes('text_grams'));
        t.equal(searches.length, 2, 'a page and a count');
        const rows = await examinedRows(databaseUrl, searches);
        t.ok(rows <= 5000, `${kind}?q=${q} for ${name}: ${rows} rows`);
      }
    }
  }
});

t.test('counts a thousand, and pages by number end there', async (t) => {
  const get = async (url: string, who: Client = anyone) => (await who.get(url)).json;
  for (const kind of ['categories', 'tags']) {
    const url = `/api/v1/${kind}?sort=name&size=100`;
    t.match(await get(`${url}&q=topic`), { total: 1000, pages: 10, has_next: true });
    const last = await get(`${url}&q=topic&page=10`);
    t.match(last, { total: 1000, has_next: false });
    t.same((await get(`${url}&q=topic&page=11`)).items, []);
    const next = await get(`${url}&q=topic&cursor=${last.next_cursor}`);
    t.equal(next.items.length, 100, 'a cursor leads on');
    t.ok(next.items[0].name > last.items.at(-1).name);
    t.match(await get(url), { total: null, has_next: true }, 'counts 10,000 without a text');
  }
});
