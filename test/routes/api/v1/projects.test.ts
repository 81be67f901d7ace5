import t from 'tap';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { lastMail, lastToken } from '#test/support/mails.js';
import { untilWaiting } from '#test/support/waiting.js';

const PROJECTS = '/api/v1/projects';
const INVITATIONS = '/api/v1/me/project-invitations';

const testApp = await createTestApp(t);
const { app, client, clock, signedIn } = testApp;
let count = 0;

async function someone(role: 'guest' | 'author' | 'admin' = 'author') {
  count += 1;
  const username = `project_${count}`;
  const client = await signedIn({ username, role, email: `${username}@example.org` });
  return { client, username, id: (await client.get('/api/v1/me')).json.id as number };
}
type Someone = Awaited<ReturnType<typeof someone>>;

function keyOf(): string {
  count += 1;
  return `K${count}`;
}

async function createProject(owner: Client, fields: object = {}) {
  const reply = await owner.post(PROJECTS, { key: keyOf(), name: 'Website', ...fields });
  return reply.json;
}

async function join(project: { id: number }, owner: Client, user: Someone, role = 'member') {
  const body = { username: user.username, role };
  const { json } = await owner.post(`${PROJECTS}/${project.id}/invitations`, body);
  return user.client.post(`${INVITATIONS}/${json.id}/accept`);
}

t.test('a project is created, read, changed and found by its members only', async (t) => {
  const owner = await someone();
  const stranger = await someone('admin');
  const key = keyOf();
  const created = await owner.client.post(PROJECTS, { key, name: '  Website ' });
  t.equal(created.status, 201);
  t.match(created.json, { key, name: 'Website', time_zone: 'UTC', my_role: 'owner' });
  const path = `${PROJECTS}/${created.json.id}`;
  t.equal(created.headers['location'], path);
  t.equal(created.headers['etag'], (await owner.client.get(path)).headers['etag']);
  t.equal((await stranger.client.get(path)).status, 404, 'not even to administrators');
  t.equal((await stranger.client.patch(path, { name: 'x' })).status, 404);
  t.equal((await stranger.client.delete(path)).status, 404);

  const changed = await owner.client.patch(path, { name: 'New', time_zone: 'Asia/Shanghai' });
  t.match(changed.json, { name: 'New', time_zone: 'Asia/Shanghai' });
  t.not(changed.headers['etag'], created.headers['etag']);
  const stale = { 'if-match': String(created.headers['etag']) };
  t.equal((await owner.client.patch(path, { name: 'Old' }, stale)).status, 412);

  await createProject(owner.client, { name: 'Äpfel' });
  const list = (query: string) => owner.client.get(`${PROJECTS}?${query}`);
  t.same(
    (await list('sort=-created_at')).json.items.map(({ name }: { name: string }) => name),
    ['Äpfel', 'New'],
  );
  t.equal((await list('q=äPF')).json.total, 1);
  t.equal((await list('archived=true')).json.total, 0);
  t.same((await stranger.client.get(PROJECTS)).json.items, []);
  t.equal((await client().get(PROJECTS)).status, 401);
});

t.test('a key is unique for ever, and an old one redirects', async (t) => {
  const owner = await someone();
  const [first, second] = [keyOf(), keyOf()];
  const { id } = await createProject(owner.client, { key: first });
  t.equal((await owner.client.patch(`${PROJECTS}/${id}`, { key: second })).json.key, second);
  const old = await owner.client.get(`${PROJECTS}/key/${first}`);
  t.equal(old.status, 301);
  t.equal(old.headers['location'], `${PROJECTS}/key/${second}`);
  t.equal((await owner.client.get(`${PROJECTS}/key/${second}`)).json.id, id);

  const other = await someone();
  t.equal((await other.client.get(`${PROJECTS}/key/${first}`)).status, 404);
  for (const key of [first, second]) {
    const taken = await other.client.post(PROJECTS, { key, name: 'x' });
    t.equal(taken.status, 409);
    t.match(taken.json, { code: 'duplicate', errors: [{ loc: ['body', 'key'], input: key }] });
  }
  t.equal((await owner.client.patch(`${PROJECTS}/${id}`, { key: first })).json.key, first);
  for (const key of ['a', 'alt', '1AB', 'A-B', 'ABCDEFGHIJK', '']) {
    t.equal((await owner.client.post(PROJECTS, { key, name: 'x' })).status, 422, key);
  }
  for (let used = 2; used < 20; used += 1) {
    await owner.client.patch(`${PROJECTS}/${id}`, { key: keyOf() });
  }
  const beyond = await owner.client.patch(`${PROJECTS}/${id}`, { key: keyOf() });
  t.match(beyond.json, { code: 'too_many_project_keys' });
});

