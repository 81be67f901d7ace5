import t, { type Test } from 'tap';
import { MAX_TASKS_PER_OWNER } from '#schemas/tasks.js';
import { createTestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';

const URL = '/api/v1/tasks';
const TRASH = '/api/v1/trash';

const { app, client, clock, signedIn } = await createTestApp(t);

let count = 0;

/** Signs a new user in, who has no tasks. */
function someone(options: object = {}): Promise<Client> {
  count += 1;
  return signedIn({ username: `owner_${count}`, ...options });
}

/** Creates tasks one second apart, and returns their ids. */
async function created(owner: Client, ...bodies: object[]): Promise<number[]> {
  const ids: number[] = [];
  for (const body of bodies) {
    const { status, json, text } = await owner.post(URL, body);
    if (status !== 201) throw new Error(text);
    ids.push(json.id);
    clock.advance(1000);
  }
  return ids;
}

async function assertListed(t: Test, owner: Client, query: string, summaries: string[]) {
  const { status, json, text } = await owner.get(`${URL}?${query}`);
  t.equal(status, 200, text);
  t.same(
    json.items.map(({ summary }: { summary: string }) => summary),
    summaries,
    query,
  );
}

t.test('creates a task with defaults, and reads it with its entity tag', async (t) => {
  const owner = await someone();
  const reply = await owner.post(URL, { summary: '  Water the plants \n' });
  t.equal(reply.status, 201);
  const now = clock.read().toISOString();
  t.same(reply.json, {
    id: reply.json.id,
    summary: 'Water the plants',
    completed: false,
    priority: 'normal',
    due_on: null,
    completed_at: null,
    created_at: now,
    updated_at: now,
  });
  const { location, etag } = reply.headers;
  const read = await owner.get(String(location));
  t.same(read.json, reply.json);
  t.equal(read.headers['etag'], etag);
  const cached = await owner.get(String(location), { 'if-none-match': String(etag) });
  t.equal(cached.status, 304);

  const done = await owner.post(URL, { summary: 'Done', completed: true, priority: 'urgent' });
  t.match(done.json, { completed: true, completed_at: now, priority: 'urgent' });
});

t.test('refuses an empty or long summary with its own sentences, in two languages', async (t) => {
  const owner = await someone();
  const [id] = await created(owner, { summary: 'Here' });
  const empty = ['Task summary cannot be empty', '任务内容不能为空'];
  const long = ['Summary must be 300 characters or less', '任务内容不能超过300个字符'];
  const refused: [summary: string, sentences: string[]][] = [
    ['', empty],
    [' \t\n\u00a0\u3000 ', empty],
    ['\u200b\u2060', empty],
    ['x'.repeat(301), long],
    ['𝒜'.repeat(301), long],
  ];
  for (const [summary, [english, chinese]] of refused) {
    for (const send of [
      (headers: object) => owner.post(URL, { summary }, headers as Record<string, string>),
      (headers: object) =>
        owner.patch(`${URL}/${id}`, { summary }, headers as Record<string, string>),
    ]) {
      const { status, json } = await send({});
      t.equal(status, 422, JSON.stringify(summary));
      t.same(json.detail, [
        {
          type: 'value_error',
          loc: ['body', 'summary'],
          msg: `Value error, ${english}`,
          input: summary,
          ctx: { error: {} },
        },
      ]);
      const other = await send({ 'accept-language': 'zh-CN' });
      t.ok(other.json.detail[0].msg.includes(chinese), other.json.detail[0].msg);
    }
  }
  for (const summary of [`  ${'x'.repeat(300)}  `, '𝒜'.repeat(300)]) {
    t.equal((await owner.post(URL, { summary })).json.summary, summary.trim());
  }
  t.equal((await owner.post(URL, { summary: 'a\u0000b' })).status, 422);
});

t.test('refuses invalid fields', async (t) => {
  const owner = await someone();
  const refused: [body: object, field: string][] = [
    [{}, 'summary'],
    [{ summary: null }, 'summary'],
    [{ summary: 'x', priority: 'medium' }, 'priority'],
    [{ summary: 'x', priority: null }, 'priority'],
    [{ summary: 'x', due_on: '2026-02-30' }, 'due_on'],
    [{ summary: 'x', due_on: '2026-02-14T10:00:00Z' }, 'due_on'],
    [{ summary: 'x', completed: 'perhaps' }, 'completed'],
  ];
  for (const [body, field] of refused) {
    const { status, json } = await owner.post(URL, body);
    t.equal(status, 422, JSON.stringify(body));
    t.equal(json.detail[0].loc[1], field);
  }
  for (const query of ['priority=medium', 'due_from=soon', 'sort=summary', 'completed=2']) {
    t.equal((await owner.get(`${URL}?${query}`)).status, 422, query);
  }
  const { json } = await owner.post(URL, { summary: 'x', due_on: '2026-02-14T00:00:00Z' });
  t.equal(json.due_on, '2026-02-14', 'midnight is a day, as in FastAPI');
});

t.test('changes only the given fields, and keeps what others have changed', async (t) => {
  const owner = await someone();
  const [id] = await created(owner, { summary: 'Before', due_on: '2026-02-14' });
  const { etag } = (await owner.get(`${URL}/${id}`)).headers;
  const ifMatch = { 'if-match': String(etag) };

  const changed = await owner.patch(`${URL}/${id}`, { priority: 'high' }, ifMatch);
  t.match(changed.json, { summary: 'Before', priority: 'high', due_on: '2026-02-14' });
  for (const send of [
    () => owner.patch(`${URL}/${id}`, { summary: 'Lost' }, ifMatch),
    () => owner.post(`${URL}/${id}/flip`, undefined, ifMatch),
    () => owner.delete(`${URL}/${id}`, ifMatch),
  ]) {
    t.equal((await send()).status, 412);
  }
  const cleared = await owner.patch(`${URL}/${id}`, { due_on: null, completed: true });
  const now = clock.read().toISOString();
  t.match(cleared.json, { summary: 'Before', due_on: null, completed: true, completed_at: now });
  clock.advance(1000);
  const again = await owner.patch(`${URL}/${id}`, { completed: true });
  t.equal(again.json.completed_at, now, 'keeps the time of completion');
});

t.test('flips a task, once under the same Idempotency-Key', async (t) => {
  const owner = await someone();
  const [id] = await created(owner, { summary: 'Flip' });
  const flip = (headers = {}) => owner.post(`${URL}/${id}/flip`, undefined, headers);
  t.match((await flip()).json, { completed: true, completed_at: clock.read().toISOString() });
  t.match((await flip()).json, { completed: false, completed_at: null });
  const key = { 'idempotency-key': 'flip' };
  t.equal((await flip(key)).json.completed, true);
  t.equal((await flip(key)).json.completed, true);
  t.equal((await owner.get(`${URL}/${id}`)).json.completed, true);
  t.equal((await owner.post(`${URL}/999999/flip`)).status, 404);

  const flips = await Promise.all(Array.from({ length: 11 }, () => flip()));
  t.ok(flips.every(({ status }) => status === 200));
  t.equal((await owner.get(`${URL}/${id}`)).json.completed, false, 'none is lost');
});

t.test('filters, searches and sorts', async (t) => {
  const owner = await someone();
  const other = await someone();
  await created(other, { summary: 'Of another', priority: 'high', due_on: '2026-02-10' });
  await created(
    owner,
    { summary: 'One', due_on: '2026-02-10' },
    { summary: 'TWO 50%', priority: 'high', completed: true },
    { summary: 'Straße', priority: 'urgent', due_on: '2026-02-20' },
    { summary: '给植物浇水', priority: 'low' },
  );
  const cases: [query: string, summaries: string[]][] = [
    ['', ['给植物浇水', 'Straße', 'TWO 50%', 'One']],
    ['sort=created_at', ['One', 'TWO 50%', 'Straße', '给植物浇水']],
    ['sort=due_on', ['One', 'Straße', 'TWO 50%', '给植物浇水']],
    ['sort=-due_on', ['给植物浇水', 'TWO 50%', 'Straße', 'One']],
    ['sort=priority', ['给植物浇水', 'One', 'TWO 50%', 'Straße']],
    ['sort=-priority', ['Straße', 'TWO 50%', 'One', '给植物浇水']],
    ['completed=true', ['TWO 50%']],
    ['completed=false&sort=created_at', ['One', 'Straße', '给植物浇水']],
    ['priority=high', ['TWO 50%']],
    ['due_from=2026-02-10&sort=created_at', ['One', 'Straße']],
    ['due_from=2026-02-11', ['Straße']],
    ['due_to=2026-02-10', ['One']],
    ['due_from=2026-02-11&due_to=2026-02-19', []],
    ['q=two', ['TWO 50%']],
    [`q=${encodeURIComponent('%')}`, ['TWO 50%']],
    ['q=_', []],
    [`q=${encodeURIComponent('植物')}`, ['给植物浇水']],
    [`q=${encodeURIComponent('STRASSE')}`, []],
    [`q=${encodeURIComponent('STRAẞE')}`, ['Straße']],
  ];
  for (const [query, summaries] of cases) await assertListed(t, owner, query, summaries);

  for (const sort of ['created_at', '-updated_at', 'due_on', '-due_on', 'priority', '-priority']) {
    const whole = (await owner.get(`${URL}?sort=${sort}&size=100`)).json.items;
    const found: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { json } = await owner.get(`${URL}?sort=${sort}&size=1&cursor=${cursor}`);
      found.push(...json.items);
      cursor = json.next_cursor;
    }
    t.same(found, whole, `by cursor, sorted by ${sort}`);
  }
  const { next_cursor } = (await owner.get(`${URL}?sort=priority&size=1`)).json;
  t.equal((await owner.get(`${URL}?sort=due_on&cursor=${next_cursor}`)).status, 422);
});

