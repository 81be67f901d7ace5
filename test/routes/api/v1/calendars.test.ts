import ICAL from 'ical.js';
import t, { type Test } from 'tap';
import {
  CALENDAR_PAST_DAYS,
  MAX_CALENDAR_DESCRIPTION,
  MAX_CALENDAR_TASKS,
} from '#schemas/calendars.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { keyOf } from '#test/support/credentials.js';
import { recordLog } from '#test/support/log.js';
import { createProject, joinProject } from '#test/support/projects.js';
import { recordStatements } from '#test/support/statements.js';

const MINE = '/api/v1/me/calendar.ics';
const TOKEN = '/api/v1/me/calendar-token';
const DAY_MS = 24 * 60 * 60 * 1000;

const log = recordLog();
const testApp = await createTestApp(
  t,
  { CLIENT_URL: 'https://tasks.example/app/', LOG_LEVEL: 'trace' },
  { logger: log.logger },
);
const { app, client, clock, signedIn } = testApp;
let count = 0;

async function someone() {
  count += 1;
  const username = `planner_${count}`;
  const client = await signedIn({ username, email: `${username}@example.com` });
  return { client, username, id: (await client.get('/api/v1/me')).json.id as number };
}

async function team() {
  const [owner, member] = [await someone(), await someone()];
  const project = await createProject(owner.client);
  await joinProject(project, owner.client, member);
  const { id } = (await owner.client.get(project.path)).json as { id: number };
  return { owner, member, project, id, calendar: `${project.path}/calendar.ics` };
}

/** Returns the day that is some days after today. */
const day = (days: number) =>
  new Date(clock.read().getTime() + days * DAY_MS).toISOString().slice(0, 10);

async function create(client: Client, path: string, fields: object) {
  const { status, json, text } = await client.post(path, fields);
  if (status !== 201) throw new Error(`${path} was answered ${status} ${text}`);
  return json as { id: number; number: number };
}

/** Parses a calendar with a library that did not write it. */
function eventsOf(text: string): ICAL.Component[] {
  const calendar = new ICAL.Component(ICAL.parse(text));
  if (calendar.name !== 'vcalendar') throw new Error('It is no calendar');
  return calendar.getAllSubcomponents('vevent');
}

const value = (event: ICAL.Component | undefined, name: string) =>
  event?.getFirstPropertyValue(name)?.toString() ?? null;

const summaries = (text: string) => eventsOf(text).map((event) => value(event, 'summary'));

async function newToken(client: Client): Promise<string> {
  return (await client.post(TOKEN)).json.token;
}

t.test('has the tasks with a due date as whole days', async (t) => {
  const { owner, member, project, calendar } = await team();
  const task = await create(owner.client, `${project.path}/tasks`, {
    summary: 'Compare, the; fonts\\',
    description: 'At most *two*.\n\n- A & B\n- <kbd>C</kbd>',
    start_on: day(-2),
    due_on: day(3),
    priority: 'urgent',
    assignee_ids: [owner.id],
  });
  await create(owner.client, `${project.path}/tasks`, { summary: 'Not due' });
  await create(owner.client, `${project.path}/tasks`, { summary: 'Of nobody', due_on: day(1) });
  const own = await create(owner.client, '/api/v1/tasks', { summary: 'Mine', due_on: day(0) });
  await create(owner.client, '/api/v1/tasks', {
    summary: 'Mine, done',
    due_on: day(0),
    completed: true,
  });
  const reply = await owner.client.get(MINE);
  t.equal(reply.headers['content-type'], 'text/calendar; charset=utf-8');
  t.equal(reply.headers['cache-control'], 'private, no-cache');
  t.equal(reply.headers['referrer-policy'], 'no-referrer');
  const [first, second, ...others] = eventsOf(reply.text);
  t.same(others, []);
  t.equal(value(first, 'summary'), 'Mine', 'the nearest first');
  t.equal(value(first, 'dtstart'), day(0));
  t.equal(value(first, 'dtend'), day(1), 'the end is exclusive');
  t.equal(value(first, 'url'), `https://tasks.example/app/tasks/${own.id}`);
  t.equal(value(second, 'summary'), `${project.key}-1 Compare, the; fonts\\`);
  t.match(value(second, 'uid'), new RegExp(`^task-${task.id}@[0-9a-f-]{36}$`));
  t.equal(value(second, 'dtstart'), day(-2));
  t.equal(value(second, 'dtend'), day(4));
  t.equal(value(second, 'priority'), '1');
  t.equal(value(second, 'transp'), 'TRANSPARENT');
  t.equal(value(second, 'sequence'), '1');
  t.match(value(second, 'description'), /^At most {1,2}two {1,2}\.\s+A & B\s+C$/);
  t.equal(value(second, 'url'), `https://tasks.example/app/projects/${project.key}/tasks/1`);
  t.match(reply.text, /\r\nDTSTART;VALUE=DATE:\d{8}\r\n/);
  for (const line of reply.text.split('\r\n')) t.ok(Buffer.byteLength(line) <= 75, line);
  t.same(summaries((await member.client.get(calendar)).text), [
    `${project.key}-3 Of nobody`,
    `${project.key}-1 Compare, the; fonts\\`,
  ]);
  t.same(summaries((await member.client.get(MINE)).text), []);
});

