import t from 'tap';
import { reRenderOutdated } from '#src/articles/services/re-rendering.js';
import { render } from '#src/articles/services/rendering.js';
import { enqueue } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestComment, insertTestPost } from '#test/support/articles.js';

const { app, client } = await createTestApp(t);
const anyone = client();

async function rows(query: string) {
  return (await app.pg.query(query)).rows;
}

/** Leaves texts as an older version of the renderer has stored them. */
async function age() {
  await app.pg.query(`update posts set content_html = 'old', search = '', title_search = ''`);
  await app.pg.query(`update comments set content_html = 'old', search = ''`);
  await app.pg.query(`update tags set search_words = 'old'`);
  await app.pg.query('update rerendering set version = 0, kind = null');
}

async function outdated() {
  const [row] = await rows(
    `select (select count(*) from posts where content_html = 'old')
       + (select count(*) from comments where content_html = 'old')
       + (select count(*) from tags where search_words = 'old') as n`,
  );
  return Number(row.n);
}

t.test('re-renders and indexes what an older version has stored, once', async (t) => {
  for (let n = 0; n < 45; n += 1) {
    const { id } = await insertTestPost(app, {
      title: `Naïve ${n}`,
      content: 'git clone <repo>',
      tags: [`tag ${n}`],
    });
    await insertTestComment(app, { post_id: id, content: 'H<sub>2</sub>O' });
  }
  const versions = await rows('select id, version, updated_at from posts order by id');
  await age();
  t.equal((await anyone.get('/api/v1/search?q=naive')).json.total, 0);
  await enqueue(app.db, 're_render', {});
  await app.runJobs();
  t.equal(await outdated(), 0);
  t.same(await rows('select distinct content_html from posts'), [
    { content_html: '<p>git clone &lt;repo&gt;</p>\n' },
  ]);
  t.same(await rows('select distinct content_html from comments'), [
    { content_html: '<p>H<sub>2</sub>O</p>\n' },
  ]);
  t.same(await rows('select id, version, updated_at from posts order by id'), versions);
  t.same(await rows('select kind, after_id from rerendering'), [{ kind: null, after_id: 0 }]);
  t.equal((await anyone.get('/api/v1/search?q=naive')).json.total, 45);

  await app.pg.query(`update posts set content_html = 'other'`);
  t.match(await reRenderOutdated(app.db, Infinity), { seen: 0, isDone: true }, 'done before');
  t.same(await rows('select distinct content_html from posts'), [{ content_html: 'other' }]);
});

t.test('stops in time, and goes on where it was', async (t) => {
  await age();
  t.match(await reRenderOutdated(app.db, performance.now()), { seen: 0, isDone: false });
  let runs = 0;
  for (let isDone = false; !isDone; runs += 1) {
    const before = await outdated();
    // The first batch takes longer than this.
    const found = await reRenderOutdated(app.db, performance.now() + 0.5);
    isDone = found.isDone;
    t.ok(found.seen <= 20 && before - (await outdated()) === found.changed, `${found.seen} texts`);
  }
  t.ok(runs > 6, `${runs} runs`);
  t.equal(await outdated(), 0);

  await age();
  await app.pg.query('update rerendering set version = 1000000');
  t.match(await reRenderOutdated(app.db, Infinity), { seen: 0, isDone: true });
  t.equal(await outdated(), 135, 'a later version has begun');
});

t.test('leaves nothing out because others have much to render', async (t) => {
  await insertTestPost(app, { title: 'Code', content: '```\ncode\n```' });
  await age();
  const others = Array.from({ length: 22 }, () => render('*a* '.repeat(10_000)));
  t.match(await reRenderOutdated(app.db, Infinity), { isBusy: true, isDone: false });
  t.not(await outdated(), 0);
  await Promise.all(others);
  t.match(await reRenderOutdated(app.db, Infinity), { isBusy: false, isDone: true, kept: 0 });
  t.equal(await outdated(), 0);
});
