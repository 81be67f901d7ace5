import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { createProject, joinProject } from '#test/support/projects.js';

const testApp = await createTestApp(t);
const { app, client, clock, signedIn } = testApp;
let count = 0;

async function someone(role: 'guest' | 'author' | 'admin' = 'author') {
  count += 1;
  const username = `worker_${count}`;
  const client = await signedIn({ username, role });
  return { client, username, id: (await client.get('/api/v1/me')).json.id as number };
}

async function team() {
  const [owner, member, viewer] = [await someone(), await someone(), await someone('guest')];
  const project = await createProject(owner.client);
  await joinProject(project, owner.client, member);
  await joinProject(project, owner.client, viewer, 'viewer');
  return { owner, member, viewer, project, tasks: `${project.path}/tasks` };
}

const create = async (client: Client, tasks: string, fields: object = {}) =>
  (await client.post(tasks, { summary: 'Compare the fonts', ...fields })).json;

const moveTo = (client: Client, path: string, status: string, more: object = {}) =>
  client.post(`${path}/transition`, { status, ...more });

t.test('a task is created, read, changed, found by number and deleted', async (t) => {
  const { owner, member, viewer, project, tasks } = await team();
  const created = await member.client.post(tasks, {
    summary: '  Compare the fonts ',
    description: 'At most *two*. <script>alert(1)</script>',
    assignee_ids: [owner.id],
    due_on: '2026-02-14',
    time_zone: 'Asia/Shanghai',
    estimate: 90,
  });
  t.equal(created.status, 201);
  t.match(created.json, {
    number: 1,
    summary: 'Compare the fonts',
    status: 'todo',
    allowed_transitions: ['in_progress', 'cancelled'],
    assignee_ids: [owner.id],
    creator_id: member.id,
    due_at: '2026-02-14T16:00:00.000Z',
    checklist: [],
  });
  t.match(created.json.description_html, /<em>two<\/em>/);
  t.notMatch(created.json.description_html, /script/);
  const path = `${tasks}/${created.json.id}`;
  t.equal(created.headers['location'], path);
  t.equal((await viewer.client.get(path)).headers['etag'], created.headers['etag']);
  const named = await viewer.client.get(`/api/v1/projects/key/${project.key}/tasks/1`);
  t.equal(named.json.id, created.json.id);

  const changed = await owner.client.patch(path, { description: '# New', due_on: null });
  t.match(changed.json, { due_at: null, description: '# New', description_html: /<h1>New/ });
  const stale = { 'if-match': String(created.headers['etag']) };
  t.equal((await owner.client.patch(path, { summary: 'x' }, stale)).status, 412);
  t.equal((await moveTo(owner.client, path, 'in_progress')).json.status, 'in_progress');
  t.match((await owner.client.patch(path, { summary: 'x' })).json, {
    description_html: /<h1>New/,
  });

  await owner.client.patch(project.path, { key: `${project.key}X` });
  const former = await viewer.client.get(`/api/v1/projects/key/${project.key}/tasks/1`);
  t.equal(former.status, 301);
  t.equal(former.headers['location'], `/api/v1/projects/key/${project.key}X/tasks/1`);

  t.equal((await member.client.delete(path)).status, 204);
  t.equal((await owner.client.get(path)).status, 404);
  t.equal((await create(member.client, tasks)).number, 2, 'no number is used twice');
  t.match((await member.client.get('/api/v1/trash?kind=task')).json.items, [
    { id: created.json.id, title: 'x' },
  ]);
  const trashed = `/api/v1/trash/task/${created.json.id}`;
  t.equal((await viewer.client.post(`${trashed}/restore`)).status, 404);
  await owner.client.post(`${project.path}/archive`);
  t.equal((await owner.client.post(`${trashed}/restore`)).status, 404, 'archived');
  await owner.client.post(`${project.path}/unarchive`);
  t.match((await owner.client.get('/api/v1/trash?kind=task')).json.items, [{ title: 'x' }]);
  t.equal((await owner.client.post(`${trashed}/restore`)).status, 204);
  t.equal((await owner.client.get(path)).json.summary, 'x');
});