t.test('counts and purges completed tasks, only those of the caller', async (t) => {
  const owner = await someone();
  const other = await someone();
  await created(other, { summary: 'Of another', completed: true });
  t.same((await owner.get(`${URL}/stats`)).json, { total: 0, done: 0, pending: 0 });
  const [, , deleted] = await created(
    owner,
    { summary: 'Open' },
    { summary: 'Done', completed: true },
    { summary: 'Deleted', completed: true },
    { summary: 'Done too', completed: true },
  );
  await owner.delete(`${URL}/${deleted}`);
  t.same((await owner.get(`${URL}/stats`)).json, { total: 3, done: 2, pending: 1 });
  t.same((await owner.post(`${URL}/purge-completed`)).json, { removed: 2 });
  t.same((await owner.post(`${URL}/purge-completed`)).json, { removed: 0 });
  await assertListed(t, owner, '', ['Open']);
  t.equal((await owner.get(`${TRASH}?kind=task`)).json.total, 1, 'the trash keeps its tasks');
  t.same((await other.get(`${URL}/stats`)).json, { total: 1, done: 1, pending: 0 });
});

t.test('moves a task to the trash, and back', async (t) => {
  const owner = await someone({ role: 'guest' });
  const editor = await someone({ role: 'admin' });
  const [id] = await created(owner, { summary: 'Gone', priority: 'high' });
  t.equal((await owner.delete(`${URL}/${id}`)).status, 204);
  for (const send of [
    () => owner.get(`${URL}/${id}`),
    () => owner.delete(`${URL}/${id}`),
    () => owner.post(`${URL}/${id}/flip`),
    () => owner.patch(`${URL}/${id}`, { summary: 'x' }),
  ]) {
    t.equal((await send()).status, 404);
  }
  await assertListed(t, owner, '', []);
  const [item] = (await owner.get(`${TRASH}?kind=task`)).json.items;
  t.match(item, { kind: 'task', id, title: 'Gone', author: { username: `owner_${count - 1}` } });
  t.equal((await editor.get(`${TRASH}?kind=task`)).json.total, 0, 'editors see none of others');
  t.equal((await editor.post(`${TRASH}/task/${id}/restore`)).status, 404);
  t.equal((await editor.delete(`${TRASH}/task/${id}`)).status, 404);

  t.equal((await owner.post(`${TRASH}/task/${id}/restore`)).status, 204);
  t.match((await owner.get(`${URL}/${id}`)).json, { summary: 'Gone', priority: 'high' });
  await owner.delete(`${URL}/${id}`);
  t.equal((await owner.delete(`${TRASH}/task/${id}`)).status, 204);
  t.equal((await owner.post(`${TRASH}/task/${id}/restore`)).status, 404);
  t.equal((await owner.delete(`${TRASH}/post/1`)).status, 403, 'guests have no posts');
});

