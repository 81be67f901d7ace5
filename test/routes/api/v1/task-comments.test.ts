import t from 'tap';
import { MAX_COMMENTS_PER_TASK, MAX_MENTIONS } from '#schemas/task-comments.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { openLive } from '#test/support/live.js';
import { createProject, joinProject } from '#test/support/projects.js';
import { until } from '#test/support/waiting.js';

const testApp = await createTestApp(t);
const { app, clock, client, signedIn } = testApp;
const origin = await app.listen({ host: '127.0.0.1', port: 0 });
let count = 0;

async function someone(role: 'guest' | 'author' | 'admin' = 'author') {
  count += 1;
  const username = `Writer_${count}`;
  const client = await signedIn({ username, role });
  return { client, username, id: (await client.get('/api/v1/me')).json.id as number };
}

async function team() {
  const [owner, member, viewer] = [await someone(), await someone(), await someone('guest')];
  const project = await createProject(owner.client);
  await joinProject(project, owner.client, member);
  await joinProject(project, owner.client, viewer, 'viewer');
  const { json } = await owner.client.post(`${project.path}/tasks`, { summary: 'Fonts' });
  const task = `${project.path}/tasks/${json.id}`;
  return { owner, member, viewer, project, task, taskId: json.id as number };
}

const write = async (client: Client, task: string, content = 'Text') =>
  (await client.post(`${task}/comments`, { content })).json;

const watchers = async (client: Client, task: string): Promise<number[]> =>
  (await client.get(`${task}/watchers?size=100`)).json.items.map(
    ({ user }: { user: { id: number } }) => user.id,
  );

t.test('a comment is created, listed, read, changed and deleted', async (t) => {
  const { owner, member, viewer, task } = await team();
  const created = await member.client.post(`${task}/comments`, {
    content: 'The *second*. <script>alert(1)</script>',
  });
  t.equal(created.status, 201);
  t.match(created.json, {
    author: { id: member.id, username: member.username },
    content: 'The *second*. <script>alert(1)</script>',
    content_html: /<em>second<\/em>/,
    mentions: [],
  });
  t.notMatch(created.json.content_html, /script/);
  const path = `${task}/comments/${created.json.id}`;
  t.equal(created.headers['location'], path);
  const read = await viewer.client.get(path);
  t.equal(read.headers['etag'], created.headers['etag']);
  t.same(read.json, created.json);
  const known = { 'if-none-match': String(read.headers['etag']) };
  t.equal((await viewer.client.get(path, known)).status, 304);

  clock.advance(1000);
  const changed = await member.client.patch(path, { content: 'The first.' });
  t.match(changed.json, { content: 'The first.', content_html: '<p>The first.</p>\n' });
  t.not(changed.json.updated_at, changed.json.created_at);
  const same = await member.client.patch(path, { content: 'The first.' });
  t.equal(same.headers['etag'], changed.headers['etag']);
  const stale = { 'if-match': String(created.headers['etag']) };
  t.equal((await member.client.patch(path, { content: 'x' }, stale)).status, 412);
  t.equal((await member.client.delete(path, stale)).status, 412);

  await member.client.patch('/api/v1/me', { nickname: 'Renamed' });
  t.not((await viewer.client.get(path)).headers['etag'], changed.headers['etag']);
  const second = await write(owner.client, task, 'Second');
  const ids = async (query: string) =>
    (await viewer.client.get(`${task}/comments${query}`)).json.items.map(
      ({ id }: { id: number }) => id,
    );
  t.same(await ids(''), [created.json.id, second.id]);
  t.same(await ids('?sort=-created_at'), [second.id, created.json.id]);
  const first = (await viewer.client.get(`${task}/comments?size=1&cursor=`)).json;
  t.same(await ids(`?size=1&cursor=${first.next_cursor}`), [second.id]);
  const current = { 'if-match': String((await viewer.client.get(path)).headers['etag']) };
  t.equal((await member.client.delete(path, current)).status, 204);
  t.equal((await member.client.get(path)).status, 404);
  t.same(await ids(''), [second.id]);
});