t.test('viewers read, strangers see nothing', async (t) => {
  const { owner, viewer, project, tasks } = await team();
  const stranger = await someone('admin');
  const { id } = await create(owner.client, tasks);
  const path = `${tasks}/${id}`;
  const reads = [tasks, path, `${path}/history`, `${project.path}/board`, `${project.path}/labels`];
  for (const url of reads) {
    t.equal((await viewer.client.get(url)).status, 200, url);
    t.equal((await stranger.client.get(url)).status, 404, url);
    t.equal((await client().get(url)).status, 401, url);
  }
  const writes = (client: Client) => [
    client.post(tasks, { summary: 'x' }),
    client.patch(path, { summary: 'x' }),
    client.delete(path),
    moveTo(client, path, 'in_progress'),
    client.post(`${path}/move`, { after_id: null }),
    client.post(`${tasks}/bulk`, { ids: [id], changes: { priority: 'low' } }),
    client.post(`${path}/checklist`, { text: 'x' }),
    client.post(`${project.path}/labels`, { name: 'x' }),
  ];
  for (const { status } of await Promise.all(writes(viewer.client))) t.equal(status, 403);
  for (const { status } of await Promise.all(writes(stranger.client))) t.equal(status, 404);
  await owner.client.post(`${project.path}/archive`);
  for (const { json } of await Promise.all(writes(owner.client))) {
    t.equal(json.code, 'project_archived');
  }
  const other = await team();
  const foreign = await create(other.owner.client, other.tasks);
  t.equal((await owner.client.get(`${tasks}/${foreign.id}`)).status, 404, 'of another project');
});

t.test('refuses what does not fit', async (t) => {
  const { owner, tasks } = await team();
  const outsider = await someone();
  const refuse = async (fields: object, loc: (string | number)[]) => {
    const reply = await owner.client.post(tasks, { summary: 'x', ...fields });
    t.equal(reply.status, 422, JSON.stringify(fields));
    t.same(reply.json.detail[0].loc, ['body', ...loc]);
  };
  await refuse({ assignee_ids: [owner.id, outsider.id] }, ['assignee_ids', 1]);
  await refuse({ label_ids: [2_000_000_000] }, ['label_ids', 0]);
  await refuse({ start_on: '2026-02-15', due_on: '2026-02-14' }, ['start_on']);
  await refuse({ time_zone: 'Nowhere' }, ['time_zone']);
  await refuse({ due_on: '9999-12-31' }, ['due_on']);
  await refuse({ recurrence: 'FREQ=DAILY' }, ['recurrence']);
  for (const recurrence of [
    'x',
    'FREQ=SECONDLY',
    'FREQ=DAILY;COUNT=3',
    'FREQ=DAILY;BYMONTH=13',
    'FREQ=constructor',
    'FREQ=DAILY;constructor=1',
    'FREQ=DAILY\nDTSTART:20260101',
    'FREQ=DAILY;INTERVAL=0',
  ]) {
    await refuse({ recurrence, due_on: '2026-02-14' }, ['recurrence']);
  }
});

t.test('a task goes along the flow only', async (t) => {
  const { member, tasks } = await team();
  const flow: Record<string, string[]> = {
    todo: ['in_progress', 'cancelled'],
    in_progress: ['review', 'todo', 'cancelled'],
    review: ['done', 'in_progress', 'cancelled'],
    done: ['review'],
    cancelled: ['todo'],
  };
  const wayTo: Record<string, string[]> = {
    todo: [],
    in_progress: ['in_progress'],
    review: ['in_progress', 'review'],
    done: ['in_progress', 'review', 'done'],
    cancelled: ['cancelled'],
  };
  for (const [from, allowed] of Object.entries(flow)) {
    for (const to of Object.keys(flow)) {
      const { id } = await create(member.client, tasks);
      const path = `${tasks}/${id}`;
      for (const status of wayTo[from] ?? []) await moveTo(member.client, path, status);
      const before = (await member.client.get(path)).json;
      t.same(before.allowed_transitions, allowed);
      const reply = await moveTo(member.client, path, to);
      if (allowed.includes(to)) {
        t.match(reply.json, { status: to, completed_at: to === 'done' ? String : null });
      } else {
        t.equal(reply.status, 409);
        t.match(reply.json, { code: 'transition_not_allowed' });
        for (const each of allowed) t.ok(reply.json.detail.includes(each));
      }
    }
  }
});