t.test('refuses invalid values', async (t) => {
  const owner = await someone();
  const refuse = async (fields: object, loc: string) => {
    const reply = await owner.client.post(PROJECTS, { key: keyOf(), name: 'x', ...fields });
    t.equal(reply.status, 422, loc);
    t.equal(reply.json.detail[0].loc[1], loc);
  };
  await refuse({ name: ' \u200b ' }, 'name');
  await refuse({ time_zone: 'Mars/Phobos' }, 'time_zone');
  await refuse({ in_progress_limit: 0 }, 'in_progress_limit');
  await refuse({ description: 'x'.repeat(2001) }, 'description');
  const guest = await someone('guest');
  t.equal((await guest.client.post(PROJECTS, { key: keyOf(), name: 'x' })).status, 403);
});

t.test('each role may do what it should', async (t) => {
  const [owner, member, viewer] = [await someone(), await someone(), await someone('guest')];
  const project = await createProject(owner.client);
  const path = `${PROJECTS}/${project.id}`;
  t.match((await join(project, owner.client, member)).json, { id: project.id, my_role: 'member' });
  t.match((await join(project, owner.client, viewer, 'viewer')).json, { my_role: 'viewer' });
  const { items } = (await viewer.client.get(`${path}/members`)).json;
  t.match(items, [
    { user: { username: owner.username }, role: 'owner' },
    { user: { username: member.username }, role: 'member' },
    { user: { username: viewer.username }, role: 'viewer' },
  ]);
  for (const { client } of [member, viewer]) {
    const refused = await Promise.all([
      client.patch(path, { name: 'x' }),
      client.post(`${path}/archive`),
      client.delete(path),
      client.get(`${path}/invitations`),
      client.post(`${path}/invitations`, { username: owner.username }),
      client.patch(`${path}/members/${owner.id}`, { role: 'viewer' }),
      client.delete(`${path}/members/${owner.id}`),
    ]);
    for (const { status, json } of refused) {
      t.equal(status, 403);
      t.equal(json.code, 'project_role_required');
    }
  }
});

t.test('ownership is handed on, and the last owner stays', async (t) => {
  const [owner, member] = [await someone(), await someone()];
  const project = await createProject(owner.client);
  const members = `${PROJECTS}/${project.id}/members`;
  await join(project, owner.client, member);
  for (const reply of [
    await owner.client.delete(`${members}/${owner.id}`),
    await owner.client.patch(`${members}/${owner.id}`, { role: 'member' }),
  ]) {
    t.match(reply.json, { code: 'last_owner' });
    t.equal(reply.status, 409);
  }
  const made = await owner.client.patch(`${members}/${member.id}`, { role: 'owner' });
  t.match(made.json, { role: 'owner', user: { id: member.id } });
  // Both leave at once: one of them must stay.
  const left = await Promise.all([
    owner.client.delete(`${members}/${owner.id}`),
    member.client.delete(`${members}/${member.id}`),
  ]);
  t.same(left.map(({ status }) => status).sort(), [204, 409]);
  const stayed = left[0]?.status === 409 ? owner : member;
  const gone = stayed === owner ? member : owner;
  t.equal((await stayed.client.get(members)).json.total, 1);
  t.equal((await gone.client.get(members)).status, 404);
  t.equal((await stayed.client.delete(`${members}/${gone.id}`)).status, 404);
});

