import t from 'tap';
import { reRenderers } from '#app/re-renderers.js';
import { MAX_CANDIDATES } from '#schemas/search.js';
import type { TaskSearchHit } from '#schemas/task-search.js';
import { systemContext } from '#src/access/context.js';
import { reRenderOutdated } from '#src/markdown/re-rendering.js';
import { checkTasks, importTasks } from '#src/work/services/task-imports.js';
import { createTestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { keyOf } from '#test/support/credentials.js';
import { examinedRows } from '#test/support/examined-rows.js';
import { ODD_TEXTS } from '#test/support/generate-text.js';
import { createProject, joinProject } from '#test/support/projects.js';
import { recordCalls } from '#test/support/statements.js';

const URL = '/api/v1/search/tasks';

const testApp = await createTestApp(t);
const { app, client, clock, databaseUrl, signedIn } = testApp;
let count = 0;

async function someone(role: 'guest' | 'author' | 'admin' = 'author') {
  count += 1;
  const username = `seeker_${count}`;
  const client = await signedIn({ username, role });
  return { client, username, id: (await client.get('/api/v1/me')).json.id as number };
}

async function team() {
  const [owner, member] = [await someone(), await someone()];
  const project = await createProject(owner.client);
  await joinProject(project, owner.client, member);
  return { owner, member, project, tasks: `${project.path}/tasks` };
}

async function create(client: Client, path: string, fields: object): Promise<number> {
  clock.advance(1000);
  const { status, json } = await client.post(path, fields);
  if (status !== 201) throw new Error(`${path} was answered ${status}`);
  return json.id;
}

async function ask(
  client: Client,
  q: string,
  more = '',
): Promise<{ total: number; items: TaskSearchHit[] }> {
  const reply = await client.get(`${URL}?q=${encodeURIComponent(q)}&${more}`);
  if (reply.status !== 200) throw new Error(`${q} was answered ${reply.status} ${reply.text}`);
  return reply.json;
}

/** Returns the ids of the found tasks, and those of comments with a `c`. */
const found = async (client: Client, q: string, more = '') =>
  (await ask(client, q, more)).items.map(({ task, comment_id }) =>
    comment_id === null ? task.id : `c${comment_id}`,
  );

t.test('finds tasks, comments and personal tasks, with marks', async (t) => {
  const { owner, member, project, tasks } = await team();
  const task = await create(owner.client, tasks, {
    summary: 'Compare <b> the fonts',
    description: 'At most *two* families & no **lanterns**.',
  });
  const comment = await create(member.client, `${tasks}/${task}/comments`, {
    content: 'The `lantern` costs 12 EUR.',
  });
  const own = await create(owner.client, '/api/v1/tasks', { summary: 'Buy a lantern' });
  await create(member.client, '/api/v1/tasks', { summary: 'Hide the lantern' });
  clock.advance(1000);
  const { total, items } = await ask(owner.client, 'LANTERNS');
  t.equal(total, 3);
  const [first, ...others] = items;
  t.match(
    first,
    {
      type: 'task',
      project: null,
      task: { id: own, number: null, summary: 'Buy a lantern', status: 'todo' },
      comment_id: null,
      summary_html: 'Buy a <mark>lantern</mark>',
      snippet_html: '',
    },
    'a match in the summary ranks highest',
  );
  const { json } = await owner.client.get(project.path);
  const shared = {
    project: { id: json.id, key: project.key, name: json.name },
    task: { id: task, number: 1, summary: 'Compare <b> the fonts', status: 'todo' },
    summary_html: 'Compare &lt;b&gt; the fonts',
  };
  t.match(
    others.find(({ type }) => type === 'task'),
    {
      ...shared,
      comment_id: null,
      snippet_html: 'At most two families &amp; no <mark>lanterns</mark> .',
    },
  );
  t.match(
    others.find(({ type }) => type === 'task_comment'),
    {
      ...shared,
      comment_id: comment,
      snippet_html: 'The <mark>lantern</mark> costs 12 EUR.',
    },
  );
  t.same(await found(member.client, 'lantern', 'type=task_comment'), [`c${comment}`]);
  t.same(await found(member.client, 'hide'), [await lastTaskOf(member.id)]);
  const reply = await owner.client.get(`${URL}?q=lantern`);
  t.equal(reply.headers['cache-control'], 'no-store');
  t.equal(reply.headers['x-cache'], undefined);
});

async function lastTaskOf(id: number): Promise<number> {
  const { rows } = await app.pg.query('select max(id) as id from tasks where owner_id = $1', [id]);
  return rows[0].id;
}

t.test('understands Chinese, phrases, exclusions and alternatives', async (t) => {
  const { owner, tasks } = await team();
  const chinese = await create(owner.client, tasks, {
    summary: '翻译首页',
    description: '使用数据库连接池。',
  });
  const pool = await create(owner.client, tasks, { summary: 'Pool of connections' });
  const both = await create(owner.client, tasks, { summary: 'A connection to the pool' });
  const say = (id: number, content: string) =>
    create(owner.client, `${tasks}/${id}/comments`, { content });
  const comment = await say(pool, '第二种更好。');
  t.same(await found(owner.client, '数据库'), [chinese]);
  t.match((await ask(owner.client, '首页')).items[0], { summary_html: '翻译<mark>首页</mark>' });
  t.same(await found(owner.client, '更好'), [`c${comment}`]);
  t.same(await found(owner.client, 'connection pool', 'sort=newest'), [both, pool]);
  t.same(await found(owner.client, '"pool of connections"'), [pool]);
  t.same(await found(owner.client, 'pool -of'), [both, pool], 'stop words exclude nothing');
  t.same(await found(owner.client, 'connection OR 数据库', 'sort=newest'), [both, pool, chinese]);
  t.same(await found(owner.client, 'the'), [both]);
  for (const q of [
    '-',
    '""',
    '-the',
    '!',
    '( & |',
    ...ODD_TEXTS.map((text) => text.slice(0, 100).toWellFormed()),
  ]) {
    if (q !== '') t.type(await found(owner.client, q), Array, q);
  }
});

t.test('no text or query stands for a project or an owner', async (t) => {
  const { owner, project, tasks } = await team();
  const stranger = await someone();
  const { json } = await owner.client.get(project.path);
  await create(owner.client, tasks, { summary: 'Confidential plan' });
  const lure = `owner/${owner.id} project/${json.id} confidential`;
  const own = await create(stranger.client, '/api/v1/tasks', { summary: lure });
  t.same(await found(owner.client, 'confidential lure'), []);
  t.equal((await found(owner.client, 'confidential')).length, 1, 'not that of the stranger');
  t.same(await found(stranger.client, 'confidential'), [own]);
  const tries = [
    'plan',
    'plan OR x',
    `project/${json.id}`,
    `"project/${json.id}"`,
    '-nothing',
    '*',
  ];
  for (const q of [...tries, `plan') | 'project/${json.id}`, `'project/${json.id}'`]) {
    const ids = await found(stranger.client, q);
    t.ok(
      ids.every((id) => id === own),
      q,
    );
    t.ok((await ask(stranger.client, q)).total <= 1, q);
  }
  t.same(await found(owner.client, '-the'), [], 'a query without words finds nothing');
  t.same(await found(owner.client, '""'), []);
});

t.test('finds what was written last, and nothing that is gone', async (t) => {
  const { owner, tasks } = await team();
  const me = owner.client;
  const task = await create(me, tasks, { summary: 'Paint', description: 'the old kiosk' });
  const path = `${tasks}/${task}`;
  await me.patch(path, { summary: 'Varnish' });
  t.same(await found(me, 'paint'), []);
  t.same(await found(me, 'varnish kiosk'), [task], 'the description stays');
  await me.patch(path, { summary: 'Varnish twice', due_on: '2026-02-14' });
  t.same(await found(me, 'varnish "old kiosk"'), [task]);
  await me.patch(path, { description: 'the new pavilion' });
  t.same(await found(me, 'kiosk'), []);
  t.same(await found(me, 'twice pavilion'), [task]);
  await me.patch(path, { recurrence: 'FREQ=WEEKLY' });
  for (const status of ['in_progress', 'review', 'done']) {
    t.equal((await me.post(`${path}/transition`, { status })).status, 200);
  }
  const repeated = await found(me, 'varnish pavilion', 'status=todo');
  t.equal(repeated.length, 1, 'the next one is found, too');
  t.same(await found(me, 'pavilion', 'status=done'), [task]);
  const bulk = { ids: repeated, changes: { priority: 'high' }, status: 'cancelled' };
  t.equal((await me.post(`${tasks}/bulk`, bulk)).status, 200);
  t.same(await found(me, 'pavilion', 'status=cancelled'), repeated);

  const comment = await create(me, `${path}/comments`, { content: 'a green door' });
  await me.patch(`${path}/comments/${comment}`, { content: 'a blue window' });
  t.same(await found(me, 'green'), []);
  t.same(await found(me, 'blue window', 'status=done'), [`c${comment}`]);
  t.same(await found(me, 'blue window', 'status=todo'), []);
  await me.delete(`${path}/comments/${comment}`);
  t.same(await found(me, 'window'), []);

  const own = await create(me, '/api/v1/tasks', { summary: 'Water the garden' });
  await me.patch(`/api/v1/tasks/${own}`, { summary: 'Weed the garden', completed: true });
  t.same(await found(me, 'water'), []);
  t.same(await found(me, 'weed', 'status=done'), [own]);
  t.same(await found(me, 'weed', 'status=todo'), []);
  await me.delete(`/api/v1/tasks/${own}`);
  t.same(await found(me, 'weed'), []);
  await me.post(`/api/v1/trash/task/${own}/restore`);
  t.same(await found(me, 'weed'), [own]);
  await me.delete(`/api/v1/tasks/${own}`);
  await me.delete(`/api/v1/trash/task/${own}`);
  t.same(await found(me, 'garden'), []);
});

t.test('rights count at the moment of the search', async (t) => {
  const { owner, member, project, tasks } = await team();
  const task = await create(owner.client, tasks, { summary: 'Quarry' });
  const comment = await create(member.client, `${tasks}/${task}/comments`, { content: 'quarry' });
  const all = [task, `c${comment}`];
  const { json } = await owner.client.get(project.path);
  const stranger = await someone('admin');
  t.same(await found(stranger.client, 'quarry'), [], 'not even an administrator');
  t.same(await found(stranger.client, 'quarry', `project_id=${json.id}`), []);
  t.equal((await client().get(`${URL}?q=quarry`)).status, 401);
  t.same(await found(member.client, 'quarry', `project_id=${json.id}`), all);
  t.same(await found(member.client, 'quarry', 'project_id=2147483647'), []);

  await owner.client.delete(`${tasks}/${task}`);
  t.same(await found(member.client, 'quarry'), [], 'in the trash, with its comments');
  await owner.client.post(`/api/v1/trash/task/${task}/restore`);
  t.same(await found(member.client, 'quarry'), all);
  await owner.client.patch(project.path, { archived: true });
  t.same(await found(member.client, 'quarry'), all, 'archived');
  await owner.client.patch(project.path, { archived: false });
  t.equal((await owner.client.delete(project.path)).status, 204);
  t.same(await found(member.client, 'quarry'), [], 'the project in the trash');
  await owner.client.post(`/api/v1/trash/project/${json.id}/restore`);
  t.same(await found(member.client, 'quarry'), all);
  t.equal((await owner.client.delete(`${project.path}/members/${member.id}`)).status, 204);
  t.same(await found(member.client, 'quarry'), [], 'no longer a member');
  t.equal((await ask(member.client, 'quarry')).total, 0);
  t.same(await found(owner.client, 'quarry'), all);
  await owner.client.delete(project.path);
  await owner.client.delete(`/api/v1/trash/project/${json.id}`);
  t.same(await found(owner.client, 'quarry'), []);
});

t.test('an API key finds what its scopes allow', async (t) => {
  const { owner, tasks } = await team();
  const task = await create(owner.client, tasks, { summary: 'Harbour' });
  const own = await create(owner.client, '/api/v1/tasks', { summary: 'Harbour' });
  const ids = async (...scopes: Parameters<typeof keyOf>[2]) => {
    const headers = await keyOf(testApp, owner.id, scopes);
    const { status, json } = await client().get(`${URL}?q=harbour&sort=newest`, headers);
    return status === 200 ? json.items.map((hit: TaskSearchHit) => hit.task.id) : status;
  };
  t.same(await ids('projects:read'), [task]);
  t.same(await ids('projects:read', 'tasks:read'), [own, task]);
  t.equal(await ids('tasks:read'), 403);
});

t.test('refuses invalid parameters', async (t) => {
  const { client } = await someone();
  for (const query of [
    '',
    'q=',
    `q=${'x'.repeat(101)}`,
    'q=x&size=21',
    'q=x&sort=popular',
    'q=x&status=open',
    'q=x&type=post',
    'q=x&project_id=0',
  ]) {
    t.equal((await client.get(`${URL}?${query}`)).status, 422, query);
  }
  const late = (await client.get(`${URL}?q=x&page=1000000`)).json;
  t.match(late, { items: [], page: 1_000_000, has_next: false });
});

t.test('imported tasks are found', async (t) => {
  const { owner, project } = await team();
  const { json } = await owner.client.get(project.path);
  const context = systemContext(app.db);
  const lines = [{ summary: 'Weathervane', description: 'of *copper*' }, { summary: 'Gutter' }];
  await importTasks(context, json.id, await checkTasks(context, lines));
  const [hit, ...others] = (await ask(owner.client, 'weathervane copper')).items;
  t.match(hit, { task: { summary: 'Weathervane' }, snippet_html: /<mark>copper<\/mark>/ });
  t.same(others, []);
});

t.test('existing rows are indexed by the job, with the same versions', async (t) => {
  const { owner, tasks } = await team();
  const task = await create(owner.client, tasks, { summary: 'Attic', description: 'full of dust' });
  const comment = await create(owner.client, `${tasks}/${task}/comments`, { content: 'dust' });
  const own = await create(owner.client, '/api/v1/tasks', { summary: 'Dust off' });
  const versions = async () =>
    (
      await app.pg.query(
        `select id, version, updated_at from tasks where id = any($1)
         union all select id, version, updated_at from task_comments where id = $2`,
        [[task, own], comment],
      )
    ).rows;
  await app.pg.query(`update tasks set search_vector = '', description_vector = 'x'`);
  await app.pg.query(`update task_comments set search_vector = ''`);
  t.same(await found(owner.client, 'dust'), []);
  const before = await versions();
  await app.pg.query('update rerendering set version = 1, kind = null, after_id = 0');
  t.ok((await reRenderOutdated(app.db, reRenderers, performance.now() + 60_000)).isDone);
  t.same(await found(owner.client, 'dust', 'sort=newest'), [own, `c${comment}`, task]);
  t.same(await found(owner.client, 'attic dust'), [task]);
  t.same(await versions(), before);
  const changed = await owner.client.patch(`${tasks}/${task}`, { summary: 'Loft' });
  t.equal(
    String(changed.headers['etag']).slice(0, 3),
    `"${before.find(({ id }) => id === task).version + 1}-`,
  );
  t.same(await found(owner.client, 'loft "full of dust"'), [task]);
});

t.test('what others own costs and tells nothing', async (t) => {
  const [rich, poor] = [await team(), await team()];
  const idOf = async ({ owner, project }: typeof rich): Promise<number> =>
    (await owner.client.get(project.path)).json.id;
  const [full, few] = [await idOf(rich), await idOf(poor)];
  const fill = (project: number, tasks: number) =>
    app.pg.query(
      `insert into tasks (project_id, number, summary, searched_summary, status, position,
         time_zone, search_vector)
       select $1, 1000 + n, 'Turbine ' || n, 'turbine ' || n, 'todo', 'a', 'UTC',
         setweight(to_tsvector('english', 'Turbine ' || n), 'A')
           || array_to_tsvector(array['project/' || $1::integer])
       from generate_series(1, $2::integer) as n`,
      [project, tasks],
    );
  await fill(full, 10_000);
  await fill(few, 3);
  await app.pg.query(
    `insert into task_comments (task_id, author_id, content, content_html, search_vector)
     select id, $2, 'turbine', '<p>turbine</p>', to_tsvector('english', 'turbine')
       || array_to_tsvector(array['project/' || $1::integer])
     from tasks where project_id = $1`,
    [full, rich.owner.id],
  );
  await app.pg.query('vacuum analyze tasks, task_comments');
  const statements = await recordCalls(async () => {
    const { total, items } = await ask(poor.owner.client, 'turbine');
    t.equal(total, 3);
    t.equal(items.length, 3);
    t.equal((await ask(poor.owner.client, 'turbine', `project_id=${full}`)).total, 0);
  });
  const searches = statements.filter(({ text }) => text.includes('matching_tasks'));
  t.equal(searches.length, 1, 'a foreign project is not even searched');
  t.ok((await examinedRows(databaseUrl, searches)) <= 30, 'rows');
  for (const { text, values } of searches) {
    const { rows } = await app.pg.query(`explain ${text}`, [...values]);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    t.match(plan, /Bitmap Index Scan on tasks_search_idx/);
    t.match(plan, /Bitmap Index Scan on task_comments_search_idx/);
    t.notMatch(plan, /Seq Scan on task/);
  }
  const { total, items } = await ask(rich.owner.client, 'turbine', 'size=20');
  t.equal(total, 2 * MAX_CANDIDATES, 'the newest of each kind');
  t.equal(items.length, 20);
});