t.test('leaves out what is done, deleted, archived or too old', async (t) => {
  const { owner, project, calendar } = await team();
  const me = owner.client;
  const tasks = `${project.path}/tasks`;
  const due = { assignee_ids: [owner.id] };
  const make = (summary: string, due_on: string) => create(me, tasks, { ...due, summary, due_on });
  const cancelled = await make('cancelled', day(1));
  const deleted = await make('deleted', day(1));
  await make('oldest', day(-CALENDAR_PAST_DAYS));
  await make('too old', day(-CALENDAR_PAST_DAYS - 1));
  await make('last', '9999-12-30');
  await create(me, '/api/v1/tasks', { summary: 'Beyond', due_on: '9999-12-31' });
  await me.post(`${tasks}/${cancelled.id}/transition`, { status: 'cancelled' });
  await me.delete(`${tasks}/${deleted.id}`);
  const expected = [`${project.key}-3 oldest`, `${project.key}-5 last`];
  t.same(summaries((await me.get(calendar)).text), expected);
  t.same(summaries((await me.get(MINE)).text), expected);
  await me.post(`${project.path}/archive`);
  t.same(summaries((await me.get(MINE)).text), [], 'archived');
  t.same(summaries((await me.get(calendar)).text), expected, 'but readable');
  await me.post(`${project.path}/unarchive`);
  await me.delete(project.path);
  t.same(summaries((await me.get(MINE)).text), []);
  t.equal((await me.get(calendar)).status, 404);
});

t.test('answers 304 without reading texts until something changes', async (t) => {
  const { owner, project, calendar } = await team();
  const me = owner.client;
  const fields = { summary: 'Dig', due_on: day(1), assignee_ids: [owner.id] };
  const { id } = await create(me, `${project.path}/tasks`, fields);
  for (const url of [MINE, calendar]) {
    const first = await me.get(url);
    const known = { 'if-none-match': String(first.headers['etag']) };
    const statements = await recordStatements(async () => {
      const again = await me.get(url, known);
      t.equal(again.status, 304, url);
      t.equal(again.text, '');
    });
    t.notOk(
      statements.some((text) => text.includes('description_html')),
      'no text is read',
    );
    clock.advance(1000);
    t.equal((await me.get(url)).text, first.text, 'the same tasks make the same text');
    await me.patch(`${project.path}/tasks/${id}`, { estimate: url.length });
    const changed = await me.get(url, known);
    t.equal(changed.status, 200);
    t.equal(value(eventsOf(changed.text)[0], 'sequence'), url === MINE ? '2' : '3');
    const renamed = { 'if-none-match': String(changed.headers['etag']) };
    await me.patch(project.path, { key: `${project.key}${url === MINE ? 'A' : 'B'}` });
    t.equal((await me.get(url, renamed)).status, 200, 'the key is part of the summary');
  }
});