t.test('a column takes no more than its limit, unless an owner forces it', async (t) => {
  const { owner, member, project, tasks } = await team();
  await owner.client.patch(project.path, { in_progress_limit: 2 });
  const ids = [];
  for (let n = 0; n < 6; n += 1) ids.push((await create(member.client, tasks)).id);
  const replies = await Promise.all(
    ids.map((id) => moveTo(member.client, `${tasks}/${id}`, 'in_progress')),
  );
  t.equal(replies.filter(({ status }) => status === 200).length, 2);
  const refused = replies.filter(({ json }) => json.code === 'column_full');
  t.equal(refused.length, 4);
  const path = `${tasks}/${ids[replies.findIndex(({ status }) => status === 409)]}`;
  t.equal((await moveTo(member.client, path, 'in_progress', { force: true })).status, 403);
  t.equal((await moveTo(owner.client, path, 'in_progress', { force: true })).status, 200);
  t.match((await owner.client.get(`${project.path}/board`)).json.columns[1], {
    count: 3,
    limit: 2,
  });
});

t.test('a bulk change is made as a whole, or not at all', async (t) => {
  const { owner, member, project, tasks } = await team();
  const { id: label } = (await owner.client.post(`${project.path}/labels`, { name: 'bug' })).json;
  const ids: number[] = [];
  for (let n = 0; n < 3; n += 1) ids.push((await create(member.client, tasks)).id);
  const bulk = (fields: object) => member.client.post(`${tasks}/bulk`, { ids, ...fields });
  const changed = await bulk({
    changes: { priority: 'high', label_ids: [label], assignee_ids: [owner.id] },
    status: 'in_progress',
  });
  t.equal(changed.status, 200);
  t.match(
    changed.json.tasks,
    ids.map((id) => ({ id, priority: 'high', status: 'in_progress', label_ids: [label] })),
  );
  for (const id of ids.slice(1)) await moveTo(member.client, `${tasks}/${id}`, 'cancelled');
  const refused = await bulk({ changes: { priority: 'low' }, status: 'review' });
  t.equal(refused.status, 409);
  t.match(refused.json, {
    code: 'transition_not_allowed',
    errors: [
      { loc: ['body', 'ids', 1], input: ids[1] },
      { loc: ['body', 'ids', 2], input: ids[2] },
    ],
  });
  t.equal(refused.json.errors.length, 2);
  const chinese = await member.client.post(
    `${tasks}/bulk`,
    { ids, changes: {}, status: 'review' },
    { 'accept-language': 'zh-CN' },
  );
  t.match(chinese.json.errors[0].msg, /任务/);
  await member.client.patch(`${tasks}/${ids[2]}`, { start_on: '2026-02-14' });
  const unfit = await bulk({ changes: { due_on: '2026-01-01' } });
  t.equal(unfit.status, 422);
  t.match(unfit.json.detail, [{ loc: ['body', 'ids', 2], input: ids[2] }]);
  const foreign = await bulk({ changes: { assignee_ids: [1_999_999_999] } });
  t.match(foreign.json.detail, [{ loc: ['body', 'changes', 'assignee_ids', 0] }]);
  const missing = await bulk({ ids: [ids[0], 1_999_999_999], changes: { priority: 'low' } });
  t.equal(missing.status, 422);
  t.match(missing.json.detail, [{ loc: ['body', 'ids', 1] }]);
  for (const id of ids) {
    t.equal((await owner.client.get(`${tasks}/${id}`)).json.priority, 'high', 'nothing changed');
  }
});

t.test('a repeating task that is done is followed by the next, once', async (t) => {
  const { member, tasks } = await team();
  const first = await create(member.client, tasks, {
    due_on: '2026-01-31',
    start_on: '2026-01-29',
    recurrence: 'FREQ=MONTHLY;BYMONTHDAY=31',
    assignee_ids: [member.id],
  });
  const path = `${tasks}/${first.id}`;
  await member.client.post(`${path}/checklist`, { text: 'Ask' });
  await member.client.patch(`${path}/checklist/1`, { done: true });
  for (const status of ['in_progress', 'review', 'done', 'review', 'done']) {
    t.equal((await moveTo(member.client, path, status)).status, 200);
  }
  t.equal((await member.client.get(path)).json.recurrence, null);
  const { items } = (await member.client.get(`${tasks}?status=todo`)).json;
  t.equal(items.length, 1);
  t.match(items, [
    {
      number: 2,
      due_on: '2026-03-31',
      start_on: '2026-03-29',
      recurrence: 'FREQ=MONTHLY;BYMONTHDAY=31',
      assignee_ids: [member.id],
      checklist_total: 1,
      checklist_done: 0,
    },
  ]);
});