t.test('a deleted owner is followed by the member of longest standing', async (t) => {
  const [owner, viewer, member] = [await someone(), await someone(), await someone()];
  const admin = await someone('admin');
  const project = await createProject(owner.client);
  const alone = await createProject(owner.client);
  await join(project, owner.client, viewer, 'viewer');
  await join(project, owner.client, member);
  await admin.client.delete(`/api/v1/users/${owner.id}`);
  const { items } = (await member.client.get(`${PROJECTS}/${project.id}/members`)).json;
  t.match(items, [
    { user: { id: viewer.id }, role: 'viewer' },
    { user: { id: member.id }, role: 'owner' },
  ]);
  const { rows } = await app.pg.query('select from projects where id = $1', [alone.id]);
  t.equal(rows.length, 0, 'a project without other members is gone');
});

t.test(
  'an inactive member does not follow, and a project without others leaves nothing',
  async (t) => {
    const [owner, inactive, member] = [await someone(), await someone(), await someone()];
    const admin = await someone('admin');
    const project = await createProject(owner.client);
    const alone = await createProject(owner.client, { description: 'A secret' });
    await join(project, owner.client, inactive);
    await join(project, owner.client, member);
    await admin.client.patch(`/api/v1/users/${inactive.id}`, { is_active: false });
    await admin.client.delete(`/api/v1/users/${owner.id}`);
    t.equal((await member.client.get(`${PROJECTS}/${project.id}`)).json.my_role, 'owner');
    const { rows } = await app.pg.query('select from events where project_id = $1', [alone.id]);
    t.equal(rows.length, 0);
  },
);

t.test('nobody leaves a project while both of its members are deleted', async (t) => {
  const [owner, heir] = [await someone(), await someone()];
  const project = await createProject(owner.client);
  await join(project, owner.client, heir);
  const [one, two] = [await app.pg.connect(), await app.pg.connect()];
  try {
    await one.query('begin');
    await two.query('begin');
    await one.query('delete from users where id = $1', [owner.id]);
    const second = two.query('delete from users where id = $1', [heir.id]);
    await untilWaiting(app, 1);
    await one.query('commit');
    await second;
    await two.query('commit');
  } finally {
    one.release();
    two.release();
  }
  const { rows } = await app.pg.query('select from projects where id = $1', [project.id]);
  t.equal(rows.length, 0, 'no project without members');
});

t.test('an invitation does not outlive the rights of its author', async (t) => {
  for (const end of ['demoted', 'removed', 'deleted'] as const) {
    const [owner, other, guest] = [await someone(), await someone(), await someone()];
    const project = await createProject(owner.client);
    const members = `${PROJECTS}/${project.id}/members`;
    await join(project, owner.client, other, 'owner');
    const path = `${PROJECTS}/${project.id}/invitations`;
    const body = { username: guest.username, role: 'owner' };
    const { id } = (await other.client.post(path, body)).json;
    if (end === 'demoted') await owner.client.patch(`${members}/${other.id}`, { role: 'viewer' });
    if (end === 'removed') await owner.client.delete(`${members}/${other.id}`);
    if (end === 'deleted') {
      const admin = await someone('admin');
      await admin.client.delete(`/api/v1/users/${other.id}`);
    }
    t.equal((await guest.client.post(`${INVITATIONS}/${id}/accept`)).status, 404, end);
  }
});

t.test('the texts of a project are not in the audit log', async (t) => {
  const owner = await someone();
  const admin = await someone('admin');
  const { id } = await createProject(owner.client, { name: 'Merger', description: 'With ACME' });
  await owner.client.patch(`${PROJECTS}/${id}`, { name: 'Merger 2' });
  await owner.client.post(`${PROJECTS}/${id}/labels`, { name: 'Merger label' });
  const log = await admin.client.get('/api/v1/audit?size=20');
  t.match(JSON.stringify(log.json), 'name_sha256');
  t.notMatch(JSON.stringify(log.json), /Merger|ACME/);
});

t.test('a mailed invitation goes with the user of its address', async (t) => {
  const [owner, bob] = [await someone(), await someone()];
  const admin = await someone('admin');
  const project = await createProject(owner.client);
  const path = `${PROJECTS}/${project.id}/invitations`;
  await owner.client.post(path, { email: `${bob.username}@example.org` });
  await admin.client.delete(`/api/v1/users/${bob.id}`);
  t.equal((await owner.client.get(path)).json.total, 0);
});