t.test('no text breaks out of its line', async (t) => {
  const { owner, project, calendar } = await team();
  const end = 'END:VEVENT\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR';
  const breaks = ['\r\n', '\n', '\r', '\u0085', '\u2028', '\u2029', '\u000b', '\u000c', '\\n'];
  const hostile = [
    ...breaks.map((each) => `a${each}END:VEVENT${each}X-EVIL:1`),
    `${end}\u0001\u0007\u001b\u007f`,
    '";:,\\;\\\\n\\',
    `${'字'.repeat(120)}🎉${'x'.repeat(100)}`,
  ];
  for (const text of hostile) {
    const body = {
      summary: text,
      description: `${text}\n\n\`\`\`\n${text}\n\`\`\``,
      due_on: day(1),
    };
    await create(owner.client, `${project.path}/tasks`, body);
  }
  await app.pg.query(
    `update projects set name = E'Web\\r\\nEND:VCALENDAR\\u2028X-EVIL:1' where key = $1`,
    [project.key],
  );
  const { text } = await owner.client.get(calendar);
  const events = eventsOf(text);
  t.equal(events.length, hostile.length);
  t.same(
    events.map((event) => event.getAllProperties().map(({ name }) => name)),
    hostile.map(() => events[0]?.getAllProperties().map(({ name }) => name)),
    'each has the same properties',
  );
  t.equal(text.split('BEGIN:VEVENT').length - 1, hostile.length);
  t.notMatch(text.replaceAll('\r\n', ''), /[\p{Cc}\u2028\u2029]/u);
  for (const line of text.split(/\r\n|[\n\r\u0085\u2028\u2029]/))
    t.notMatch(line, /^(X-EVIL|END:VCALENDAR.)/);
  t.ok(text.endsWith('END:VCALENDAR\r\n'), 'the last line ends as all others');
  t.equal(value(events.at(-1), 'summary'), `${project.key}-${hostile.length} ${hostile.at(-1)}`);
  t.equal(
    value(events.at(-2), 'summary'),
    `${project.key}-${hostile.length - 1} ${hostile.at(-2)}`,
  );
});

t.test('bounds what a calendar contains', async (t) => {
  const { owner, id, calendar } = await team();
  await app.pg.query(
    `insert into tasks (project_id, number, summary, searched_summary, status, position, time_zone,
       due_on, due_at, description, description_html)
     select $1, n, 'Task ' || n, 'x', 'todo', 'a', 'UTC', $2::date + n, $2::date + n, 'x',
       '<p>' || repeat('y&amp;', 10000) || '</p>'
     from generate_series(1, 1200) as n`,
    [id, day(-60)],
  );
  const { text } = await owner.client.get(calendar);
  const events = eventsOf(text);
  t.equal(events.length, MAX_CALENDAR_TASKS);
  t.match(value(events[0], 'summary'), /-60 Task 60$/, 'nearest first');
  const lengths = events.map((event) => value(event, 'description')?.length ?? 0);
  t.equal(lengths[0], MAX_CALENDAR_DESCRIPTION);
  t.match(value(events[0], 'description'), /^(y&)+$/);
  t.equal(lengths.at(-1), 0, 'together they have a limit, too');
  t.ok(Buffer.byteLength(text) < 1_500_000, `${Buffer.byteLength(text)} bytes`);
  const own = `insert into tasks (owner_id, summary, searched_summary, due_on)
    values ($1, 'x', 'x', '0001-01-01')`;
  await app.pg.query(own, [owner.id]);
  t.same(summaries((await owner.client.get(MINE)).text), []);
});