t.test('two people tick a checklist at once, and nothing is lost', async (t) => {
  const { owner, member, tasks } = await team();
  const { id } = await create(member.client, tasks);
  const path = `${tasks}/${id}/checklist`;
  await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      (n % 2 ? owner : member).client.post(path, { text: `Item ${n}` }),
    ),
  );
  const { checklist } = (await owner.client.get(`${tasks}/${id}`)).json;
  t.equal(checklist.length, 10);
  await Promise.all(
    checklist.map((item: { id: number }, n: number) =>
      (n % 2 ? owner : member).client.patch(`${path}/${item.id}`, { done: true }),
    ),
  );
  t.equal((await owner.client.get(tasks)).json.items[0].checklist_done, 10);
  t.equal((await owner.client.delete(`${path}/1`)).json.checklist.length, 9);
  t.equal((await owner.client.patch(`${path}/1`, { done: true })).status, 404);
  for (let n = 9; n < 50; n += 1) await owner.client.post(path, { text: 'More' });
  t.match((await owner.client.post(path, { text: 'Too many' })).json, { code: 'too_many_items' });
});

t.test('labels are unique, and leave the tasks when they are deleted', async (t) => {
  const { owner, member, project, tasks } = await team();
  const labels = `${project.path}/labels`;
  const bug = (await member.client.post(labels, { name: ' Bug ', color: '#d73a4a' })).json;
  t.match(bug, { name: 'Bug', color: '#d73a4a' });
  t.equal((await owner.client.post(labels, { name: 'bUG' })).status, 409);
  const other = await team();
  t.equal(
    (await other.owner.client.post(`${other.project.path}/labels`, { name: 'bug' })).status,
    201,
  );
  const { id } = await create(member.client, tasks, { label_ids: [bug.id] });
  t.equal((await owner.client.get(`${tasks}?label_id=${bug.id}`)).json.total, 1);
  t.equal((await owner.client.patch(`${labels}/${bug.id}`, { name: 'Fault' })).json.name, 'Fault');
  const { etag } = (await owner.client.get(`${tasks}/${id}`)).headers;
  t.equal((await owner.client.delete(`${labels}/${bug.id}`)).status, 204);
  const after = await owner.client.get(`${tasks}/${id}`);
  t.same(after.json.label_ids, []);
  t.not(after.headers['etag'], etag);
});

t.test('a former member is assigned to nothing', async (t) => {
  const { owner, member, project, tasks } = await team();
  const { id } = await create(owner.client, tasks, { assignee_ids: [owner.id, member.id] });
  const { etag } = (await owner.client.get(`${tasks}/${id}`)).headers;
  await owner.client.delete(`${project.path}/members/${member.id}`);
  const after = await owner.client.get(`${tasks}/${id}`);
  t.same(after.json.assignee_ids, [owner.id]);
  t.not(after.headers['etag'], etag);
  t.equal((await member.client.get(`${tasks}/${id}`)).status, 404);
});

t.test('lists are filtered and sorted', async (t) => {
  const { owner, member, tasks } = await team();
  const names = async (query: string) =>
    (await owner.client.get(`${tasks}?${query}`)).json.items.map(
      ({ summary }: { summary: string }) => summary,
    );
  await create(owner.client, tasks, { summary: 'A', priority: 'urgent', due_on: '2026-03-01' });
  await create(owner.client, tasks, { summary: 'Bäche', assignee_ids: [member.id] });
  await create(owner.client, tasks, { summary: 'C', priority: 'low', due_on: '2026-02-01' });
  t.same(await names(''), ['C', 'Bäche', 'A']);
  t.same(await names('q=BÄ'), ['Bäche']);
  t.same(await names(`assignee_id=${member.id}`), ['Bäche']);
  t.same(await names('priority=urgent'), ['A']);
  t.same(await names('due_from=2026-02-02'), ['A']);
  t.same(await names('due_to=2026-02-02'), ['C']);
  t.same(await names('status=done'), []);
  t.same(await names('sort=due_on'), ['C', 'A', 'Bäche']);
  t.same(await names('sort=-priority'), ['A', 'Bäche', 'C']);
  t.same(await names('sort=position'), ['A', 'Bäche', 'C']);
});