t.test('the tasks of others are not found, by administrators either', async (t) => {
  const owner = await someone();
  const [id] = await created(owner, { summary: 'Secret plan' });
  const admin = await someone({ role: 'admin' });
  for (const [caller, status] of [
    [admin, 404],
    [client(), 401],
  ] as const) {
    for (const send of [
      () => caller.get(`${URL}/${id}`),
      () => caller.patch(`${URL}/${id}`, { summary: 'x' }),
      () => caller.post(`${URL}/${id}/flip`),
      () => caller.delete(`${URL}/${id}`),
    ]) {
      t.equal((await send()).status, status);
    }
  }
  await owner.patch(`${URL}/${id}`, { summary: 'Secret plan, again', priority: 'low' });
  await owner.delete(`${URL}/${id}`);
  const log = await admin.get('/api/v1/audit?resource=task');
  t.match(
    log.json.items.slice(0, 3).map(({ action }: { action: string }) => action),
    ['task.delete', 'task.change', 'task.create'],
  );
  t.notMatch(log.text, 'Secret plan', 'the audit log names no summary');
});

t.test('bounds the tasks of an owner, including the trash', async (t) => {
  const owner = await someone();
  const [id] = await created(owner, { summary: 'First' });
  await app.pg.query(
    `insert into tasks (owner_id, summary, searched_summary)
     select owner_id, 'n', 'n' from tasks, generate_series(1, $2::int) where id = $1`,
    [id, MAX_TASKS_PER_OWNER - 2],
  );
  await owner.delete(`${URL}/${id}`);
  const both = await Promise.all([1, 2].map(() => owner.post(URL, { summary: 'Last' })));
  t.same(both.map(({ status }) => status).sort(), [201, 409]);
  const refused = both.find(({ status }) => status === 409);
  t.equal(refused?.json.code, 'too_many_tasks');
  await owner.delete(`${TRASH}/task/${id}`);
  t.equal((await owner.post(URL, { summary: 'Room' })).status, 201);
});

t.test('the tasks of a deleted user are deleted', async (t) => {
  const { id } = (await (await someone()).get('/api/v1/me')).json;
  await app.pg.query(
    `insert into tasks (owner_id, summary, searched_summary) values ($1, 'n', 'n')`,
    [id],
  );
  const admin = await someone({ role: 'admin' });
  t.equal((await admin.delete(`/api/v1/users/${id}`)).status, 204);
  const { rows } = await app.pg.query('select from tasks where owner_id = $1', [id]);
  t.equal(rows.length, 0);
});