t.test('a credential reads what it may', async (t) => {
  const { owner, member, project, calendar } = await team();
  const due = { due_on: day(1), assignee_ids: [owner.id] };
  await create(owner.client, `${project.path}/tasks`, { ...due, summary: 'Shared' });
  await create(owner.client, '/api/v1/tasks', { summary: 'Own', due_on: day(2) });
  const anyone = client();
  for (const url of [MINE, calendar]) {
    const { status, headers, json } = await anyone.get(url);
    t.match({ status, json }, { status: 401, json: { code: 'not_authenticated' } });
    t.match(headers['www-authenticate'], /Bearer/);
  }
  const stranger = await someone();
  t.equal((await stranger.client.get(calendar)).status, 404);
  const by = async (...scopes: Parameters<typeof keyOf>[2]) =>
    anyone.get(MINE, await keyOf(testApp, owner.id, scopes));
  t.same(summaries((await by('projects:read')).text), [`${project.key}-1 Shared`]);
  t.equal(summaries((await by('projects:read', 'tasks:read')).text).length, 2);
  t.equal((await by('tasks:read')).status, 403);

  const token = await newToken(owner.client);
  t.equal(summaries((await anyone.get(`${MINE}?token=${token}`)).text).length, 2);
  t.equal(summaries((await anyone.get(`${calendar}?token=${token}`)).text).length, 1);
  const mixed = await stranger.client.get(`${calendar}?token=${token}`);
  t.equal(mixed.status, 200, 'the token takes the place of the cookie');
  const strangers = await newToken(stranger.client);
  t.equal((await owner.client.get(`${calendar}?token=${strangers}`)).status, 404);
  const members = await newToken(member.client);
  t.equal((await anyone.get(`${calendar}?token=${members}`)).status, 200);
  await owner.client.delete(`${project.path}/members/${member.id}`);
  t.equal((await anyone.get(`${calendar}?token=${members}`)).status, 404, 'no longer a member');
  for (const url of ['/api/v1/me', '/api/v1/me/tasks', project.path, TOKEN]) {
    t.equal((await anyone.get(`${url}?token=${token}`)).status, 401, `${url} takes no such token`);
    const bearer = { authorization: `Bearer ${token}` };
    t.equal((await anyone.get(url, bearer)).status, 401, url);
    t.equal((await anyone.get(url, { 'x-api-key': token })).status, 401, url);
  }
});

t.test('a token is created, renewed, used and revoked', async (t) => {
  const { client: me, id, username } = await someone();
  const nothing = { exists: false, created_at: null, last_used_at: null };
  t.same((await me.get(TOKEN)).json, nothing);
  const created = await me.post(TOKEN);
  t.equal(created.status, 201);
  const { token, my_calendar_url, project_calendar_url } = created.json;
  t.match(token, /^[\w-]{43}$/);
  t.match(my_calendar_url, new RegExp(`^http://[^/]+${MINE}\\?token=${token}$`));
  t.match(
    project_calendar_url,
    new RegExp(`/api/v1/projects/\\{id\\}/calendar.ics\\?token=${token}$`),
  );
  t.equal(created.headers['cache-control'], 'no-store');
  const at = (time: Date) => time.toISOString();
  const since = clock.read();
  t.same((await me.get(TOKEN)).json, { exists: true, created_at: at(since), last_used_at: null });
  const read = () => client().get(`${MINE}?token=${token}`);
  const used = async () =>
    (await app.pg.query('select last_used_at from calendar_tokens where user_id = $1', [id]))
      .rows[0].last_used_at;
  t.equal((await read()).status, 200);
  t.equal(await used(), at(since));
  clock.advance(59 * 60 * 1000);
  const statements = await recordStatements(async () => void (await read()));
  t.notOk(
    statements.some((text) => text.startsWith('update')),
    'the use is written once an hour',
  );
  t.equal(await used(), at(since));
  clock.advance(60 * 1000);
  await read();
  t.equal(await used(), at(clock.read()));
  await me.signIn(username, PASSWORD);
  t.equal((await me.get(TOKEN)).json.last_used_at, at(clock.read()));

  const renewed = await newToken(me);
  t.not(renewed, token);
  t.equal(await used(), null);
  t.match((await read()).json, { code: 'invalid_token' }, 'the former one ends');
  t.equal((await client().get(`${MINE}?token=${renewed}`)).status, 200);
  t.equal((await me.delete(TOKEN)).status, 204);
  t.equal((await client().get(`${MINE}?token=${renewed}`)).status, 401);
  t.same((await me.get(TOKEN)).json, nothing);
  t.equal((await me.delete(TOKEN)).status, 204, 'again');
  const { rows } = await app.pg.query(
    `select action, before, after from audit_log where actor_id = $1 and resource = 'calendar_token'
     order by id`,
    [id],
  );
  t.same(
    rows,
    ['create', 'create', 'delete'].map((action) => ({
      action: `calendar_token.${action}`,
      before: null,
      after: null,
    })),
  );
  const headers = await keyOf(testApp, id, ['me:read', 'me:write', 'projects:read']);
  t.equal((await client().get(TOKEN, headers)).status, 403, 'no key reads it');
});