t.test('the history says who changed what', async (t) => {
  const { owner, member, tasks } = await team();
  const { id } = await create(owner.client, tasks, { description: 'Old' });
  const path = `${tasks}/${id}`;
  await member.client.patch(path, { priority: 'high', description: 'New' });
  await moveTo(owner.client, path, 'in_progress');
  const { items } = (await member.client.get(`${path}/history`)).json;
  t.match(items, [
    { type: 'task.transitioned', actor: { username: owner.username } },
    { type: 'task.changed', actor: { username: member.username } },
    { type: 'task.created', actor: { username: owner.username } },
  ]);
  const changes = Object.fromEntries(
    items[1].changes.map(({ field, from, to }: Record<string, unknown>) => [field, [from, to]]),
  );
  t.match(changes, { priority: ['normal', 'high'], description: ['Old', 'New'] });
});

t.test('the board has all columns, and the next tasks by cursor', async (t) => {
  const { owner, project, tasks } = await team();
  await app.pg.query(
    `insert into tasks (project_id, number, summary, searched_summary, status, position, time_zone)
     select $1, n, 'Task ' || n, 'task ' || n, 'todo', 'a' || lpad(n::text, 5, '0'), 'UTC'
     from generate_series(1, 120) n`,
    [project.id],
  );
  const { status, json } = await owner.client.get(`${project.path}/board`);
  t.equal(status, 200);
  t.same(
    json.columns.map(({ status, count }: Record<string, unknown>) => [status, count]),
    [
      ['todo', 120],
      ['in_progress', 0],
      ['review', 0],
      ['done', 0],
      ['cancelled', 0],
    ],
  );
  const seen = json.columns[0].tasks.map(({ number }: { number: number }) => number);
  for (let cursor = json.columns[0].next_cursor; cursor !== null; ) {
    const query = `status=todo&sort=position&size=50&cursor=${encodeURIComponent(cursor)}`;
    const page = (await owner.client.get(`${tasks}?${query}`)).json;
    seen.push(...page.items.map(({ number }: { number: number }) => number));
    cursor = page.next_cursor;
  }
  t.same(
    seen,
    Array.from({ length: 120 }, (_, n) => n + 1),
  );

  await app.pg.query(
    `update tasks set summary = repeat('字', 300), searched_summary = '' where project_id = $1`,
    [project.id],
  );
  const long = await owner.client.get(`${project.path}/board`);
  t.ok(JSON.stringify(long.json).length < 1_100_000);
  t.equal(typeof json.event_id, 'number');
});

t.test('people who drag at once end with one order', async (t) => {
  const { owner, project, tasks } = await team();
  const ids: number[] = [];
  for (let n = 0; n < 12; n += 1) ids.push((await create(owner.client, tasks)).id);
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (let n = 0; n < 12; n += 1) {
        const id = ids[random(12)];
        const after_id = random(4) === 0 ? null : ids[random(12)];
        if (after_id === id) continue;
        const reply = await owner.client.post(`${tasks}/${id}/move`, { after_id });
        t.equal(reply.status, 200);
      }
    }),
  );
  const { rows } = await app.pg.query(
    'select count(distinct position) as places from tasks where project_id = $1',
    [project.id],
  );
  t.equal(Number(rows[0].places), 12, 'each task has a place of its own');
  t.equal((await owner.client.post(`${tasks}/${ids[0]}/move`, { after_id: ids[0] })).status, 422);
  const { items } = (await owner.client.get(`${tasks}?sort=position&size=50`)).json;
  const [last] = items.slice(-1);
  await owner.client.post(`${tasks}/${last.id}/move`, { after_id: null });
  const first = (await owner.client.get(`${tasks}?sort=position`)).json.items[0];
  t.equal(first.id, last.id);
});

t.test('a task that is at its place already is not changed', async (t) => {
  const { owner, tasks } = await team();
  const ids: number[] = [];
  for (let n = 0; n < 3; n += 1) ids.push((await create(owner.client, tasks)).id);
  const [first, second, third] = ids;
  const move = (id: number | undefined, body: object) =>
    owner.client.post(`${tasks}/${id}/move`, body);
  const written = async () => {
    const { rows } = await app.pg.query(
      `select (select count(*) from audit_log), (select count(*) from events) as events,
         (select sum(version) from tasks) as versions`,
    );
    return rows;
  };
  const before = await written();
  for (const [id, body] of [
    [first, { after_id: null }],
    [second, { after_id: first }],
    [third, { after_id: second }],
    [third, {}],
  ] as const) {
    t.equal((await move(id, body)).status, 200);
  }
  t.same(await written(), before);
  t.equal((await move(second, { after_id: null })).status, 200);
  t.strictNotSame(await written(), before);
});