t.test('an invitation is accepted, declined, replaced, withdrawn, or expires', async (t) => {
  const [owner, bob] = [await someone(), await someone()];
  const project = await createProject(owner.client);
  const path = `${PROJECTS}/${project.id}/invitations`;
  const invite = (fields: object = {}) =>
    owner.client.post(path, { username: bob.username.toUpperCase(), ...fields });
  const first = await invite();
  t.equal(first.status, 201);
  t.match(first.json, {
    username: bob.username,
    email: null,
    role: 'member',
    invited_by: { username: owner.username },
    project: { id: project.id, key: project.key },
  });
  const second = await invite({ role: 'viewer' });
  t.equal((await owner.client.get(path)).json.total, 1, 'replaced');
  const mine = (await bob.client.get(INVITATIONS)).json.items;
  t.match(mine, [{ id: second.json.id, role: 'viewer' }]);
  t.equal((await owner.client.post(`${INVITATIONS}/${second.json.id}/accept`)).status, 404);
  t.equal((await owner.client.delete(`${INVITATIONS}/${second.json.id}`)).status, 404);
  t.equal((await bob.client.delete(`${INVITATIONS}/${second.json.id}`)).status, 204);
  t.equal((await bob.client.post(`${INVITATIONS}/${second.json.id}/accept`)).status, 404);

  const third = (await invite()).json;
  const other = await createProject(owner.client);
  const wrong = `${PROJECTS}/${other.id}/invitations/${third.id}`;
  t.equal((await owner.client.delete(wrong)).status, 404, 'of another project');
  t.equal((await owner.client.delete(`${path}/${third.id}`)).status, 204);
  t.same((await bob.client.get(INVITATIONS)).json.items, []);

  const fourth = (await invite()).json;
  t.equal((await bob.client.post(`${INVITATIONS}/${fourth.id}/accept`)).status, 200);
  t.match((await invite()).json, { code: 'already_member' });
  const unknown = await invite({ username: 'nobody_at_all' });
  t.equal(unknown.status, 422);
  t.match(unknown.json.detail, [{ loc: ['body', 'username'] }]);
  t.equal((await invite({ email: 'both@example.org' })).status, 422);
  t.equal((await owner.client.post(path, { role: 'member' })).status, 422);
});

t.test('a mail invites whoever has its token', async (t) => {
  const [owner, bob, eve] = [await someone(), await someone(), await someone()];
  const project = await createProject(owner.client, { name: 'A\nB' });
  const path = `${PROJECTS}/${project.id}/invitations`;
  const accept = (client: Client, token: string) => client.post(`${INVITATIONS}/accept`, { token });
  const email = 'Somebody@Example.net';
  t.equal((await owner.client.post(path, { email })).json.email, 'Somebody@example.net');
  // Jobs are due by the time of the database, which has not stopped.
  clock.advance(60_000);
  t.match(await lastMail(testApp), {
    to: 'Somebody@example.net',
    subject: /A B/,
    text: new RegExp(owner.username),
  });
  const token = await lastToken(testApp);
  t.equal((await accept(bob.client, 'wrong')).status, 422);
  t.equal((await accept(client(), token)).status, 401);
  t.match((await accept(bob.client, token)).json, { id: project.id, my_role: 'member' });
  const again = await accept(eve.client, token);
  t.match(again.json.detail, [{ loc: ['body', 'token'] }], 'once');
  t.notMatch(JSON.stringify(again.json), token, 'not sent back');

  // To the confirmed address of a user, the id is enough.
  await app.pg.query('update users set email_verified_at = null where id = $1', [eve.id]);
  await owner.client.post(path, { email: `${eve.username.toUpperCase()}@example.org` });
  t.equal((await eve.client.get(INVITATIONS)).json.total, 0, 'not confirmed');
  await app.pg.query('update users set email_verified_at = now() where id = $1', [eve.id]);
  const [{ id }] = (await eve.client.get(INVITATIONS)).json.items;

  clock.advance(14 * 24 * 60 * 60 * 1000);
  await app.runJobs();
  for (const { client, username } of [owner, eve]) await client.signIn(username, PASSWORD);
  t.equal((await eve.client.post(`${INVITATIONS}/${id}/accept`)).status, 404, 'expired');
  t.equal((await owner.client.get(path)).json.total, 0);

  const flooded = await owner.client.post(path, { email: 'one@example.net' });
  t.equal(flooded.status, 201);
  const statuses = [];
  for (let n = 0; n < 4; n += 1) {
    statuses.push((await owner.client.post(path, { email: 'one@example.net' })).status);
  }
  t.same(statuses, [201, 201, 429, 429], 'mails to one address are limited');
});

