import t from 'tap';
import { MAX_RELATED_THROUGH_OTHERS, MAX_RELATIONS_PER_TASK } from '#schemas/task-relations.js';
import { createTestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { createProject, joinProject } from '#test/support/projects.js';

const { app, client, signedIn } = await createTestApp(t);
let count = 0;

async function someone(role: 'guest' | 'author' | 'admin' = 'author') {
  count += 1;
  const username = `relator_${count}`;
  const client = await signedIn({ username, role });
  return { client, username, id: (await client.get('/api/v1/me')).json.id as number };
}

/** A team with some tasks. */
async function team(size = 3) {
  const [owner, member, viewer] = [await someone(), await someone(), await someone('guest')];
  const project = await createProject(owner.client);
  await joinProject(project, owner.client, member);
  await joinProject(project, owner.client, viewer, 'viewer');
  const ids: number[] = [];
  for (let n = 1; n <= size; n += 1) {
    const { json } = await owner.client.post(`${project.path}/tasks`, { summary: `Task ${n}` });
    ids.push(json.id);
  }
  const pathOf = (index: number) => `${project.path}/tasks/${ids[index]}`;
  const urlOf = (from: number, kind: string, to: number) =>
    `${pathOf(from)}/relations/${kind}/${ids[to]}`;
  const relate = (from: number, kind: string, to: number, who: Client = member.client) =>
    who.put(urlOf(from, kind, to));
  const listed = async (index: number) => {
    const { json } = await viewer.client.get(`${pathOf(index)}/relations`);
    type Item = { kind: string; direction: string; task: { id: number } };
    return json.items.map(({ kind, direction, task }: Item) => [
      kind,
      direction,
      ids.indexOf(task.id),
    ]);
  };
  return { owner, member, viewer, project, ids, pathOf, urlOf, relate, listed };
}

const KINDS = ['blocks', 'duplicates', 'subtask'];

t.test('relations are added, listed in both directions, and removed', async (t) => {
  const { owner, member, viewer, ids, pathOf, urlOf, relate, listed } = await team();
  for (const kind of KINDS) {
    t.equal((await relate(0, kind, 1)).status, 204);
    t.equal((await relate(0, kind, 1)).status, 204, 'idempotent');
  }
  t.equal((await relate(2, 'relates', 1)).status, 204);
  t.equal((await relate(1, 'relates', 2)).status, 204, 'the same one');
  t.same(await listed(0), [
    ['blocks', 'outgoing', 1],
    ['duplicates', 'outgoing', 1],
    ['subtask', 'outgoing', 1],
  ]);
  t.same((await listed(1)).sort(), [
    ['blocks', 'incoming', 0],
    ['duplicates', 'incoming', 0],
    ['relates', 'outgoing', 2],
    ['subtask', 'incoming', 0],
  ]);
  t.same(await listed(2), [['relates', 'outgoing', 1]]);
  await owner.client.post(`${pathOf(1)}/transition`, { status: 'in_progress' });
  t.match((await viewer.client.get(`${pathOf(2)}/relations`)).json.items, [
    { task: { id: ids[1], number: 2, summary: 'Task 2', status: 'in_progress' } },
  ]);
  t.equal((await member.client.delete(urlOf(1, 'relates', 2))).status, 204);
  t.equal((await member.client.delete(urlOf(2, 'relates', 1))).status, 404, 'removed already');
  t.equal((await member.client.delete(urlOf(1, 'blocks', 0))).status, 404, 'the other direction');
  t.equal((await member.client.delete(urlOf(0, 'blocks', 1))).status, 204);
  t.same(await listed(0), [
    ['duplicates', 'outgoing', 1],
    ['subtask', 'outgoing', 1],
  ]);
  t.same(await listed(2), []);
});

t.test('each role does what it may, in its own project', async (t) => {
  const { owner, viewer, project, pathOf, urlOf, relate } = await team();
  const stranger = await someone('admin');
  await relate(0, 'blocks', 1);
  t.equal((await stranger.client.get(`${pathOf(0)}/relations`)).status, 404);
  t.equal((await client().get(`${pathOf(0)}/relations`)).status, 401);
  for (const [who, status] of [
    [viewer.client, 403],
    [stranger.client, 404],
  ] as const) {
    t.equal((await who.put(urlOf(0, 'relates', 1))).status, status);
    t.equal((await who.delete(urlOf(0, 'blocks', 1))).status, status);
  }
  t.match(await relate(0, 'blocks', 0), {
    status: 422,
    json: { detail: [{ loc: ['path', 'other_id'] }] },
  });
  t.equal((await relate(0, 'follows', 1)).status, 422);
  const foreign = await team(1);
  await joinProject(foreign.project, foreign.owner.client, owner);
  const other = `${pathOf(0)}/relations/relates/${foreign.ids[0]}`;
  t.equal((await owner.client.put(other)).status, 404, 'of another project');
  await owner.client.post(`${project.path}/archive`);
  for (const { status, json } of [
    await owner.client.put(urlOf(0, 'relates', 1)),
    await owner.client.delete(urlOf(0, 'blocks', 1)),
  ]) {
    t.same([status, json.code], [409, 'project_archived']);
  }
});

t.test('no cycle is closed, directly or through others', async (t) => {
  const { relate, listed } = await team(4);
  for (const kind of KINDS) {
    for (const n of [0, 1, 2]) t.equal((await relate(n, kind, n + 1)).status, 204);
    for (const n of [1, 2, 3]) {
      t.match(await relate(n, kind, 0), { status: 409, json: { code: 'relation_cycle' } }, kind);
    }
  }
  t.equal((await relate(3, 'relates', 0)).status, 204, 'relations that go both ways have none');
  t.equal((await listed(3)).length, 4);
});

t.test('of two relations at once that would close a cycle, one wins', async (t) => {
  for (const kind of KINDS) {
    const { owner, relate, listed } = await team(3);
    await relate(1, kind, 2);
    const replies = await Promise.all([
      relate(0, kind, 1),
      relate(2, kind, 0, owner.client),
      relate(0, kind, 1, owner.client),
      relate(2, kind, 0),
    ]);
    const refused = replies.filter(({ status }) => status === 409);
    t.equal(refused.length, 2, kind);
    for (const { json } of refused) t.equal(json.code, 'relation_cycle');
    t.equal((await listed(0)).length, 1);
  }
});

t.test('a task has one parent, also if it is in the trash', async (t) => {
  const { owner, member, pathOf, urlOf, relate, listed, ids } = await team(3);
  await relate(0, 'subtask', 1);
  const refused = await relate(0, 'subtask', 2);
  t.match(refused, { status: 409, json: { code: 'already_subtask', detail: /task 2/ } });
  t.equal((await relate(2, 'subtask', 1)).status, 204, 'a parent has several subtasks');
  await owner.client.delete(pathOf(1));
  t.same(await listed(0), []);
  t.equal((await relate(0, 'subtask', 2)).json.code, 'already_subtask');
  t.equal((await relate(0, 'blocks', 1)).status, 404);
  await owner.client.post(`/api/v1/trash/task/${ids[1]}/restore`);
  t.same(await listed(0), [['subtask', 'outgoing', 1]], 'it returns');
  await owner.client.delete(pathOf(1));
  t.equal((await member.client.delete(urlOf(0, 'subtask', 1))).status, 204);
  t.equal((await relate(0, 'subtask', 2)).status, 204);
  const racing = await team(4);
  const replies = await Promise.all([1, 2, 3].map((n) => racing.relate(0, 'subtask', n)));
  t.same(replies.map(({ status }) => status).sort(), [204, 409, 409]);
});

t.test('a task takes no more relations than its limit, in both directions', async (t) => {
  const { project, relate, ids, listed } = await team(5);
  await app.pg.query(
    `with made as (
       insert into tasks (project_id, number, summary, searched_summary, status, position, time_zone)
       select $1, 100 + n, 'x', 'x', 'todo', 'b' || n, 'UTC' from generate_series(1, $3::integer) n
       returning id, number)
     insert into task_relations (task_id, kind, other_id)
     select case when number % 2 = 0 then $2 else id end, 'duplicates',
       case when number % 2 = 0 then id else $2 end from made`,
    [project.id, ids[0], MAX_RELATIONS_PER_TASK - 2],
  );
  const replies = await Promise.all([
    relate(0, 'blocks', 1),
    relate(2, 'blocks', 0),
    relate(0, 'relates', 3),
    relate(4, 'relates', 0),
  ]);
  t.same(replies.map(({ status }) => status).sort(), [204, 204, 409, 409]);
  const refused = replies.filter(({ status }) => status === 409);
  for (const { json } of refused) t.equal(json.code, 'too_many_relations');
  t.equal((await listed(0)).length, MAX_RELATIONS_PER_TASK);
});

t.test('a chain is followed so far and no further', async (t) => {
  const { project, relate, ids } = await team(2);
  await app.pg.query(
    `with made as (
       insert into tasks (project_id, number, summary, searched_summary, status, position, time_zone)
       select $1, 100 + n, 'x', 'x', 'todo', 'b' || n, 'UTC' from generate_series(1, $3::integer) n
       returning id),
     chain as (select id, lead(id) over (order by id) as next, row_number() over (order by id) as n
       from made)
     insert into task_relations (task_id, kind, other_id)
     select id, 'blocks', next from chain where next is not null
     union all select $2::integer, 'blocks', id from chain where n = 1`,
    [project.id, ids[1], MAX_RELATED_THROUGH_OTHERS],
  );
  const start = performance.now();
  t.match(await relate(0, 'blocks', 1), { status: 409, json: { code: 'too_many_relations' } });
  t.ok(performance.now() - start < 5000);
});

t.test('relations are in the audit log, and events of both tasks', async (t) => {
  const { member, project, ids, urlOf, relate } = await team(2);
  await relate(1, 'blocks', 0);
  await member.client.delete(urlOf(1, 'blocks', 0));
  const relation = { task_id: ids[1], kind: 'blocks', other_id: ids[0] };
  const audited = await app.pg.query(
    `select action, actor_id, before, after from audit_log
     where action in ('task.relate', 'task.unrelate') and resource_id = $1 order by id`,
    [String(ids[1])],
  );
  t.same(audited.rows, [
    { action: 'task.relate', actor_id: member.id, before: null, after: relation },
    { action: 'task.unrelate', actor_id: member.id, before: relation, after: null },
  ]);
  const topics = [`project:${project.id}`, `task:${ids[1]}`, `task:${ids[0]}`];
  const events = await app.pg.query(
    `select type, resource_id, topics, changes from events
     where project_id = $1 and type in ('task.related', 'task.unrelated') order by id`,
    [project.id],
  );
  t.same(events.rows, [
    { type: 'task.related', resource_id: ids[1], topics, changes: { relation } },
    { type: 'task.unrelated', resource_id: ids[1], topics, changes: { relation } },
  ]);
});