t.test('refuses what shows nothing, is too long, or is on another task', async (t) => {
  const { owner, project, task } = await team();
  for (const content of ['', ' ', '<!-- x -->', '[x]: https://example.com', 'x'.repeat(10_001)]) {
    const reply = await owner.client.post(`${task}/comments`, { content });
    t.equal(reply.status, 422, content.slice(0, 20));
    t.same(reply.json.detail[0].loc, ['body', 'content']);
  }
  t.equal((await write(owner.client, task, 'x'.repeat(10_000))).content.length, 10_000);
  const { id } = await write(owner.client, task);
  const other = (await owner.client.post(`${project.path}/tasks`, { summary: 'Other' })).json;
  const elsewhere = `${project.path}/tasks/${other.id}/comments/${id}`;
  t.equal((await owner.client.get(elsewhere)).status, 404);
  t.equal((await owner.client.patch(elsewhere, { content: 'x' })).status, 404);
  t.equal((await owner.client.delete(elsewhere)).status, 404);
  await owner.client.delete(task);
  t.equal((await owner.client.get(`${task}/comments`)).status, 404, 'of a task in the trash');
  t.equal((await owner.client.get(`${task}/comments/${id}`)).status, 404);
  t.equal((await owner.client.post(`${task}/comments`, { content: 'x' })).status, 404);
});

t.test('each role does what it may', async (t) => {
  const { owner, member, viewer, project, task } = await team();
  const stranger = await someone('admin');
  const comment = await write(member.client, task);
  const path = `${task}/comments/${comment.id}`;
  for (const url of [`${task}/comments`, path, `${task}/watchers`]) {
    t.equal((await viewer.client.get(url)).status, 200, url);
    t.equal((await stranger.client.get(url)).status, 404, url);
    t.equal((await client().get(url)).status, 401, url);
  }
  const writes = (client: Client) => [
    client.post(`${task}/comments`, { content: 'x' }),
    client.patch(path, { content: 'x' }),
    client.delete(path),
  ];
  for (const { status, json } of await Promise.all(writes(viewer.client))) {
    t.same([status, json.code], [403, 'project_role_required']);
  }
  for (const { status } of await Promise.all(writes(stranger.client))) t.equal(status, 404);
  t.equal((await stranger.client.put(`${task}/watch`)).status, 404);
  t.equal((await stranger.client.delete(`${task}/watch`)).status, 404);

  t.match(await owner.client.patch(path, { content: 'x' }), {
    status: 403,
    json: { code: 'forbidden' },
  });
  const own = await write(owner.client, task);
  const refused = await member.client.delete(`${task}/comments/${own.id}`);
  t.match([refused.status, refused.json.code], [403, 'project_role_required']);
  t.equal((await owner.client.delete(path)).status, 204, 'owners delete any');

  await owner.client.post(`${project.path}/archive`);
  const last = `${task}/comments/${own.id}`;
  for (const { status, json } of [
    await owner.client.post(`${task}/comments`, { content: 'x' }),
    await owner.client.patch(last, { content: 'x' }),
    await owner.client.delete(last),
  ]) {
    t.same([status, json.code], [409, 'project_archived']);
  }
  t.equal((await viewer.client.put(`${task}/watch`)).status, 204);
  t.equal((await owner.client.get(last)).status, 200);
});

