import t, { type Test } from 'tap';
import { MAX_DIGEST_LINES } from '#schemas/notification-settings.js';
import { MAX_NOTIFICATIONS } from '#schemas/notifications.js';
import { type Mail, MailError } from '#src/mail/mailer.js';
import { MAX_JOBS } from '#src/queue/jobs.js';
import { enqueue } from '#src/queue/store.js';
import { MAX_PER_CHANGE } from '#src/work/stores/new-notifications.js';
import { createTestApp, PASSWORD, type TestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { countJobs, makeJobsDue } from '#test/support/jobs.js';
import { openLive } from '#test/support/live.js';
import { createProject, joinProject } from '#test/support/projects.js';
import { recordStatements } from '#test/support/statements.js';
import { until } from '#test/support/waiting.js';

const NOTIFICATIONS = '/api/v1/notifications';
const SETTINGS = '/api/v1/me/notification-settings';
const MINUTE = 60 * 1000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const sent: Mail[] = [];
let isRefused = false;

const testApp = await createTestApp(
  t,
  { CLIENT_URL: 'https://app.example.com/' },
  {
    mailer: {
      available: true,
      async send(mail) {
        if (isRefused) throw new MailError('Refused.');
        sent.push(mail);
      },
    },
  },
);
const { app, clock } = testApp;
let count = 0;

interface Someone {
  client: Client;
  username: string;
  id: number;
}

async function someone(test: TestApp = testApp): Promise<Someone> {
  count += 1;
  const username = `Reader_${count}`;
  const email = `reader_${count}@example.com`;
  const email_verified_at = clock.read().toISOString();
  const client = await test.signedIn({ username, email, email_verified_at });
  return { client, username, id: (await client.get('/api/v1/me')).json.id as number };
}

async function team(test: TestApp = testApp) {
  const [owner, member, viewer] = [await someone(test), await someone(test), await someone(test)];
  const project = await createProject(owner.client);
  await joinProject(project, owner.client, member);
  await joinProject(project, owner.client, viewer, 'viewer');
  return { owner, member, viewer, project };
}

/** Moves the clock, which ends sessions, and signs in again. */
async function later(milliseconds: number, ...people: Someone[]): Promise<void> {
  clock.advance(milliseconds);
  for (const { client, username } of people) await client.signIn(username, PASSWORD);
}

interface Told {
  id: number;
  kind: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests read the fields that they expect
  [field: string]: any;
}

async function listOf({ client }: Someone, query = ''): Promise<Told[]> {
  return (await client.get(`${NOTIFICATIONS}?size=100${query}`)).json.items;
}

async function kindsOf(who: Someone, query = ''): Promise<string[]> {
  return (await listOf(who, query)).map(({ kind }) => kind);
}

const unreadOf = async ({ client }: Someone): Promise<number> =>
  (await client.get(`${NOTIFICATIONS}/unread-count`)).json.unread;

const createTask = async ({ client }: Someone, project: { path: string }, fields: object = {}) =>
  (await client.post(`${project.path}/tasks`, { summary: 'Fonts', ...fields })).json;

/** Runs all jobs that are due, and returns the mails to a user. */
async function mailsTo({ id }: Someone): Promise<Mail[]> {
  await app.runJobs();
  const { rows } = await app.pg.query('select email from users where id = $1', [id]);
  return sent.filter(({ to }) => to === rows[0].email);
}

async function run(
  task: 'mail_digests' | 'notify_due_tasks' | 'remove_old_notifications',
  { app }: Pick<TestApp, 'app'> = testApp,
) {
  await enqueue(app.db, task, {});
  await app.runJobs();
  const { rows } = await app.pg.query(
    'select last_error from graphile_worker.jobs where task_identifier = $1',
    [task],
  );
  if (rows.length > 0) throw new Error(`${task}: ${rows[0].last_error}`);
}

t.test('tells those who are assigned, by a new task and a change', async (t) => {
  const { owner, member, viewer, project } = await team();
  const assignee_ids = [owner.id, member.id];
  const task = await createTask(owner, project, { assignee_ids });
  t.same(await kindsOf(owner), [], 'not the one who did it');
  const [first, ...others] = await listOf(member);
  t.same(others, []);
  t.same(first, {
    id: first?.id,
    kind: 'assigned',
    actor: { id: owner.id, username: owner.username, nickname: '', avatar_url: null },
    project: { id: project.id, key: project.key, name: 'Website' },
    task: { id: task.id, number: 1, summary: 'Fonts' },
    comment_id: null,
    created_at: clock.read().toISOString(),
    read_at: null,
  });
  const path = `${project.path}/tasks/${task.id}`;
  await member.client.patch(path, { assignee_ids: [...assignee_ids, viewer.id] });
  t.same(await kindsOf(viewer), ['assigned'], 'also viewers');
  t.same(await kindsOf(member), ['assigned'], 'not those who were assigned before');
  t.same(await kindsOf(owner), []);
  await member.client.patch(path, { assignee_ids });
  await member.client.patch(path, { assignee_ids, summary: 'Other fonts' });
  t.same(await kindsOf(viewer), ['assigned'], 'not of the end of it');
  t.equal((await listOf(viewer))[0]?.['task'].summary, 'Other fonts', 'as it is now');
});

t.test('tells of mentions and comments, of each once', async (t) => {
  const { owner, member, viewer, project } = await team();
  const { id } = await createTask(member, project);
  const path = `${project.path}/tasks/${id}/comments`;
  const content = `@${member.username} and @${viewer.username}, please.`;
  const { json } = await owner.client.post(path, { content });
  t.same(await kindsOf(member), ['mentioned'], 'who watches the task, too');
  t.match(await listOf(viewer), [{ kind: 'mentioned', comment_id: json.id }]);
  t.same(await kindsOf(owner), []);
  await member.client.post(path, { content: 'No.' });
  t.same(await kindsOf(viewer), ['commented', 'mentioned'], 'watches since the mention');
  t.same(await kindsOf(owner), ['commented'], 'watches since the comment');
  t.same(await kindsOf(member), ['mentioned']);
  await owner.client.patch(`${path}/${json.id}`, { content: `${content} Now.` });
  t.same(await kindsOf(viewer), ['commented', 'mentioned'], 'a mention counts once');
  const stranger = await someone();
  await owner.client.patch(`${path}/${json.id}`, { content: `@${stranger.username}` });
  t.same(await kindsOf(stranger), [], 'no stranger');
  await viewer.client.delete(`${project.path}/tasks/${id}/watch`);
  await owner.client.post(path, { content: 'More.' });
  t.same(await kindsOf(viewer), ['commented', 'mentioned'], 'has stopped watching');
  await owner.client.delete(`${path}/${json.id}`);
  t.same(await kindsOf(viewer), ['commented'], 'gone with the comment');
});

t.test('tells watchers and assignees of a move', async (t) => {
  const { owner, member, viewer, project } = await team();
  const task = await createTask(owner, project, { assignee_ids: [member.id] });
  const path = `${project.path}/tasks/${task.id}`;
  await viewer.client.put(`${path}/watch`);
  await member.client.delete(`${path}/watch`);
  await owner.client.post(`${path}/transition`, { status: 'in_progress' });
  t.same(await kindsOf(member), ['moved', 'assigned'], 'assigned, without watching');
  t.same(await kindsOf(viewer), ['moved']);
  t.same(await kindsOf(owner), []);
  await owner.client.post(`${path}/move`, { after_id: null });
  t.same(await kindsOf(viewer), ['moved'], 'not within the column');
  await member.client.post(`${path}/transition`, { status: 'review' });
  t.same(await kindsOf(owner), ['moved'], 'who created it');
});

t.test('tells of the move of a repeating task, and not of the next one', async (t) => {
  const { owner, member, project } = await team();
  const due_on = '2999-01-31';
  const fields = { due_on, recurrence: 'FREQ=DAILY', assignee_ids: [member.id] };
  const { id } = await createTask(owner, project, fields);
  const path = `${project.path}/tasks/${id}`;
  for (const status of ['in_progress', 'review', 'done']) {
    await owner.client.post(`${path}/transition`, { status });
  }
  t.equal((await owner.client.get(`${project.path}/tasks`)).json.total, 2);
  t.same(await kindsOf(member), ['moved', 'moved', 'moved', 'assigned']);
});

t.test('tells of an invitation as long as it is open', async (t) => {
  const { owner, project } = await team();
  const [invited, other] = [await someone(), await someone()];
  const invite = async ({ username }: Someone) =>
    (await owner.client.post(`${project.path}/invitations`, { username })).json.id;
  const id = await invite(invited);
  const [told] = await listOf(invited);
  t.match(told, { kind: 'invited', actor: { id: owner.id }, task: null, comment_id: null });
  t.match(told?.['project'], { id: project.id, key: project.key, name: 'Website' });
  await invite(invited);
  t.same(await kindsOf(invited), ['invited'], 'replaced with the invitation');
  const second = await invite(invited);
  t.not(second, id);
  await invited.client.post(`/api/v1/me/project-invitations/${second}/accept`);
  t.same(await kindsOf(invited), [], 'accepted');
  await invite(other);
  t.equal(await unreadOf(other), 1);
  await later(15 * DAY, other, owner);
  t.same(await kindsOf(other), [], 'expired');
  t.equal(await unreadOf(other), 0);
  const { json } = await owner.client.post(`${project.path}/invitations`, {
    email: 'nobody@example.net',
  });
  t.ok(json.id);
  t.same(await kindsOf(other), []);
});

t.test('tells of tasks that are due soon, once for each due date', async (t) => {
  const { owner, member, project } = await team();
  const dayOf = (milliseconds: number) =>
    new Date(clock.read().getTime() + milliseconds).toISOString().slice(0, 10);
  const assignee_ids = [owner.id, member.id];
  // Due at the end of the day, less than 24 hours from now.
  const soon = { due_on: dayOf(0), time_zone: 'UTC', assignee_ids };
  const { id } = await createTask(owner, project, soon);
  await createTask(owner, project, { ...soon, due_on: dayOf(2 * DAY) });
  await createTask(owner, project, { ...soon, due_on: dayOf(-2 * DAY) });
  const done = await createTask(owner, project, soon);
  await owner.client.post(`${project.path}/tasks/${done.id}/transition`, { status: 'cancelled' });
  const removed = await createTask(owner, project, soon);
  await owner.client.delete(`${project.path}/tasks/${removed.id}`);
  await run('notify_due_tasks');
  await run('notify_due_tasks');
  for (const who of [owner, member]) {
    const told = await listOf(who, '&kind=due_soon');
    t.match(told, [{ kind: 'due_soon', actor: null, task: { id } }]);
    t.equal(told.length, 1);
  }
  const path = `${project.path}/tasks/${id}`;
  await owner.client.patch(path, { time_zone: 'Etc/GMT+1' });
  await later(HOUR, owner, member);
  await run('notify_due_tasks');
  t.equal((await kindsOf(member, '&kind=due_soon')).length, 2, 'another due date');
  await owner.client.patch(path, { time_zone: 'UTC' });
  await run('notify_due_tasks');
  t.equal((await kindsOf(member, '&kind=due_soon')).length, 2, 'known already');
});

t.test('nothing is told of an archived project, nor to the inactive', async (t) => {
  const { owner, member, viewer, project } = await team();
  const due_on = clock.read().toISOString().slice(0, 10);
  await app.pg.query('update users set is_active = false where id = $1', [member.id]);
  await createTask(owner, project, { due_on, assignee_ids: [member.id, viewer.id] });
  await owner.client.post(`${project.path}/archive`);
  await run('notify_due_tasks');
  const { rows } = await app.pg.query(
    'select kind, user_id from notifications where project_id = $1',
    [project.id],
  );
  t.same(rows, [{ kind: 'assigned', user_id: viewer.id }]);
});

t.test('shows nothing to former members, or of what is in the trash', async (t) => {
  const { owner, member, viewer, project } = await team();
  const task = await createTask(owner, project, { assignee_ids: [member.id, viewer.id] });
  const path = `${project.path}/tasks/${task.id}`;
  const other = await someone();
  await owner.client.post(`${project.path}/invitations`, { username: other.username });
  await owner.client.delete(path);
  t.same([await kindsOf(member), await unreadOf(member)], [[], 0]);
  await owner.client.post(`/api/v1/trash/task/${task.id}/restore`);
  t.same([await kindsOf(member), await unreadOf(member)], [['assigned'], 1], 'is back');
  await owner.client.delete(project.path);
  t.same([await kindsOf(member), await unreadOf(member)], [[], 0]);
  t.same(await kindsOf(other), [], 'no invitation to a deleted project');
  t.same((await mailsTo(member)).length, 0, 'nor a mail');
  await owner.client.post(`/api/v1/trash/project/${project.id}/restore`);
  t.same([await kindsOf(member), await kindsOf(other)], [['assigned'], ['invited']]);

  const [told] = await listOf(viewer);
  await owner.client.delete(`${project.path}/members/${viewer.id}`);
  t.same([await kindsOf(viewer), await unreadOf(viewer)], [[], 0]);
  t.equal((await viewer.client.put(`${NOTIFICATIONS}/${told?.id}/read`)).status, 404);
  await joinProject(project, owner.client, viewer);
  t.same(await kindsOf(viewer), [], 'nothing of before comes back');
  await owner.client.post(`${path}/comments`, { content: 'Text' });
  t.same(await kindsOf(viewer), [], 'does not watch any more');
  await member.client.delete(`${project.path}/members/${member.id}`);
  t.same(await kindsOf(member), [], 'who has left');
});

t.test('filters, pages and marks as read', async (t) => {
  const { owner, member, viewer, project } = await team();
  const second = await createProject(owner.client);
  await joinProject(second, owner.client, member);
  const assignee_ids = [member.id, viewer.id];
  for (let index = 0; index < 3; index += 1) await createTask(owner, project, { assignee_ids });
  const { id } = await createTask(owner, second);
  const content = `@${member.username}`;
  await owner.client.post(`${second.path}/tasks/${id}/comments`, { content });
  const all = await listOf(member);
  const ids = all.map((each) => each.id);
  t.same(
    ids,
    ids.toSorted((one, other) => other - one),
    'newest first',
  );
  t.same(await kindsOf(member, '&kind=mentioned'), ['mentioned']);
  t.equal((await listOf(member, `&project_id=${project.id}`)).length, 3);
  const first = (await member.client.get(`${NOTIFICATIONS}?size=3&cursor=`)).json;
  const next = await member.client.get(`${NOTIFICATIONS}?size=3&cursor=${first.next_cursor}`);
  t.same([...first.items, ...next.json.items], all);
  t.equal((await member.client.get(NOTIFICATIONS)).json.total, 4);

  const [newest, , , oldest] = all;
  const read = `${NOTIFICATIONS}/${newest?.id}/read`;
  clock.advance(MINUTE);
  for (const _ of [1, 2]) t.equal((await member.client.put(read)).status, 204);
  t.equal((await listOf(member))[0]?.['read_at'], clock.read().toISOString());
  clock.advance(MINUTE);
  await member.client.put(read);
  t.not((await listOf(member))[0]?.['read_at'], clock.read().toISOString(), 'stays the same');
  t.equal(await unreadOf(member), 3);
  t.same(await kindsOf(member, '&unread=false'), ['mentioned']);
  t.equal((await listOf(member, '&unread=true')).length, 3);
  for (const _ of [1, 2]) t.equal((await member.client.delete(read)).status, 204);
  t.equal(await unreadOf(member), 4);

  t.equal((await viewer.client.put(read)).status, 404, "somebody else's");
  const foreign = { ids: [newest?.id, oldest?.id, 999_999] };
  t.same((await viewer.client.post(`${NOTIFICATIONS}/read`, foreign)).json, { marked: 0 });
  t.equal(await unreadOf(member), 4);
  t.same((await member.client.post(`${NOTIFICATIONS}/read`, foreign)).json, { marked: 2 });
  t.same((await member.client.post(`${NOTIFICATIONS}/read`, foreign)).json, { marked: 0 });
  const upTo = { up_to_id: all[2]?.id };
  t.same((await member.client.post(`${NOTIFICATIONS}/read`, upTo)).json, { marked: 1 });
  t.same(
    (await listOf(member, '&unread=true')).map((each) => each.id),
    [all[1]?.id],
  );
  t.equal(await unreadOf(viewer), 3);
});

t.test('refuses bad input', async (t) => {
  const { client } = await someone();
  const bodies = [{}, { ids: [] }, { ids: [1], up_to_id: 1 }, { ids: [0] }, { up_to_id: 0 }];
  const many = { ids: Array.from({ length: 101 }, (_, index) => index + 1) };
  for (const body of [...bodies, many, { ids: ['x'] }]) {
    t.equal((await client.post(`${NOTIFICATIONS}/read`, body)).status, 422, JSON.stringify(body));
  }
  for (const query of ['unread=maybe', 'kind=liked', 'project_id=0', 'cursor=x', 'size=101']) {
    t.equal((await client.get(`${NOTIFICATIONS}?${query}`)).status, 422, query);
  }
  t.equal((await client.put(`${NOTIFICATIONS}/99999/read`)).status, 404);
  t.equal((await client.delete(`${NOTIFICATIONS}/99999/read`)).status, 404);
  t.equal((await client.patch(SETTINGS, { assigned: 'pigeon' })).status, 422);
  t.equal((await client.patch(SETTINGS, { language: 'fr' })).status, 422);
});

t.test('settings decide what is told, and how', async (t) => {
  const { owner, member, project } = await team();
  const { client } = member;
  const before = await client.get(SETTINGS);
  t.match(before.json, { assigned: 'mail', moved: 'app', language: 'en', updated_at: null });
  const stored = async () =>
    (
      await app.pg.query('select deliveries from notification_settings where user_id = $1', [
        member.id,
      ])
    ).rows;
  t.same((await client.patch(SETTINGS, { moved: 'app' })).json, before.json, 'as it is');
  t.same(await stored(), []);
  const changed = await client.patch(SETTINGS, { assigned: 'none', moved: 'mail' });
  t.same(changed.json, {
    ...before.json,
    assigned: 'none',
    moved: 'mail',
    updated_at: clock.read().toISOString(),
  });
  t.same((await client.get(SETTINGS)).json, changed.json);
  const stale = { 'if-match': String(before.headers['etag']) };
  t.equal((await client.patch(SETTINGS, { assigned: 'app' }, stale)).status, 412);
  const known = { 'if-none-match': String(changed.headers['etag']) };
  t.equal((await client.get(SETTINGS, known)).status, 304);
  await client.patch(SETTINGS, { moved: 'app' });
  t.same(await stored(), [{ deliveries: { assigned: 'none' } }], 'only what differs');

  const fields = { assignee_ids: [member.id] };
  const { id } = await createTask(owner, project, fields);
  t.same(await kindsOf(member), [], 'no row at all');
  await owner.client.post(`${project.path}/tasks/${id}/transition`, { status: 'in_progress' });
  t.same(await kindsOf(member), ['moved']);
  t.same(await mailsTo(member), [], 'in the app only');
});

t.test('mails at once, in the language of the user', async (t) => {
  const { owner, member, viewer, project } = await team();
  await viewer.client.patch(SETTINGS, { language: 'zh' });
  const assignee_ids = [member.id, viewer.id];
  const summary = 'Fonts {actor}\u2028now';
  await createTask(owner, project, { summary, assignee_ids });
  const number = `${project.key}-1`;
  const [mail, ...others] = (await mailsTo(member)).slice(-1);
  t.same(others, []);
  t.equal(mail?.subject, `${owner.username} assigned you to ${number} "Fonts {actor} now"`);
  t.ok(mail?.text.includes(`\nhttps://app.example.com/projects/${project.key}/tasks/1\n`));
  const [chinese] = (await mailsTo(viewer)).slice(-1);
  t.match(chinese?.subject, /^Reader_\d+ 将 .+“Fonts \{actor\} now” 分配给您$/);
  const invited = await someone();
  await owner.client.post(`${project.path}/invitations`, { username: invited.username });
  const [invitation] = await mailsTo(invited);
  t.equal(invitation?.subject, `${owner.username} invited you to the project "Website"`);
  t.ok(invitation?.text.includes('https://app.example.com/project-invitations\n'));
});

t.test('mails nothing that was read, is gone, or has nowhere to go', async (t) => {
  const { owner, member, viewer, project } = await team();
  const [gone, inactive, unconfirmed] = [await someone(), await someone(), await someone()];
  for (const each of [gone, inactive, unconfirmed]) {
    await joinProject(project, owner.client, each);
  }
  await app.runJobs();
  sent.length = 0;
  await app.pg.query('update users set email_verified_at = null where id = $1', [unconfirmed.id]);
  const people = [member, viewer, gone, inactive, unconfirmed];
  await createTask(owner, project, { assignee_ids: people.map(({ id }) => id) });
  t.equal(await countJobs(app), 4, 'none without a confirmed address');
  t.same(await kindsOf(unconfirmed), ['assigned']);
  const [told] = await listOf(member);
  await member.client.put(`${NOTIFICATIONS}/${told?.id}/read`);
  await app.pg.query('update users set email_verified_at = null where id = $1', [viewer.id]);
  await owner.client.delete(`${project.path}/members/${gone.id}`);
  await app.pg.query('update users set is_active = false where id = $1', [inactive.id]);
  await app.runJobs();
  t.same(sent, []);
  t.equal(await countJobs(app), 0, 'no job failed');
});

t.test('sends a refused mail again, and none twice', async (t) => {
  const { owner, member, project } = await team();
  await app.runJobs();
  sent.length = 0;
  isRefused = true;
  const { id } = await createTask(owner, project, { assignee_ids: [member.id] });
  await app.runJobs();
  isRefused = false;
  t.equal(await countJobs(app), 1, 'waits for the next attempt');
  await makeJobsDue(app);
  t.equal((await mailsTo(member)).length, 1);
  const { rows } = await app.pg.query('select id from notifications where task_id = $1', [id]);
  const payload = { notificationId: rows[0].id, userId: member.id };
  await enqueue(app.db, 'mail_notification', payload);
  t.equal((await mailsTo(member)).length, 1);
});

t.test('mails at most twenty in an hour, the others in the digest', async (t) => {
  const { owner, member, project } = await team();
  await app.runJobs();
  sent.length = 0;
  const create = () => createTask(owner, project, { assignee_ids: [member.id] });
  for (let index = 0; index < 19; index += 1) await create();
  t.equal((await mailsTo(member)).length, 19);
  for (let index = 0; index < 3; index += 1) await create();
  t.equal((await mailsTo(member)).length, 20);
  await later(HOUR + MINUTE, owner);
  await create();
  t.equal((await mailsTo(member)).length, 21, 'in the next hour');
  await run('mail_digests');
  const digest = (await mailsTo(member)).at(-1);
  t.equal(digest?.subject, 'Unread notifications: 2');
  // Mails that have waited for the mail server count by the time at which they are sent.
  await app.pg.query(
    `update notifications set mailed_at = null where user_id = $1 and delivery = 'mail'`,
    [member.id],
  );
  const { rows } = await app.pg.query(
    `select id from notifications where user_id = $1 and delivery = 'mail'`,
    [member.id],
  );
  t.ok(rows.length > 20);
  sent.length = 0;
  for (const { id } of rows) {
    await enqueue(app.db, 'mail_notification', { notificationId: id, userId: member.id });
  }
  t.equal((await mailsTo(member)).length, 19, 'one was sent in this hour already');
});

t.test('repeated invitations do not flood a mailbox', async (t) => {
  const { owner, project } = await team();
  const invited = await someone();
  for (let index = 0; index < 8; index += 1) {
    const { username } = invited;
    await owner.client.post(`${project.path}/invitations`, { username });
    await app.runJobs();
  }
  t.same(await kindsOf(invited), ['invited'], 'each replaces the one before');
  t.equal((await mailsTo(invited)).length, 3);
});

t.test('sends one digest a day of what is unread', async (t) => {
  const { owner, member, viewer, project } = await team();
  await run('mail_digests');
  sent.length = 0;
  const { id } = await createTask(member, project);
  const path = `${project.path}/tasks/${id}/comments`;
  for (let index = 0; index < 3; index += 1) await owner.client.post(path, { content: 'Text' });
  const [newest] = await listOf(member);
  await member.client.put(`${NOTIFICATIONS}/${newest?.id}/read`);
  t.same(await mailsTo(member), [], 'not at once');
  isRefused = true;
  await run('mail_digests');
  isRefused = false;
  await makeJobsDue(app);
  const mails = await mailsTo(member);
  t.equal(mails.length, 1, 'after a first attempt that failed');
  t.equal(mails[0]?.subject, 'Unread notifications: 2');
  const line = `- ${owner.username} commented on ${project.key}-1 "Fonts"`;
  t.ok(mails[0]?.text.startsWith(`${line}\n${line}\n\n`));
  t.ok(mails[0]?.text.includes('https://app.example.com/notifications\n'));
  await later(DAY, owner);
  await run('mail_digests');
  t.equal((await mailsTo(member)).length, 1, 'nothing new');
  t.same(await mailsTo(viewer), []);

  await owner.client.post(path, { content: 'Last' });
  await owner.client.delete(`${project.path}/tasks/${id}`);
  await run('mail_digests');
  t.equal((await mailsTo(member)).length, 1, 'nothing of the trash');
  await owner.client.post(`/api/v1/trash/task/${id}/restore`);
  await app.pg.query(
    `insert into notifications
       (user_id, member_id, kind, project_id, task_id, comment_id, delivery)
     select user_id, member_id, kind, project_id, task_id, comment_id, delivery
     from notifications, generate_series(1, 60)
     where id = (select max(id) from notifications where user_id = $1)`,
    [member.id],
  );
  await run('mail_digests');
  const last = (await mailsTo(member)).at(-1);
  t.equal(last?.subject, 'Unread notifications: 61');
  t.equal(last?.text.match(/^- /gm)?.length, MAX_DIGEST_LINES + 1);
  t.ok(last?.text.includes(`- and ${61 - MAX_DIGEST_LINES} more\n`));
});

t.test('adds no job without a mail server, and mails nothing later', async (t) => {
  const test = await createTestApp(
    t,
    {},
    {
      mailer: {
        available: false,
        async send() {
          throw new MailError('None.');
        },
      },
    },
  );
  const { owner, member, project } = await team(test);
  const { json } = await owner.client.post(`${project.path}/tasks`, {
    summary: 'Fonts',
    assignee_ids: [member.id],
  });
  await owner.client.post(`${project.path}/tasks/${json.id}/comments`, { content: 'Text' });
  t.same(await kindsOf(member), ['commented', 'assigned']);
  t.equal(await countJobs(test.app), 0);
  await run('mail_digests', test);
  t.equal(await countJobs(test.app), 0);
  const { rows } = await test.app.pg.query('select distinct delivery from notifications');
  t.same(rows, [{ delivery: 'app' }]);
});

t.test('leaves mails to the digest while very many jobs wait', async (t) => {
  const { owner, member, project } = await team();
  await app.runJobs();
  await app.pg.query(
    `insert into graphile_worker._private_jobs (task_id, payload, run_at)
     select (select min(id) from graphile_worker._private_tasks), '{}', now() + interval '1 day'
     from generate_series(1, $1::int)`,
    [MAX_JOBS],
  );
  await createTask(owner, project, { assignee_ids: [member.id] });
  t.equal(await countJobs(app), MAX_JOBS);
  const { rows } = await app.pg.query('select delivery from notifications where user_id = $1', [
    member.id,
  ]);
  t.same(rows, [{ delivery: 'digest' }]);
  await app.pg.query('delete from graphile_worker._private_jobs');
});

t.test('a change makes a limited number of notifications, one for each user first', async (t) => {
  const { owner, project } = await team();
  const ids: number[] = [];
  for (let index = 0; index < 100; index += 1) ids.push((await createTask(owner, project)).id);
  await app.pg.query(
    `with made as (
       insert into users (username, username_folded)
       select 'many_' || n, 'many_' || n from generate_series(1, 60) n returning id),
     joined as (
       insert into project_members (project_id, user_id, role)
       select $1, id, 'member' from made returning project_id, user_id)
     select user_id from joined`,
    [project.id],
  );
  await app.pg.query(
    `insert into task_watchers (task_id, project_id, user_id)
     select unnest($2::integer[]), project_id, user_id from project_members
     where project_id = $1 on conflict do nothing`,
    [project.id, ids],
  );
  const body = { ids, changes: {}, status: 'in_progress' };
  const { status, text } = await owner.client.post(`${project.path}/tasks/bulk`, body);
  t.equal(status, 200, text);
  const { rows } = await app.pg.query(
    `select count(*)::int as n, count(distinct user_id)::int as users from notifications
     where project_id = $1 and kind = 'moved'`,
    [project.id],
  );
  t.same(rows, [{ n: MAX_PER_CHANGE, users: 62 }]);
});

t.test('a bulk change tells all with a constant number of statements', async (t) => {
  const { owner, member, viewer, project } = await team();
  const ids: number[] = [];
  for (let index = 0; index < 100; index += 1) ids.push((await createTask(owner, project)).id);
  const tell = /insert into notifications|notification\.created|add_jobs/;
  const told = async (of: number[], assignee_ids: number[]) => {
    const body = { ids: of, changes: { assignee_ids } };
    const statements = await recordStatements(async () => {
      const { status, text } = await owner.client.post(`${project.path}/tasks/bulk`, body);
      t.equal(status, 200, text);
    });
    return statements.filter((text) => tell.test(text)).length;
  };
  const few = await told(ids.slice(0, 2), [viewer.id]);
  const many = await told(ids, [member.id]);
  t.equal(few, many);
  t.ok(few > 0);
  const all = await listOf(member);
  t.equal(all.length, 100);
  t.equal(new Set(all.map(({ task }) => task.id)).size, 100);
  const { rows } = await app.pg.query(
    `select delivery, count(*)::int as n from notifications
     where user_id = $1 and kind = 'assigned' group by delivery order by delivery`,
    [member.id],
  );
  t.match(rows, [
    { delivery: 'digest', n: 80 },
    { delivery: 'mail', n: 20 },
  ]);

  const body = {
    ids: ids.slice(0, 2),
    changes: { assignee_ids: [viewer.id] },
    status: 'in_progress',
  };
  await owner.client.post(`${project.path}/tasks/bulk`, body);
  t.same(
    await kindsOf(viewer),
    ['assigned', 'assigned', 'assigned', 'assigned'],
    'once for a task',
  );
  t.same((await kindsOf(member)).slice(0, 2), ['moved', 'moved'], 'who watched both');

  await app.pg.query(
    `insert into notifications (user_id, member_id, kind, project_id, task_id, delivery, created_at)
     select user_id, member_id, kind, project_id, task_id, 'app', $2 from notifications
     where user_id = $1 limit 100`,
    [member.id, clock.read()],
  );
  const before = (await kindsOf(member)).length;
  await owner.client.post(`${project.path}/tasks/bulk`, {
    ids: ids.slice(2, 4),
    changes: {},
    status: 'in_progress',
  });
  t.equal((await kindsOf(member)).length, before, 'no moves after very many within an hour');
});

t.test('live clients are told at once, and of nothing that they may not see', async (t) => {
  const test = await createTestApp(t);
  const origin = await test.app.listen({ host: '127.0.0.1', port: 0 });
  const { owner, member, viewer, project } = await team(test);
  const open = async (t: Test, { username }: Someone) => {
    const { json } = await test.client().postForm('/api/v1/auth/token', {
      username,
      password: PASSWORD,
    });
    const headers = { authorization: `Bearer ${json.access_token}` };
    const socket = await openLive(`${origin.replace('http', 'ws')}/api/v1/ws`, headers);
    t.teardown(() => socket.close());
    await socket.ask({ type: 'subscribe', topics: ['me'] }, 'subscribed');
    return socket;
  };
  const socket = await open(t, member);
  const others = [await open(t, viewer), await open(t, owner)];
  const task = await createTask(owner, project, { assignee_ids: [member.id] });
  await until(() => socket.events.length === 1);
  const [told] = await listOf(member);
  t.match(socket.events[0], {
    type: 'notification.created',
    topics: ['me'],
    resource: 'notification',
    resource_id: told?.id,
    project_id: project.id,
    version: null,
    changes: told,
  });
  await member.client.put(`${NOTIFICATIONS}/${told?.id}/read`);
  await member.client.delete(`${NOTIFICATIONS}/${told?.id}/read`);
  await until(() => socket.events.length === 3);
  t.match(socket.events.slice(1), [
    { type: 'notification.read', changes: { read_at: test.clock.read().toISOString() } },
    { type: 'notification.unread', changes: { read_at: null } },
  ]);
  const since = socket.events[0].id - 1;
  const replayed = async () => {
    const later = await open(t, member);
    await later.ask({ type: 'unsubscribe', topics: ['me'] }, 'unsubscribed');
    await later.ask({ type: 'subscribe', topics: ['me'], since }, 'subscribed');
    // Comes after what was missed.
    const { json } = await member.client.post('/api/v1/tasks', { summary: 'Last' });
    await until(() => later.events.some(({ resource_id }) => resource_id === json.id));
    later.close();
    const ofNotifications = later.events.filter(({ resource }) => resource === 'notification');
    return ofNotifications.map(({ type }) => type);
  };
  t.equal((await replayed()).length, 3);
  await owner.client.delete(`${project.path}/tasks/${task.id}`);
  t.same(await replayed(), [], 'of a task in the trash');
  await owner.client.post(`/api/v1/trash/task/${task.id}/restore`);
  t.equal((await replayed()).length, 3);
  await owner.client.delete(`${project.path}/members/${member.id}`);
  t.same(await replayed(), [], 'of a project that one has left');
  for (const { events } of others) t.same(events, []);
});

t.test('removes what is old or too much', async (t) => {
  const { owner, member, viewer, project } = await team();
  await createTask(owner, project, { assignee_ids: [member.id, viewer.id] });
  const [told] = await listOf(member);
  await member.client.put(`${NOTIFICATIONS}/${told?.id}/read`);
  const count = async ({ id }: Someone) =>
    (await app.pg.query('select id from notifications where user_id = $1', [id])).rows.length;
  clock.advance(29 * DAY);
  await run('remove_old_notifications');
  t.same([await count(member), await count(viewer)], [1, 1]);
  clock.advance(2 * DAY);
  await run('remove_old_notifications');
  t.same([await count(member), await count(viewer)], [0, 1], 'read 30 days ago');
  await later(150 * DAY, owner);
  await run('remove_old_notifications');
  t.equal(await count(viewer), 0, 'after 180 days');

  await createTask(owner, project, { assignee_ids: [member.id, viewer.id] });
  await app.pg.query(
    `insert into notifications (user_id, member_id, kind, project_id, task_id, delivery, created_at)
     select user_id, member_id, kind, project_id, task_id, delivery, created_at
     from notifications, generate_series(1, $2::int + 1500) where user_id = $1`,
    [member.id, MAX_NOTIFICATIONS],
  );
  const { rows } = await app.pg.query('select max(id) as newest from notifications');
  await run('remove_old_notifications');
  t.same([await count(member), await count(viewer)], [MAX_NOTIFICATIONS, 1]);
  const kept = await app.pg.query('select 1 from notifications where id = $1', [rows[0].newest]);
  t.equal(kept.rows.length, 1, 'the newest');
});

t.test('a deleted user leaves nothing behind but the name of nobody', async (t) => {
  const { owner, member, project } = await team();
  await createTask(owner, project, { assignee_ids: [member.id] });
  await createTask(member, project, { assignee_ids: [owner.id] });
  const admin = await testApp.signedIn({ username: `root_${count}`, role: 'admin' });
  t.equal((await admin.delete(`/api/v1/users/${member.id}`)).status, 204);
  t.match(await listOf(owner), [{ kind: 'assigned', actor: null }]);
  for (const query of [
    'select 1 from notifications where user_id = $1',
    'select 1 from events where user_id = $1',
    `select 1 from graphile_worker.jobs where key like 'user:' || $1 || ':%'`,
  ]) {
    t.same((await app.pg.query(query, [member.id])).rows, [], query);
  }
});
