import t from 'tap';
import { reRenderers } from '#app/re-renderers.js';
import { reRenderOutdated } from '#src/markdown/re-rendering.js';
import { render } from '#src/markdown/rendering.js';
import { enqueue } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestComment, insertTestPost } from '#test/support/articles.js';
import { createProject } from '#test/support/projects.js';

const { app, client, signedIn } = await createTestApp(t);
const anyone = client();

async function rows(query: string) {
  return (await app.pg.query(query)).rows;
}

/** Leaves texts as an older version of the renderer has stored them. */
async function age() {
  await app.pg.query(`update posts set content_html = 'old', search = '', title_search = ''`);
  await app.pg.query(`update comments set content_html = 'old', search = ''`);
  await app.pg.query(`update tags set search_words = 'old'`);
  await app.pg.query(`update tasks set description_html = 'old' where description <> ''`);
  await app.pg.query(`update task_comments set content_html = 'old'`);
  await app.pg.query('update rerendering set version = 0, kind = null');
}

async function outdated() {
  const [row] = await rows(
    `select (select count(*) from posts where content_html = 'old')
       + (select count(*) from comments where content_html = 'old')
       + (select count(*) from tags where search_words = 'old')
       + (select count(*) from tasks where description_html = 'old')
       + (select count(*) from task_comments where content_html = 'old') as n`,
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
  const owner = await signedIn({ username: 'owner' });
  const project = await createProject(owner);
  const task = { summary: 'Described', description: 'H<sub>2</sub>O' };
  const { json: described } = await owner.post(`${project.path}/tasks`, task);
  const comment = { content: 'H<sub>2</sub>O' };
  const comments = `${project.path}/tasks/${described.id}/comments`;
  t.equal((await owner.post(comments, comment)).status, 201);
  t.equal((await owner.post(`${project.path}/tasks`, { summary: 'Plain' })).status, 201);
  const allVersions = () =>
    rows(`select 'post' as kind, id, version, updated_at from posts union all
          select 'task', id, version, updated_at from tasks union all
          select 'task_comment', id, version, updated_at from task_comments order by 1, 2`);
  const versions = await allVersions();
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
  t.same(await rows('select description, description_html from tasks order by id'), [
    { description: 'H<sub>2</sub>O', description_html: '<p>H<sub>2</sub>O</p>\n' },
    { description: '', description_html: '' },
  ]);
  t.same(await rows('select content_html from task_comments'), [
    { content_html: '<p>H<sub>2</sub>O</p>\n' },
  ]);
  t.same(await allVersions(), versions);
  t.same(await rows('select kind, after_id from rerendering'), [{ kind: null, after_id: 0 }]);
  t.equal((await anyone.get('/api/v1/search?q=naive')).json.total, 45);

  await app.pg.query(`update posts set content_html = 'other'`);
  t.match(
    await reRenderOutdated(app.db, reRenderers, Infinity),
    { seen: 0, isDone: true },
    'done before',
  );
  t.same(await rows('select distinct content_html from posts'), [{ content_html: 'other' }]);
});

t.test('stops in time, and goes on where it was', async (t) => {
  await age();
  t.match(await reRenderOutdated(app.db, reRenderers, performance.now()), {
    seen: 0,
    isDone: false,
  });
  let runs = 0;
  for (let isDone = false; !isDone; runs += 1) {
    const before = await outdated();
    // The first batch takes longer than this.
    const found = await reRenderOutdated(app.db, reRenderers, performance.now() + 0.5);
    isDone = found.isDone;
    t.ok(found.seen <= 20 && before - (await outdated()) === found.changed, `${found.seen} texts`);
  }
  t.ok(runs > 6, `${runs} runs`);
  t.equal(await outdated(), 0);

  await age();
  await app.pg.query('update rerendering set version = 1000000');
  t.match(await reRenderOutdated(app.db, reRenderers, Infinity), { seen: 0, isDone: true });
  t.equal(await outdated(), 137, 'a later version has begun');
});

t.test('announces what no trigger announces, once, unless nothing of it is cached', async (t) => {
  await age();
  await reRenderOutdated(app.db, reRenderers, Infinity);
  const listener = await app.pg.connect();
  t.teardown(() => listener.release(true));
  let announced = 0;
  listener.on('notification', ({ payload }) => {
    // What a trigger announces has the number of a transaction as its name.
    if (payload !== undefined && /^[\da-f]{8}(-[\da-f]{4}){3}-/.test(payload)) announced += 1;
  });
  await listener.query('listen article_changes');
  const uncached = { ...reRenderers, tag: { ...reRenderers.tag, channel: null } };
  for (const [given, expected] of [
    [uncached, 0],
    [reRenderers, 1],
  ] as const) {
    await app.pg.query(`update tags set search_words = 'old'`);
    await app.pg.query('update rerendering set version = 0, kind = null');
    t.match(await reRenderOutdated(app.db, given, Infinity), { changed: 45, isDone: true });
    // The answer comes after whatever was announced before.
    await listener.query('select');
    t.equal(announced, expected);
    announced = 0;
  }
});

t.test('leaves nothing out because others have much to render', async (t) => {
  await insertTestPost(app, { title: 'Code', content: '```\ncode\n```' });
  await age();
  const others = Array.from({ length: 22 }, () => render('*a* '.repeat(10_000)));
  t.match(await reRenderOutdated(app.db, reRenderers, Infinity), { isBusy: true, isDone: false });
  t.not(await outdated(), 0);
  // Whether each of them is rendered in time depends on the machine.
  await Promise.allSettled(others);
  t.match(await reRenderOutdated(app.db, reRenderers, Infinity), {
    isBusy: false,
    isDone: true,
    kept: 0,
  });
  t.equal(await outdated(), 0);
});