t.test('mentions members by their whole names', async (t) => {
  const { owner, member, viewer, project, task } = await team();
  const stranger = await someone();
  const content =
    `@${member.username.toUpperCase()}, @${viewer.username}! @${member.username} ` +
    `@${stranger.username} me@${owner.username} \`@${owner.username}\``;
  const comment = await write(owner.client, task, content);
  t.same(comment.mentions, [member.id, viewer.id]);
  const path = `${task}/comments/${comment.id}`;
  const changed = await owner.client.patch(path, { content: `@${owner.username}` });
  t.same(changed.json.mentions, [owner.id]);
  await owner.client.delete(`${project.path}/members/${member.id}`);
  t.same((await write(owner.client, task, `@${member.username}`)).mentions, [], 'a former member');

  const { rows } = await app.pg.query(
    `with made as (
       insert into users (username, username_folded)
       select 'Named' || n, 'named' || n from generate_series(1, 60) n returning id, username)
     , joined as (insert into project_members (project_id, user_id, role)
       select $1, id, 'viewer' from made)
     select array_agg(username order by id) as names, array_agg(id order by id) as ids from made`,
    [project.id],
  );
  const [{ names, ids }] = rows as [{ names: string[]; ids: number[] }];
  const many = await write(owner.client, task, names.map((name) => `@${name}`).join(' '));
  t.same(many.mentions, ids.slice(0, MAX_MENTIONS));
});

t.test('watching begins with taking part, unless it was stopped', async (t) => {
  const { owner, member, viewer, project, task } = await team();
  t.same(await watchers(owner.client, task), [owner.id], 'the creator');
  await owner.client.patch(task, { assignee_ids: [member.id] });
  t.same((await watchers(owner.client, task)).sort(), [owner.id, member.id].sort());
  await owner.client.delete(`${task}/watch`);
  await owner.client.delete(`${task}/watch`);
  t.same(await watchers(owner.client, task), [member.id]);
  await write(owner.client, task, `@${viewer.username} @${owner.username}`);
  await owner.client.patch(task, { assignee_ids: [owner.id] });
  t.same((await watchers(owner.client, task)).sort(), [member.id, viewer.id].sort());
  clock.advance(1000);
  await owner.client.put(`${task}/watch`);
  t.equal((await owner.client.put(`${task}/watch`)).status, 204);
  t.ok((await watchers(owner.client, task)).includes(owner.id));
  t.equal((await viewer.client.delete(`${task}/watch`)).status, 204);
  t.notOk((await watchers(owner.client, task)).includes(viewer.id));

  const next = await owner.client.post(`${project.path}/tasks`, {
    summary: 'x',
    assignee_ids: [member.id],
  });
  const second = `${project.path}/tasks/${next.json.id}`;
  t.same((await watchers(owner.client, second)).sort(), [owner.id, member.id].sort());
  const third = (await owner.client.post(`${project.path}/tasks`, { summary: 'y' })).json.id;
  const ids = { ids: [third, next.json.id], changes: { assignee_ids: [member.id] } };
  await owner.client.post(`${project.path}/tasks/bulk`, ids);
  t.ok((await watchers(owner.client, `${project.path}/tasks/${third}`)).includes(member.id));
  const comment = await write(member.client, task);
  await member.client.patch(`${task}/comments/${comment.id}`, { content: `@${viewer.username}` });
  t.notOk((await watchers(owner.client, task)).includes(viewer.id), 'the choice is remembered');
  await viewer.client.put(`${task}/watch`);
  t.ok((await watchers(owner.client, task)).includes(viewer.id));
  const { json } = await viewer.client.get(`${task}/watchers`);
  t.equal(json.total, 3);
  t.equal(json.items[0].user.id, member.id, 'the one who has watched longest');
});

t.test('a former member watches nothing, and loses what they wrote to nobody', async (t) => {
  const { owner, member, project, task } = await team();
  const comment = await write(member.client, task);
  const path = `${task}/comments/${comment.id}`;
  t.ok((await watchers(owner.client, task)).includes(member.id));
  await owner.client.delete(`${project.path}/members/${member.id}`);
  t.same(await watchers(owner.client, task), [owner.id]);
  t.equal((await owner.client.get(path)).json.author.id, member.id);
  t.equal((await member.client.patch(path, { content: 'x' })).status, 404);
  t.equal((await member.client.delete(path)).status, 404);
  const { etag } = (await owner.client.get(path)).headers;
  await app.pg.query('delete from users where id = $1', [member.id]);
  const after = await owner.client.get(path);
  t.equal(after.json.author, null);
  t.not(after.headers['etag'], etag);
  t.equal((await owner.client.patch(path, { content: 'x' })).status, 403);
  t.equal((await owner.client.delete(path)).status, 204);
});