t.test('an archived project is read-only', async (t) => {
  const [owner, bob] = [await someone(), await someone()];
  const project = await createProject(owner.client);
  const path = `${PROJECTS}/${project.id}`;
  const archived = await owner.client.post(`${path}/archive`);
  t.equal(archived.status, 200);
  t.ok(archived.json.archived_at);
  t.equal((await owner.client.post(`${path}/archive`)).headers['etag'], archived.headers['etag']);
  t.match((await owner.client.patch(path, { name: 'x' })).json, { code: 'project_archived' });
  const invited = await owner.client.post(`${path}/invitations`, { username: bob.username });
  t.match(invited.json, { code: 'project_archived' });
  t.equal((await owner.client.get(`${PROJECTS}?archived=true`)).json.total, 1);
  t.equal((await owner.client.get(`${PROJECTS}?archived=false`)).json.total, 0);
  t.equal((await owner.client.post(`${path}/unarchive`)).json.archived_at, null);
  t.equal((await owner.client.patch(path, { name: 'x' })).status, 200);
});

t.test('a deleted project is restored or purged by its owners', async (t) => {
  const [owner, member] = [await someone(), await someone()];
  const project = await createProject(owner.client);
  await join(project, owner.client, member);
  const path = `${PROJECTS}/${project.id}`;
  const trashed = `/api/v1/trash/project/${project.id}`;
  t.equal((await owner.client.post(`${trashed}/restore`)).status, 404, 'not in the trash');
  t.equal((await owner.client.delete(path)).status, 204);
  for (const { client } of [owner, member]) {
    t.equal((await client.get(path)).status, 404);
    t.equal((await client.get(PROJECTS)).json.total, 0);
    t.equal((await client.get(`${PROJECTS}/key/${project.key}`)).status, 404);
    t.equal((await client.get(`${path}/members`)).status, 404);
  }
  const { items } = (await owner.client.get('/api/v1/trash?kind=project')).json;
  t.match(items, [
    { kind: 'project', id: project.id, title: 'Website', deleted_by: { id: owner.id } },
  ]);
  t.same((await member.client.get('/api/v1/trash?kind=project')).json.items, []);
  t.equal((await member.client.post(`${trashed}/restore`)).status, 404);
  t.equal((await owner.client.post(`${trashed}/restore`)).status, 204);
  t.equal((await member.client.get(path)).json.id, project.id);
  await owner.client.delete(path);
  t.equal((await member.client.delete(trashed)).status, 404);
  t.equal((await owner.client.delete(trashed)).status, 204);
  const taken = await member.client.post(PROJECTS, { key: project.key, name: 'x' });
  t.equal(taken.status, 201, 'a purged project frees its keys');
});

t.test('concurrent requests do not exceed a limit together', async (t) => {
  const owner = await someone();
  await app.pg.query(
    `with made as (
       insert into projects (key, name, searched_name, time_zone)
       select 'M' || n, 'Many', 'many', 'UTC' from generate_series(1, 198) n returning id)
     insert into project_members (project_id, user_id, role) select id, $1, 'owner' from made`,
    [owner.id],
  );
  const replies = await Promise.all(
    Array.from({ length: 6 }, () =>
      owner.client.post(PROJECTS, { key: keyOf(), name: 'One more' }),
    ),
  );
  const created = replies.filter(({ status }) => status === 201);
  t.equal(created.length, 2);
  const refused = replies.filter(({ json }) => json.code === 'too_many_projects');
  t.equal(refused.length, 4);
});