t.test('a token ends with the account, and as API keys do', async (t) => {
  const { client: me, id } = await someone();
  const token = await newToken(me);
  const status = async (of = token) => (await client().get(`${MINE}?token=${of}`)).status;
  const passwords = { new_password: `${PASSWORD}x`, confirm_password: `${PASSWORD}x` };
  const change = (body: object) => me.post('/api/v1/auth/change-password', body);
  t.equal((await change({ current_password: PASSWORD, ...passwords })).status, 200);
  t.equal(await status(), 200, 'stays with a change of the password');
  const back = { new_password: PASSWORD, confirm_password: PASSWORD, delete_api_keys: true };
  t.equal((await change({ current_password: `${PASSWORD}x`, ...back })).status, 200);
  t.equal(await status(), 401, 'unless it deletes the API keys');
  const next = await newToken(me);
  await app.pg.query('update users set is_active = false where id = $1', [id]);
  t.match((await client().get(`${MINE}?token=${next}`)).json, { code: 'user_unavailable' });
  await app.pg.query('update users set is_active = true where id = $1', [id]);
  t.equal(await status(next), 200);
  await app.pg.query('delete from users where id = $1', [id]);
  t.equal(await status(next), 401);
});

t.test('wrong tokens are throttled; the right one is not', async (t) => {
  const { client: me } = await someone();
  const token = await newToken(me);
  const statuses = new Set<number>();
  for (let n = 0; n < 40; n += 1) {
    statuses.add((await client().get(`${MINE}?token=${'x'.repeat(42)}${n % 10}`)).status);
  }
  t.same([...statuses], [401, 429]);
  const refused = await client().get(`${MINE}?token=wrong`);
  t.match(refused.json, { code: 'too_many_attempts' });
  t.ok(Number(refused.headers['retry-after']) >= 1);
  t.equal((await client().get(`${MINE}?token=${token}`)).status, 200);
});

t.test('the secret is in no log, error, table or event', async (t) => {
  const { owner, calendar } = await team();
  const token = await newToken(owner.client);
  const long = `${token}${'x'.repeat(200)}`;
  const replies = [
    await client().get(`${MINE}?token=${token}`),
    await client().get(`${calendar}?token=${token}`),
    await client().get(`/api/v1/projects/x/calendar.ics?token=${token}`),
    await client().get(`${MINE}?token=${long}`),
    await client().get(`${MINE}?TOKEN=${token}&token=${token}&token=${token}`),
    await client().get(`/api/v1/nowhere?token=${token}`),
    await client().post(`${MINE}?token=${token}`),
    await client().get(`${MINE}/?token=${token}`),
  ];
  t.same(replies.map(({ status }) => status).slice(0, 4), [200, 200, 422, 422]);
  for (const { text, headers } of replies) {
    t.notOk(text.includes(token), text.slice(0, 200));
    t.notOk(JSON.stringify(headers).includes(token));
  }
  const lines = log.lines.map((line) => JSON.stringify(line));
  t.ok(lines.some((line) => line.includes(MINE) && line.includes('token=[redacted]')));
  t.same(
    lines.filter((line) => line.includes(token)),
    [],
  );
  await assertStoredNowhere(t, token);
});

async function assertStoredNowhere(t: Test, secret: string): Promise<void> {
  for (const table of ['audit_log', 'events', 'idempotency_keys', 'throttles', 'calendar_tokens']) {
    const { rows } = await app.pg.query(
      `select count(*)::integer as n from ${table} as row where row::text like '%' || $1 || '%'`,
      [secret],
    );
    t.equal(rows[0].n, 0, table);
  }
}