t.test('a task takes no more comments than its limit', async (t) => {
  const { owner, member, task, taskId } = await team();
  await app.pg.query(
    `insert into task_comments (task_id, author_id, content, content_html)
     select $1, $2, 'x', '<p>x</p>' from generate_series(1, $3::integer)`,
    [taskId, owner.id, MAX_COMMENTS_PER_TASK - 2],
  );
  const replies = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      (n % 2 ? owner : member).client.post(`${task}/comments`, { content: 'x' }),
    ),
  );
  t.same(replies.map(({ status }) => status).sort(), [201, 201, 409, 409, 409, 409]);
  const refused = replies.filter(({ status }) => status === 409);
  for (const { json } of refused) t.equal(json.code, 'too_many_task_comments');
  t.equal((await owner.client.get(`${task}/comments`)).json.total, MAX_COMMENTS_PER_TASK);
});

t.test('the audit log has changes and deletions without texts', async (t) => {
  const { owner, member, task } = await team();
  const { id } = await write(member.client, task, 'Secret one');
  await member.client.patch(`${task}/comments/${id}`, { content: 'Secret two' });
  await owner.client.delete(`${task}/comments/${id}`);
  const { rows } = await app.pg.query(
    `select action, actor_id, before, after from audit_log
     where resource = 'task_comment' and resource_id = $1 order by id`,
    [String(id)],
  );
  t.match(rows, [
    { action: 'task_comment.change', actor_id: member.id, after: { content_sha256: String } },
    { action: 'task_comment.delete', actor_id: owner.id, after: null },
  ]);
  t.equal(rows.length, 2);
  t.notMatch(JSON.stringify(rows), /Secret/);
});

t.test('members get the events, a former member none, and a deletion leaves no text', async (t) => {
  const { owner, member, viewer, project, task, taskId } = await team();
  const listen = async ({ username }: { username: string }) => {
    const { json } = await client().postForm('/api/v1/auth/token', {
      username,
      password: PASSWORD,
    });
    const headers = { authorization: `Bearer ${json.access_token}` };
    const socket = await openLive(`${origin.replace('http', 'ws')}/api/v1/ws`, headers);
    t.teardown(() => socket.close());
    await socket.ask({ type: 'subscribe', topics: [`task:${taskId}`] }, 'subscribed');
    return socket;
  };
  const [staying, leaving, stranger] = [
    await listen(viewer),
    await listen(member),
    await listen(await someone('admin')),
  ];
  const { id } = await write(owner.client, task, 'Before');
  await until(() => staying.events.length === 1 && leaving.events.length === 1);
  await owner.client.delete(`${project.path}/members/${member.id}`);
  const path = `${task}/comments/${id}`;
  await owner.client.patch(path, { content: 'After' });
  await owner.client.delete(path);
  await until(() => staying.events.length === 3);
  t.match(staying.events, [
    {
      type: 'task_comment.created',
      resource: 'task_comment',
      resource_id: id,
      project_id: project.id,
      topics: [`project:${project.id}`, `task:${taskId}`],
      version: 1,
      changes: { content: 'Before', author: { id: owner.id }, mentions: [] },
    },
    { type: 'task_comment.changed', version: 2, changes: { content: 'After' } },
    { type: 'task_comment.deleted', version: null, changes: {} },
  ]);
  t.equal(leaving.events.length, 1);
  t.equal(stranger.events.length, 0);
  const { rows } = await app.pg.query(
    `select changes, former, omitted from events
     where type like 'task\\_comment.%' and resource_id = $1 order by id`,
    [id],
  );
  t.match(rows, [
    { changes: {}, former: null },
    { changes: {}, former: null },
    { changes: {}, former: null },
  ]);
  t.ok(rows[0].omitted.includes('content'));
});
