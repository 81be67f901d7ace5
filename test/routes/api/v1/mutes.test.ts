import t from 'tap';
import { MAX_MUTED_TASKS } from '#schemas/mutes.js';
import { enqueue } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { createProject, joinProject } from '#test/support/projects.js';

const { app, clock, client, signedIn } = await createTestApp(t);
let count = 0;

async function someone() {
  count += 1;
  const username = `Quiet_${count}`;
  const client = await signedIn({ username });
  return { client, username, id: (await client.get('/api/v1/me')).json.id as number };
}

async function team() {
  const [owner, viewer] = [await someone(), await someone()];
  const project = await createProject(owner.client);
  await joinProject(project, owner.client, viewer, 'viewer');
  return { owner, viewer, project };
}

const kindsOf = async (client: Client): Promise<string[]> =>
  (await client.get('/api/v1/notifications')).json.items.map(({ kind }: { kind: string }) => kind);

const isMuted = async (client: Client, path: string): Promise<boolean> =>
  (await client.get(`${path}/mute`)).json.is_muted;

t.test('nothing is told of a muted task', async (t) => {
  const { owner, viewer, project } = await team();
  const due_on = clock.read().toISOString().slice(0, 10);
  const { json } = await owner.client.post(`${project.path}/tasks`, { summary: 'Fonts', due_on });
  const other = (await owner.client.post(`${project.path}/tasks`, { summary: 'Icons' })).json;
  const task = `${project.path}/tasks/${json.id}`;
  t.equal(await isMuted(viewer.client, task), false);
  for (const _ of [1, 2]) t.equal((await viewer.client.put(`${task}/mute`)).status, 204);
  t.equal(await isMuted(viewer.client, task), true);
  t.equal(await isMuted(owner.client, task), false, 'only for the viewer');
  await owner.client.patch(task, { assignee_ids: [viewer.id] });
  await owner.client.post(`${task}/comments`, { content: `@${viewer.username}` });
  await owner.client.post(`${task}/transition`, { status: 'in_progress' });
  await enqueue(app.db, 'notify_due_tasks', {});
  await app.runJobs();
  t.same(await kindsOf(viewer.client), []);
  const comment = { content: `@${viewer.username}` };
  await owner.client.post(`${project.path}/tasks/${other.id}/comments`, comment);
  t.same(await kindsOf(viewer.client), ['mentioned'], 'in another task');
  for (const _ of [1, 2]) t.equal((await viewer.client.delete(`${task}/mute`)).status, 204);
  await owner.client.post(`${task}/comments`, { content: 'Text' });
  t.same(await kindsOf(viewer.client), ['commented', 'mentioned']);
});

t.test('nothing is told of a muted project but an invitation', async (t) => {
  const { owner, viewer, project } = await team();
  t.equal(await isMuted(viewer.client, project.path), false);
  for (const _ of [1, 2]) t.equal((await viewer.client.put(`${project.path}/mute`)).status, 204);
  t.equal(await isMuted(viewer.client, project.path), true);
  const fields = { summary: 'Fonts', assignee_ids: [viewer.id] };
  await owner.client.post(`${project.path}/tasks`, fields);
  t.same(await kindsOf(viewer.client), []);
  await owner.client.post(`${project.path}/archive`);
  t.equal((await viewer.client.delete(`${project.path}/mute`)).status, 204, 'in an archived one');
  t.equal((await viewer.client.put(`${project.path}/mute`)).status, 204);
  await owner.client.post(`${project.path}/unarchive`);

  await viewer.client.delete(`${project.path}/members/${viewer.id}`);
  const { username } = viewer;
  await owner.client.post(`${project.path}/invitations`, { username });
  t.same(await kindsOf(viewer.client), ['invited']);
  await joinProject(project, owner.client, viewer);
  t.equal(await isMuted(viewer.client, project.path), false, 'forgotten with the membership');
});

t.test('only members mute, and only what is there', async (t) => {
  const { owner, viewer, project } = await team();
  const stranger = await someone();
  const { json } = await owner.client.post(`${project.path}/tasks`, { summary: 'Fonts' });
  const task = `${project.path}/tasks/${json.id}`;
  for (const path of [project.path, task]) {
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      const send = (who: Client) => who.request({ method, url: `${path}/mute` });
      t.equal((await send(stranger.client)).status, 404, `${method} ${path}`);
      t.equal((await send(client())).status, 401);
    }
  }
  await owner.client.delete(task);
  t.equal((await viewer.client.put(`${task}/mute`)).status, 404, 'in the trash');
  await owner.client.delete(project.path);
  t.equal((await viewer.client.put(`${project.path}/mute`)).status, 404);
});

t.test('a user can mute only so many tasks', async (t) => {
  const { owner, viewer, project } = await team();
  const { json } = await owner.client.post(`${project.path}/tasks`, { summary: 'Fonts' });
  await app.pg.query(
    `with made as (
       insert into tasks
         (project_id, number, summary, searched_summary, status, position, time_zone)
       select $1, 1000 + n, 'Task', 'task', 'todo', 'b' || n, 'UTC'
       from generate_series(1, $3::int) n returning id)
     insert into task_mutes (task_id, project_id, user_id) select id, $1, $2 from made`,
    [project.id, viewer.id, MAX_MUTED_TASKS - 1],
  );
  const other = (await owner.client.post(`${project.path}/tasks`, { summary: 'Icons' })).json;
  const mute = (id: number) => viewer.client.put(`${project.path}/tasks/${id}/mute`);
  t.equal((await mute(json.id)).status, 204);
  const refused = await mute(other.id);
  t.match([refused.status, refused.json.code], [409, 'too_many_muted_tasks']);
  t.equal((await mute(json.id)).status, 204, 'it is muted already');
  t.equal((await owner.client.put(`${project.path}/tasks/${other.id}/mute`)).status, 204);
});