t.test('a column is spaced anew before positions become too long', async (t) => {
  const { owner, project, tasks } = await team();
  const ids: number[] = [];
  for (let n = 0; n < 3; n += 1) ids.push((await create(owner.client, tasks)).id);
  await app.pg.query(
    `update tasks set position = case id when $1 then 'a0' when $2 then 'a0' || repeat('0', 180) || '1'
       else 'a1' end where project_id = $3`,
    [ids[0], ids[1], project.id],
  );
  const order = async () =>
    (await owner.client.get(`${tasks}?sort=position`)).json.items.map(
      ({ id }: { id: number }) => id,
    );
  t.same(await order(), ids);
  await owner.client.post(`${tasks}/${ids[2]}/move`, { after_id: ids[0] });
  t.same(await order(), [ids[0], ids[2], ids[1]]);
  await app.runJobs();
  t.same(await order(), [ids[0], ids[2], ids[1]]);
  const { rows } = await app.pg.query(
    'select max(length(position)) as longest from tasks where project_id = $1',
    [project.id],
  );
  t.ok(rows[0].longest < 10);
  await app.pg.query(`update tasks set position = 'a0' || repeat('0', 197) || '1' where id = $1`, [
    ids[1],
  ]);
  await app.pg.query(`update tasks set position = 'a0' where id = $1`, [ids[0]]);
  await app.pg.query(`update tasks set position = 'a1' where id = $1`, [ids[2]]);
  const reply = await owner.client.post(`${tasks}/${ids[2]}/move`, { after_id: ids[0] });
  t.equal(reply.status, 200, 'at once if it does not fit');
  t.same(await order(), [ids[0], ids[2], ids[1]]);
});

t.test('the work of a user, over all projects', async (t) => {
  const [one, two] = [await team(), await team()];
  const { owner: me } = one;
  await joinProject(two.project, two.owner.client, me);
  const assigned = { assignee_ids: [me.id] };
  const day = (days: number) =>
    new Date(clock.read().getTime() + days * 86_400_000).toISOString().slice(0, 10);
  await create(me.client, one.tasks, { ...assigned, summary: 'Late', due_on: day(-2) });
  await create(me.client, two.tasks, { ...assigned, summary: 'Soon', due_on: day(2) });
  await create(me.client, one.tasks, { ...assigned, summary: 'Then', due_on: day(20) });
  await create(me.client, one.tasks, { ...assigned, summary: 'Some day', priority: 'urgent' });
  await create(me.client, one.tasks, { summary: 'Of nobody', due_on: day(-2) });
  const { id } = await create(me.client, one.tasks, { ...assigned, summary: 'Dropped' });
  await moveTo(me.client, `${one.tasks}/${id}`, 'cancelled');
  const names = async (query: string) =>
    (await me.client.get(`/api/v1/me/tasks?${query}`)).json.items.map(
      ({ summary }: { summary: string }) => summary,
    );
  t.same(await names(''), ['Late', 'Soon', 'Then', 'Some day']);
  t.same(await names('view=overdue'), ['Late']);
  t.same(await names('view=due'), ['Soon']);
  t.same(await names('view=due&days=30'), ['Soon', 'Then']);
  t.same(await names('status=cancelled'), ['Dropped']);
  t.same((await names('sort=-priority'))[0], 'Some day');
  const others = await create(two.owner.client, two.tasks, { summary: 'Of others' });
  const watch = `${two.tasks}/${others.id}/watch`;
  t.notOk((await names('view=watched')).includes('Of others'));
  await me.client.put(watch);
  t.ok((await names('view=watched')).includes('Of others'));
  await me.client.delete(watch);
  t.notOk((await names('view=watched')).includes('Of others'));
  await me.client.put(watch);
  const { items } = (await me.client.get('/api/v1/me/tasks?view=due')).json;
  t.match(items, [{ project_key: two.project.key, project_id: two.project.id }]);
  await two.owner.client.delete(`${two.project.path}/members/${me.id}`);
  t.same(await names('view=due'), [], 'nothing of a project that they were removed from');
  t.notOk((await names('view=watched')).includes('Of others'));
  await me.client.delete(one.project.path);
  t.same(await names(''), [], 'nor of one in the trash');
});
