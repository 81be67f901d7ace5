import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { startDatabaseProxy } from '#test/support/database-proxy.js';
import { LiveSocket, openLive } from '#test/support/live.js';
import { createProject, joinProject } from '#test/support/projects.js';
import { until } from '#test/support/waiting.js';

const POSTS = '/api/v1/posts';
const TASKS = '/api/v1/tasks';
const COOKIE = 'althing_session';

const testApp = await createTestApp(t);
const { app, client, clock, signedIn, createUser } = testApp;
const origin = await app.listen({ host: '127.0.0.1', port: 0 });
const url = `${origin.replace('http', 'ws')}/api/v1/ws`;
const stranger = client();
let count = 0;

async function someone(options: { role?: 'guest' | 'author' | 'editor' | 'admin' } = {}) {
  count += 1;
  const username = `live_${count}`;
  const client = await signedIn({ username, ...options });
  return { client, username, id: (await client.get('/api/v1/me')).json.id };
}

const cookieOf = (client: Client) => ({
  cookie: `${COOKIE}=${encodeURIComponent(client.cookie(COOKIE) ?? '')}`,
});

async function tokenOf(username: string): Promise<string> {
  const form = new URLSearchParams({ username, password: PASSWORD });
  const reply = await fetch(`${origin}/api/v1/auth/token`, { method: 'POST', body: form });
  return ((await reply.json()) as { access_token: string }).access_token;
}

/** Opens a WebSocket with subscriptions. */
async function listening(
  t: Test,
  topics: string[],
  { headers = {}, ...more }: { headers?: Record<string, string>; [field: string]: unknown } = {},
): Promise<LiveSocket> {
  const socket = await openLive(url, headers);
  t.teardown(() => socket.close());
  const answer = await socket.ask({ type: 'subscribe', topics, ...more }, 'subscribed');
  t.equal(answer.type, 'subscribed', JSON.stringify(answer));
  return socket;
}

/** Waits for the events of everything before. */
async function settled(...sockets: LiveSocket[]): Promise<void> {
  for (const socket of sockets) {
    const { id } = (
      await editor.client.post(POSTS, { title: 'Mark', content: 'x', status: 'published' })
    ).json;
    await socket.ask({ type: 'subscribe', topics: ['posts'] }, 'subscribed');
    const mark = (await editor.client.patch(`${POSTS}/${id}`, { title: `Mark ${id}` })).json;
    await until(() => socket.events.some((event) => event.changes.title === mark.title));
  }
}

const editor = await someone({ role: 'editor' });

t.test("delivers each change of one's own tasks, so that a client can apply it", async (t) => {
  const owner = await someone();
  const other = await someone();
  const mine = await listening(t, ['me'], { headers: cookieOf(owner.client) });
  const theirs = await listening(t, ['me'], { headers: cookieOf(other.client) });
  t.match(mine.messages[0], { type: 'ready', username: owner.username });

  const { json: task } = await owner.client.post(TASKS, { summary: 'Live' });
  const { json: changed } = await owner.client.patch(`${TASKS}/${task.id}`, { priority: 'high' });
  await owner.client.delete(`${TASKS}/${task.id}`);
  await owner.client.post(`/api/v1/trash/task/${task.id}/restore`);
  await owner.client.patch(`${TASKS}/${task.id}`, { completed: true });
  await owner.client.post(`${TASKS}/purge-completed`);
  await until(() => mine.events.length === 6);
  t.same(
    mine.events.map(({ type }) => type),
    [
      'task.created',
      'task.changed',
      'task.deleted',
      'task.restored',
      'task.changed',
      'task.purged',
    ],
  );
  const [created, first, deleted, restored, , purged] = mine.events;
  t.same(created.changes, task);
  t.match(created, {
    topics: ['me'],
    resource: 'task',
    resource_id: task.id,
    project_id: null,
    version: 1,
    at: clock.read().toISOString(),
    actor: { id: owner.id, username: owner.username },
    omitted: [],
    client_id: null,
  });
  t.same(
    Object.keys(first.changes),
    ['priority'].concat(task.updated_at === changed.updated_at ? [] : ['updated_at']),
  );
  t.equal(first.version, 2);
  t.same([deleted.changes, deleted.version], [{}, null]);
  t.match(restored.changes, { summary: 'Live', priority: 'high' });
  t.same(purged.changes, {});
  const ids = mine.events.map(({ id }) => id);
  t.same(
    ids,
    [...ids].sort((one, other) => one - other),
  );
  await settled(theirs);
  t.same(
    theirs.events.filter(({ resource }) => resource === 'task'),
    [],
  );
});

t.test('shows posts to those who may read them, at that moment', async (t) => {
  const author = await someone();
  const anyone = await listening(t, ['posts']);
  const own = await listening(t, ['posts'], { headers: cookieOf(author.client) });
  const byEditor = await listening(t, ['posts'], { headers: cookieOf(editor.client) });
  const typesOf = (socket: LiveSocket, id: number) =>
    socket.events.filter((event) => event.resource_id === id).map(({ type }) => type);

  const { id } = (await author.client.post(POSTS, { title: 'Draft', content: 'secret' })).json;
  await author.client.patch(`${POSTS}/${id}`, { title: 'Draft two' });
  await author.client.post(`${POSTS}/${id}/publish`);
  await settled(anyone);
  await author.client.post(`${POSTS}/${id}/unpublish`);
  await author.client.patch(`${POSTS}/${id}`, { title: 'Draft three', content: 'x'.repeat(5000) });
  await author.client.delete(`${POSTS}/${id}`);
  await settled(anyone, own, byEditor);

  t.same(typesOf(anyone, id), ['post.published', 'post.unpublished']);
  const all = [
    'post.created',
    'post.changed',
    'post.published',
    'post.unpublished',
    'post.changed',
    'post.changed',
    'post.deleted',
  ];
  t.same(typesOf(own, id), all);
  t.same(typesOf(byEditor, id), all);
  const published = anyone.events.find(
    ({ type, resource_id }) => type === 'post.published' && resource_id === id,
  );
  t.match(published.changes, { title: 'Draft two', content: 'secret', status: 'published' });
  t.notOk('search' in published.changes || 'version' in published.changes);
  const long = own.events.filter(({ resource_id }) => resource_id === id).at(-2);
  t.equal(long.changes.title, 'Draft three');
  t.ok(
    long.omitted.includes('content') && !('content' in long.changes),
    'names what it leaves out',
  );
});

t.test('shows comments of a post to those who may read them', async (t) => {
  const author = await someone();
  const { id } = (
    await editor.client.post(POSTS, { title: 'Commented', content: 'x', status: 'published' })
  ).json;
  const anyone = await listening(t, [`post:${id}`]);
  const own = await listening(t, [`post:${id}`], { headers: cookieOf(author.client) });
  const { json: comment } = await author.client.post(`${POSTS}/${id}/comments`, {
    content: 'Hello',
  });
  // What is no longer visible when it is delivered is not shown.
  const seen = (count: number) => until(() => anyone.events.length === count);
  await editor.client.post(`/api/v1/comments/${comment.id}/approve`);
  await seen(1);
  await author.client.patch(`/api/v1/comments/${comment.id}`, { content: 'Edited' });
  await seen(2);
  await editor.client.post('/api/v1/comments/moderate', {
    action: 'approve',
    comments: [{ id: comment.id, version: 3 }],
  });
  await seen(3);
  await editor.client.delete(`/api/v1/comments/${comment.id}`);
  await seen(4);
  await settled(anyone, own);
  const typesOf = (socket: LiveSocket) =>
    socket.events.flatMap(({ resource, type }) => (resource === 'comment' ? [type] : []));
  t.same(typesOf(anyone), [
    'comment.approved',
    'comment.hidden',
    'comment.approved',
    'comment.deleted',
  ]);
  t.same(typesOf(own), [
    'comment.created',
    'comment.approved',
    'comment.hidden',
    'comment.changed',
    'comment.approved',
    'comment.deleted',
  ]);
  const approved = anyone.events.find(({ type }) => type === 'comment.approved');
  t.match(approved.changes, { content: 'Hello', is_approved: true });
});

t.test('leaves out the echoes of a client that names itself', async (t) => {
  const owner = await someone();
  const headers = cookieOf(owner.client);
  const own = await listening(t, ['me'], { headers, client_id: 'tab-1' });
  const tab = await listening(t, ['me'], { headers, client_id: 'tab-2' });
  await owner.client.post(TASKS, { summary: 'One' }, { 'x-client-id': 'tab-1' });
  await owner.client.post(TASKS, { summary: 'Two' }, { 'x-client-id': 'no such/name' });
  await until(() => tab.events.length === 2);
  t.same(
    tab.events.map(({ client_id }) => client_id),
    ['tab-1', null],
  );
  await until(() => own.events.length === 1);
  t.equal(own.events[0].changes.summary, 'Two');
});

t.test('sends what a client has missed, once and in order', async (t) => {
  const owner = await someone();
  const headers = cookieOf(owner.client);
  const first = await listening(t, ['me'], { headers });
  for (let n = 1; n <= 5; n += 1) await owner.client.post(TASKS, { summary: `Task ${n}` });
  await until(() => first.events.length === 5);
  first.close();
  for (let n = 6; n <= 9; n += 1) await owner.client.post(TASKS, { summary: `Task ${n}` });
  const since = first.events[2].id;
  const second = await listening(t, ['me'], { headers, since });
  await owner.client.post(TASKS, { summary: 'Task 10' });
  await until(() => second.events.length === 7);
  t.same(
    second.events.map(({ changes }) => changes.summary),
    [4, 5, 6, 7, 8, 9, 10].map((n) => `Task ${n}`),
  );
  const ahead = await listening(t, ['me'], { headers, since: Number.MAX_SAFE_INTEGER });
  await owner.client.post(TASKS, { summary: 'Task 11' });
  await until(() => second.events.length === 8);
  await ahead.ask({ type: 'ping' }, 'pong');
  t.same(ahead.events, [], 'a client that is ahead gets nothing twice');
});

t.test('says so if it can no longer send what was missed', async (t) => {
  const owner = await someone();
  const headers = cookieOf(owner.client);
  const [{ id: last } = { id: 0 }] = (await app.pg.query('select max(id) as id from events')).rows;
  await owner.client.post(TASKS, { summary: 'Gone' });
  await app.pg.query('update event_removals set removed_through = $1', [last]);
  const socket = await openLive(url, headers);
  t.teardown(() => socket.close());
  await socket.ask({ type: 'subscribe', topics: ['me'], since: 0 }, 'subscribed');
  const { position } = await socket.next('resync');
  await owner.client.post(TASKS, { summary: 'After' });
  await until(() => socket.events.length > 0);
  t.same(
    socket.events.map(({ changes }) => changes.summary),
    ['After'],
  );
  t.ok(socket.events[0].id > position);
  await app.pg.query('update event_removals set removed_through = 0');
});

t.test(
  'authenticates by a token in a message, and by no other means than the origin allows',
  async (t) => {
    const owner = await someone();
    const socket = await openLive(url);
    t.teardown(() => socket.close());
    t.equal(socket.messages[0].username, null);
    t.match(await socket.ask({ type: 'subscribe', topics: ['me'] }, 'subscribed'), {
      type: 'error',
      code: 'not_authenticated',
    });
    t.match(await socket.ask({ type: 'sign_in', token: 'forged' }, 'ready'), {
      type: 'error',
      code: 'invalid_token',
    });
    const token = await tokenOf(owner.username);
    t.match(await socket.ask({ type: 'sign_in', token }, 'ready'), { username: owner.username });
    t.match(await socket.ask({ type: 'sign_in', token }, 'ready'), { username: owner.username });
    const another = await tokenOf((await someone()).username);
    t.match(await socket.ask({ type: 'sign_in', token: another }, 'ready'), {
      code: 'already_signed_in',
    });
    t.equal(
      (await socket.ask({ type: 'subscribe', topics: ['me'] }, 'subscribed')).type,
      'subscribed',
    );

    const refused = new LiveSocket(url, {
      ...cookieOf(owner.client),
      origin: 'https://evil.example',
    });
    const [, response] = await once(refused.socket, 'unexpected-response');
    t.equal(response.statusCode, 403);
    response.resume();
    const same = await openLive(url, { ...cookieOf(owner.client), origin });
    t.equal(same.messages[0].username, owner.username);
    same.close();
  },
);

t.test('answers every kind of wrong message, and goes on', async (t) => {
  const socket = await openLive(url);
  t.teardown(() => socket.close());
  const wrong: [message: object | string, detail: object][] = [
    ['', { type: 'json_invalid' }],
    ['{"type":', { type: 'json_invalid' }],
    ['[1]', { type: 'model_attributes_type' }],
    [{}, { type: 'union_tag_not_found' }],
    [{ type: 'shout' }, { type: 'union_tag_invalid' }],
    [{ type: 'subscribe' }, { type: 'missing' }],
    [{ type: 'subscribe', topics: [] }, { type: 'too_short' }],
    [{ type: 'subscribe', topics: ['everything'] }, { type: 'string_pattern_mismatch' }],
    [{ type: 'subscribe', topics: ['post:0'] }, { type: 'string_pattern_mismatch' }],
    [{ type: 'subscribe', topics: ['project:01'] }, { type: 'string_pattern_mismatch' }],
    [{ type: 'subscribe', topics: ['task:12345678901'] }, { type: 'string_pattern_mismatch' }],
    [{ type: 'subscribe', topics: ['user:1'] }, { type: 'string_pattern_mismatch' }],
    [{ type: 'subscribe', topics: Array(101).fill('posts') }, { type: 'too_long' }],
    [{ type: 'subscribe', topics: ['posts'], since: -1 }, { type: 'greater_than_equal' }],
    [
      { type: 'subscribe', topics: ['posts'], client_id: '<>' },
      { type: 'string_pattern_mismatch' },
    ],
    [{ type: 'sign_in' }, { type: 'missing' }],
    ['{"type":"subscribe","topics":9007199254740993}', { type: 'list_type' }],
    ['9007199254740993', { type: 'model_attributes_type' }],
    ['{"type":9007199254740993}', { type: 'union_tag_invalid' }],
    ['{"type":"subscribe","topics":["posts"],"since":1e400}', { type: 'finite_number' }],
  ];
  for (const [message, detail] of wrong) {
    const answer = await socket.ask(message, 'ready');
    t.equal(answer.code, 'invalid_message', JSON.stringify(message));
    t.match(answer.detail[0], detail, JSON.stringify(message));
  }
  const secret = await socket.ask({ type: 'sign_in', token: ['s3cret'] }, 'ready');
  t.notMatch(JSON.stringify(secret), 's3cret');
  t.equal((await socket.ask('['.repeat(50_000), 'ready')).code, 'unparsable_body');
  t.equal((await socket.ask({ type: 'ping' }, 'pong')).type, 'pong');
  const { topics } = await socket.ask({ type: 'unsubscribe', topics: ['posts'] }, 'unsubscribed');
  t.same(topics, ['posts']);
  const longest = ['post', 'project', 'task'].map((kind) => `${kind}:2147483647`);
  const subscribed = await socket.ask({ type: 'subscribe', topics: longest }, 'subscribed');
  t.same(subscribed.topics, longest);

  const codeFor = async (message: string | Buffer) => {
    const other = await openLive(url);
    other.socket.send(message);
    return (await other.closed).code;
  };
  t.equal(await codeFor(Buffer.from('{}')), 1003);
  t.equal(await codeFor('x'.repeat(70_000)), 1009);
  const flood = await openLive(url);
  for (let n = 0; n < 300; n += 1) flood.socket.send('{"type":"ping"}');
  t.equal((await flood.closed).code, 1008);
});

t.test('bounds subscriptions, and connections of a user', async (t) => {
  const owner = await someone();
  const socket = await openLive(url, cookieOf(owner.client));
  const topics = Array.from({ length: 100 }, (_, index) => `post:${index + 1}`);
  await socket.ask({ type: 'subscribe', topics }, 'subscribed');
  await socket.ask({ type: 'subscribe', topics }, 'subscribed');
  t.match(await socket.ask({ type: 'subscribe', topics: ['me'] }, 'subscribed'), {
    code: 'too_many_subscriptions',
  });
  const others = await Promise.all(
    Array.from({ length: 19 }, () => openLive(url, cookieOf(owner.client))),
  );
  const refused = new LiveSocket(url, cookieOf(owner.client));
  t.equal((await refused.closed).code, 1013);
  const stream = await fetch(`${origin}/api/v1/events?topics=posts`, {
    headers: cookieOf(owner.client),
  });
  t.equal(stream.status, 429);
  t.equal(((await stream.json()) as { code: string }).code, 'too_many_live');
  for (const each of [socket, ...others]) each.close();
  await Promise.all([socket, ...others].map(({ closed }) => closed));
  const again = await openLive(url, cookieOf(owner.client));
  again.close();
});

t.test('ends a connection with its session, and follows a change of rights', async (t) => {
  const owner = await someone({ role: 'editor' });
  const headers = cookieOf(owner.client);
  const socket = await listening(t, ['me', 'posts'], { headers });
  const author = await someone();
  const draft = async (title: string) =>
    (await author.client.post(POSTS, { title, content: 'x' })).json.id;
  const before = await draft('Seen');
  await until(() =>
    socket.events.some(
      ({ resource_id, type }) => type === 'post.created' && resource_id === before,
    ),
  );

  const admin = await someone({ role: 'admin' });
  await admin.client.put(`/api/v1/users/${owner.id}/role`, { role: 'author' });
  // The notification of the change takes a moment.
  let hidden = await draft('Hidden');
  for (let shown = true; shown; ) {
    hidden = await draft('Hidden');
    await settled(socket);
    shown = socket.events.some(
      ({ resource, resource_id }) => resource === 'post' && resource_id === hidden,
    );
  }
  const after = await draft('Hidden');
  await settled(socket);
  t.notOk(
    socket.events.some(({ resource, resource_id }) => resource === 'post' && resource_id === after),
  );

  await owner.client.post('/api/v1/auth/logout');
  t.equal((await socket.closed).code, 3000);
});

t.test('streams server-sent events, and goes on after the last one', async (t) => {
  const owner = await someone();
  const headers = cookieOf(owner.client);
  async function open(more: Record<string, string> = {}, query = 'topics=me') {
    const leaving = new AbortController();
    const reply = await fetch(`${origin}/api/v1/events?${query}`, {
      headers: { ...headers, ...more },
      signal: leaving.signal,
    });
    t.match(reply.headers.get('content-type'), /^text\/event-stream/);
    t.equal(reply.headers.get('x-accel-buffering'), 'no');
    let text = '';
    const reading = (async () => {
      for await (const chunk of reply.body ?? []) text += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    const blocks = () => text.split('\n\n').filter((block) => /^(?:id|event|retry): /.test(block));
    await until(() => blocks().length > 0);
    return { blocks, reading, leave: () => leaving.abort() };
  }
  const dataOf = (block = '') => JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null');
  const idOf = (block = '') => Number(/^id: (\d+)$/m.exec(block)?.[1]);

  const first = await open();
  t.match(first.blocks()[0], /^retry: 2000\nevent: subscribed\nid: \d+\ndata: /);
  await owner.client.post(TASKS, { summary: 'One' });
  await until(() => first.blocks().length === 2);
  t.equal(dataOf(first.blocks()[1]).changes.summary, 'One');
  t.equal(dataOf(first.blocks()[1]).id, idOf(first.blocks()[1]));
  first.leave();
  await owner.client.post(TASKS, { summary: 'Two' });

  const second = await open({ 'last-event-id': String(idOf(first.blocks()[1])) });
  await owner.client.post(TASKS, { summary: 'Three' });
  await until(() => second.blocks().length === 3);
  t.same(
    second
      .blocks()
      .slice(1)
      .map((block) => dataOf(block).changes.summary),
    ['Two', 'Three'],
  );
  await owner.client.post('/api/v1/auth/logout');
  await second.reading;

  for (const [query, status] of [
    ['', 422],
    ['topics=all', 422],
    ['topics=posts&since=-1', 422],
    ['topics=me', 401],
  ] as const) {
    t.equal((await stranger.get(`/api/v1/events?${query}`)).status, status, query);
  }
});

/** Opens a stream of server-sent events. */
async function openStream(query: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const reply = await fetch(`${origin}/api/v1/events?${query}`, {
    headers,
    signal: leaving.signal,
  });
  let text = '';
  const ended = (async () => {
    for await (const chunk of reply.body ?? []) text += Buffer.from(chunk).toString();
  })().catch(() => undefined);
  const blocks = () => text.split('\n\n').slice(0, -1);
  const events = () =>
    blocks().flatMap((block) => {
      const data = /^id: \d+\ndata: (.*)$/.exec(block)?.[1];
      return data === undefined ? [] : [JSON.parse(data)];
    });
  return { status: reply.status, blocks, events, ended, leave: () => leaving.abort() };
}

/** Inserts public events without changes. */
async function insertEvents(count: number, topic: string): Promise<void> {
  await app.pg.query(
    `insert into events (type, topics, resource_id, is_public, changes)
     select 'post.deleted', array[$1], n, true, '{}' from generate_series(1, $2::integer) n`,
    [topic, count],
  );
}

async function lastId(): Promise<number> {
  return (await app.pg.query('select coalesce(max(id), 0)::float8 as id from events')).rows[0].id;
}

t.test('sends large replays and bursts to clients that read, whole and in order', async (t) => {
  const { id: postId } = (
    await editor.client.post(POSTS, { title: 'Large', content: 'x', status: 'published' })
  ).json;
  const topic = `post:${postId}`;
  const since = await lastId();
  const count = 900;
  await app.pg.query(
    `insert into events (type, topics, resource_id, version, is_public, changes)
     select 'post.changed', array[$1], $3, (select version from posts where id = $3), true,
       jsonb_build_object('summary', repeat('x', 4000), 'title', n::text)
     from generate_series(1, $2::integer) n`,
    [topic, count, postId],
  );
  const numbers = Array.from({ length: count }, (_, index) => String(index + 1));
  const titles = (events: { changes: { title: string } }[]) =>
    events.map(({ changes }) => changes.title);
  // The connections that exist make the feed read it as a burst, and keep some of it.
  const socket = await listening(t, [topic], { since });
  await until(() => socket.events.length >= count);
  t.same(titles(socket.events), numbers);
  const stream = await openStream(`topics=${topic}&since=${since}`);
  await until(() => stream.events().length >= count);
  t.same(titles(stream.events()), numbers);
  t.match(stream.blocks()[0], `id: ${since}\n`, 'a lost connection begins there again');

  await app.pg.query(
    `insert into events (type, topics, resource_id, version, is_public, changes)
     select type, topics, resource_id, version, is_public, changes from events
     where topics = array[$1] order by id`,
    [topic],
  );
  await until(() => socket.events.length >= 2 * count && stream.events().length >= 2 * count);
  t.same(titles(socket.events), [...numbers, ...numbers]);
  t.same(titles(stream.events()), [...numbers, ...numbers]);
  stream.leave();
});

t.test('says so if a client has missed too much', async (t) => {
  const since = await lastId();
  await insertEvents(10_001, 'post:2000000000');
  const socket = await openLive(url);
  t.teardown(() => socket.close());
  await socket.ask({ type: 'subscribe', topics: ['post:2000000000'], since }, 'subscribed');
  await socket.next('resync');
  t.same(socket.events, []);
  // Those of others do not count.
  const other = await openLive(url);
  t.teardown(() => other.close());
  await other.ask({ type: 'subscribe', topics: ['post:1999999999'], since }, 'subscribed');
  await other.ask({ type: 'ping' }, 'pong');
  t.notOk(other.messages.some(({ type }) => type === 'resync'));
  for (let n = 0; n < 30; n += 1) {
    await other.ask({ type: 'unsubscribe', topics: ['post:1999999999'] }, 'unsubscribed');
    const answer = await other.ask(
      { type: 'subscribe', topics: ['post:1999999999'], since: since + 10_001 },
      'subscribed',
    );
    if (answer.type === 'error') {
      t.equal(answer.code, 'too_many_requests');
      return;
    }
  }
  t.fail('bounds replays');
});

t.test('adds a topic that overlaps another, without losing what was missed of it', async (t) => {
  const { id } = (
    await editor.client.post(POSTS, { title: 'Both', content: 'x', status: 'published' })
  ).json;
  const since = await lastId();
  await editor.client.patch(`${POSTS}/${id}`, { title: 'Both, changed' });
  const socket = await listening(t, ['posts']);
  await socket.ask({ type: 'subscribe', topics: [`post:${id}`], since }, 'subscribed');
  await until(() => socket.events.length > 0);
  await editor.client.patch(`${POSTS}/${id}`, { title: 'Both, again' });
  await until(() => socket.events.length > 1);
  await settled(socket);
  t.same(
    socket.events.flatMap((each) => (each.resource_id === id ? [each.changes.title] : [])),
    ['Both, changed', 'Both, again'],
  );
});

t.test('the name of a client means nothing to other users', async (t) => {
  const other = await someone();
  const socket = await listening(t, ['posts'], {
    headers: cookieOf(other.client),
    client_id: 'tab-1',
  });
  const post = { title: 'Named', content: 'x', status: 'published' };
  await editor.client.post(POSTS, post, { 'x-client-id': 'tab-1' });
  await until(() => socket.events.some(({ changes }) => changes.title === 'Named'));
});

t.test('a replay shows nothing that its reader could not read now', async (t) => {
  const author = await someone();
  const since = await lastId();
  const post = { title: 'Replayed', content: 'SECRET-1', status: 'published' };
  const { id } = (await author.client.post(POSTS, post)).json;
  const away = (await author.client.post(POSTS, { ...post, title: 'Away', content: 'SECRET-2' }))
    .json.id;
  await author.client.patch(`${POSTS}/${id}`, { content: 'Public' });
  await author.client.post(`${POSTS}/${away}/unpublish`);
  const texts: string[] = [];
  for (const keep of [false, true]) {
    // Once from the database, once from memory.
    const other = keep ? await listening(t, ['posts']) : null;
    if (keep) await settled(other as LiveSocket);
    const socket = await listening(t, ['posts'], { since });
    await until(() => socket.events.some(({ changes }) => changes.content === 'Public'));
    texts.push(JSON.stringify(socket.messages));
    const created = socket.events.find(
      ({ type, resource_id }) => type === 'post.created' && resource_id === id,
    );
    t.match(created, { changes: {} });
    t.ok(created.omitted.includes('content'));
  }
  for (const text of texts) t.notMatch(text, /SECRET/);
  const own = await listening(t, ['posts'], { headers: cookieOf(author.client), since });
  await until(() => own.events.some(({ type }) => type === 'post.unpublished'));
  t.match(JSON.stringify(own.messages), /SECRET-1.*SECRET-2/);
});

t.test('a deleted user is named nowhere', async (t) => {
  const author = await someone();
  const since = await lastId();
  const post = { title: 'Orphan', content: 'x', status: 'published' };
  await author.client.post(POSTS, post);
  await author.client.post(TASKS, { summary: 'Private words' });
  const admin = await someone({ role: 'admin' });
  t.equal((await admin.client.delete(`/api/v1/users/${author.id}`)).status, 204);
  const socket = await listening(t, ['posts'], { since });
  await until(() => socket.events.some(({ type }) => type === 'post.created'));
  t.match(
    socket.events.find(({ type }) => type === 'post.created'),
    { actor: null, changes: {} },
  );
  t.notMatch(JSON.stringify(socket.messages), author.username);
  const own = await listening(t, ['posts'], { headers: cookieOf(editor.client), since });
  await until(() => own.events.some(({ changes }) => changes.title === 'Orphan'));
  t.match(
    own.events.find(({ changes }) => changes.title === 'Orphan'),
    { actor: null, changes: { author: null } },
  );
  const { rows } = await app.pg.query('select events::text as row from events where id > $1', [
    since,
  ]);
  const stored = rows.map(({ row }) => row).join();
  t.notMatch(stored, author.username);
  t.notMatch(stored, 'Private words');
});

t.test('ends with the token, the key, or the user', async (t) => {
  const owner = await someone();
  const admin = await someone({ role: 'admin' });
  const token = await openLive(url, { authorization: `Bearer ${await tokenOf(owner.username)}` });
  clock.advance(3601 * 1000);
  app.live.checkSoon();
  t.equal((await token.closed).code, 3000, 'an access token expires');

  async function keyed(scopes: string[]) {
    const body = { name: 'live', scopes, current_password: PASSWORD };
    const { id, key } = (await owner.client.post('/api/v1/me/api-keys', body)).json;
    return { id, headers: { authorization: `Bearer ${key}` } };
  }
  await owner.client.signIn(owner.username, PASSWORD);
  const narrow = await keyed(['live:read']);
  const wide = await keyed(['live:read', 'tasks:read']);
  const none = await keyed(['tasks:read']);
  const refused = new LiveSocket(url, none.headers);
  const [, response] = await once(refused.socket, 'unexpected-response');
  t.equal(response.statusCode, 403);
  response.resume();
  const [blind, seeing] = [
    await listening(t, ['me'], { headers: narrow.headers }),
    await listening(t, ['me'], { headers: wide.headers }),
  ];
  await owner.client.post(TASKS, { summary: 'For keys' });
  await until(() => seeing.events.length === 1);
  await blind.ask({ type: 'ping' }, 'pong');
  t.same(blind.events, [], 'a key without the scope sees no tasks');
  await owner.client.delete(`/api/v1/me/api-keys/${wide.id}`);
  t.equal((await seeing.closed).code, 3000, 'a key is deleted');

  await admin.client.signIn(`live_${count}`, PASSWORD);
  await admin.client.patch(`/api/v1/users/${owner.id}`, { is_active: false });
  t.equal((await blind.closed).code, 3000, 'a user is deactivated');
});

t.test('forgets clients that have left, at any moment', async () => {
  const { port } = new URL(origin);
  // The clients of the tests before may still be closing.
  await until(() => app.live.clientCount === 0);
  for (let n = 0; n < 60; n += 1) {
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `GET /api/v1/events?topics=posts&since=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
    );
    await sleep(n % 6);
    socket.resetAndDestroy();
  }
  await until(() => app.live.clientCount === 0);
});

t.test('goes on after the database was gone, and hides no hole', async (t) => {
  const owner = await someone();
  const headers = cookieOf(owner.client);
  const socket = await listening(t, ['me'], { headers });
  await owner.client.post(TASKS, { summary: 'Before' });
  await until(() => socket.events.length === 1);
  await app.pg.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await until(async () => (await owner.client.post(TASKS, { summary: 'After' })).status === 201);
  await until(() => socket.events.some(({ changes }) => changes.summary === 'After'));

  await app.pg.query('alter table event_removals rename to away');
  const other = await openLive(url, headers);
  t.teardown(() => other.close());
  await other.ask({ type: 'subscribe', topics: ['me'], since: 1 }, 'subscribed');
  await other.next('resync');
  await app.pg.query('alter table away rename to event_removals');
  await owner.client.post(TASKS, { summary: 'Healed' });
  await until(() => other.events.some(({ changes }) => changes.summary === 'Healed'));
});

t.test('closes a client that never reads, and goes on for the others', async (t) => {
  const owner = await someone();
  const slow = await openLive(url, cookieOf(owner.client));
  await slow.ask({ type: 'subscribe', topics: ['me'] }, 'subscribed');
  const quick = await listening(t, ['me'], { headers: cookieOf(owner.client) });
  slow.socket.pause();
  await app.pg.query(
    `insert into events (type, topics, resource_id, version, is_public, user_id, changes)
     select 'task.changed', array[$1], 1, 1, false, $2, jsonb_build_object('summary', repeat('x', 4000))
     from generate_series(1, 3000)`,
    [`user:${owner.id}`, owner.id],
  );
  await until(() => quick.events.length >= 3000);
  slow.socket.resume();
  // It is told that it has missed some, once it reads again.
  await slow.next('resync');
  t.ok(slow.events.length < 3000);
  slow.close();
});

t.test('someone removed from a project hears nothing more, not even what waits', async (t) => {
  const [owner, member] = [await someone({ role: 'author' }), await someone()];
  const project = await createProject(owner.client);
  await joinProject(project, owner.client, member);
  const topics = [`project:${project.id}`, 'me'];
  const since = await lastId();
  const slow = await listening(t, topics, { headers: cookieOf(member.client) });
  const quick = await listening(t, topics, { headers: cookieOf(owner.client) });
  const replayed = await openLive(url, cookieOf(member.client));
  t.teardown(() => replayed.close());
  slow.socket.pause();
  replayed.socket.pause();
  // More than the sockets of both sides hold, so that some events wait.
  await app.pg.query(
    `insert into events (type, topics, resource_id, version, is_public, project_id, changes)
     select 'project.changed', array[$1], $2, 1, false, $2,
       jsonb_build_object('description', repeat('x', 9000))
     from generate_series(1, 900) n`,
    [topics[0], project.id],
  );
  replayed.socket.send(JSON.stringify({ type: 'subscribe', topics, since }));
  await until(() => quick.events.length >= 900);
  await sleep(500);
  const gone = await owner.client.delete(`${project.path}/members/${member.id}`);
  t.equal(gone.status, 204);
  for (const socket of [slow, replayed]) socket.socket.resume();
  await member.client.post(TASKS, { summary: 'My own' });
  for (const socket of [slow, replayed]) {
    await until(() => socket.events.some(({ changes }) => changes.summary === 'My own'));
    const seen = socket.events.filter(({ project_id }) => project_id === project.id);
    t.ok(seen.length > 0 && seen.length < 900, `${seen.length} were on their way`);
    t.notOk(seen.some(({ type }) => type === 'project.member_removed'));
  }
  const removal = quick.events.find(({ type }) => type === 'project.member_removed');
  t.match(removal, { changes: { user: { id: member.id }, role: null } });
  const path = `${project.path}/tasks`;
  await owner.client.post(path, { summary: 'Later' });
  await until(() => quick.events.some(({ changes }) => changes.summary === 'Later'));
  const again = await openLive(url, cookieOf(member.client));
  t.teardown(() => again.close());
  await again.ask({ type: 'subscribe', topics, since }, 'subscribed');
  await until(() => again.events.some(({ changes }) => changes.summary === 'My own'));
  t.notOk(
    again.events.some(({ project_id }) => project_id === project.id),
    'nor in a replay',
  );
});

t.test('nothing of what is in the trash is shown, and members are named right', async (t) => {
  const [owner, member] = [await someone({ role: 'author' }), await someone()];
  const project = await createProject(owner.client, { description: 'A secret' });
  const since = await lastId();
  await joinProject(project, owner.client, member);
  const topics = [`project:${project.id}`];
  const path = `${project.path}/tasks`;
  const { id } = (await owner.client.post(path, { summary: 'Secret task' })).json;
  await owner.client.delete(`${path}/${id}`);
  const replay = async () => {
    const socket = await listening(t, topics, { headers: cookieOf(member.client), since });
    const position = await lastId();
    await until(async () => (await socket.ask({ type: 'ping' }, 'pong')).position >= position);
    return socket.events;
  };
  const events = await replay();
  const added = events.find(({ type }) => type === 'project.member_added');
  t.match(added.changes, { role: 'member', user: { id: member.id } });
  t.notOk('id' in added.changes, 'the id would be that of the user');
  const created = events.find(({ type }) => type === 'task.created');
  t.same(created.changes, {}, 'a deleted task is not shown');
  t.ok(created.omitted.includes('summary'));
  await owner.client.delete(project.path);
  const later = await replay();
  t.notMatch(JSON.stringify(later), /Secret|secret/);
  t.ok(later.some(({ type }) => type === 'project.deleted'));
});

t.test('a topic that a slow client adds is in order, too', async (t) => {
  const owner = await someone();
  const since = await lastId();
  const topic = 'post:1999999998';
  await insertEvents(1500, topic);
  const socket = await listening(t, ['me'], { headers: cookieOf(owner.client) });
  socket.socket.pause();
  // More than the sockets of both sides hold, so that some events wait.
  await app.pg.query(
    `insert into events (type, topics, resource_id, version, is_public, user_id, changes)
     select 'task.changed', array[$1], n, 1, false, $2, jsonb_build_object('summary', repeat('x', 9000))
     from generate_series(1, 900) n`,
    [`user:${owner.id}`, owner.id],
  );
  await sleep(1500);
  socket.socket.send(JSON.stringify({ type: 'subscribe', topics: [topic], since }));
  await sleep(200);
  await insertEvents(5, topic);
  await sleep(1500);
  socket.socket.resume();
  const of = (resource: string) => socket.events.filter((event) => event.resource === resource);
  await until(() => of('post').length >= 1505 && of('task').length >= 900);
  for (const [resource, count] of [
    ['post', 1505],
    ['task', 900],
  ] as const) {
    const ids = of(resource).map(({ id }) => id);
    t.equal(new Set(ids).size, count, `${resource}: each once`);
    t.same(
      ids,
      [...ids].sort((one, other) => one - other),
      `${resource}: in order`,
    );
  }
});

t.test('HEAD and a limited stream end by themselves', async (t) => {
  const head = await stranger.request({ method: 'HEAD', url: '/api/v1/events?topics=posts' });
  t.equal(head.status, 200);
  t.match(head.headers['content-type'], /^text\/event-stream/);
  const mine = await stranger.request({ method: 'HEAD', url: '/api/v1/events?topics=me' });
  t.equal(mine.status, 401);
  const stream = await openStream('topics=posts&max_seconds=0');
  await stream.ended;
  t.equal(stream.blocks().length, 1);
});

t.test('says how to connect', async (t) => {
  const { json } = await stranger.get('/api/v1/ws');
  t.match(json, { max_message_bytes: 65_536, max_topics: 100, position: Number });
  t.match(json.url, /^ws:\/\/.*\/api\/v1\/ws$/);
});

t.test(
  'a process delivers the changes of another, and ends its connections when it stops',
  async (t) => {
    const other = await createTestApp(t, {}, { databaseUrl: testApp.databaseUrl });
    const otherOrigin = await other.app.listen({ host: '127.0.0.1', port: 0 });
    await createUser({ username: 'far_away' });
    const token = await tokenOf('far_away');
    const socket = await openLive(`${otherOrigin.replace('http', 'ws')}/api/v1/ws`, {
      authorization: `Bearer ${token}`,
    });
    await socket.ask({ type: 'subscribe', topics: ['me'] }, 'subscribed');
    const anyone = client().withHeaders({ authorization: `Bearer ${token}` });
    for (let n = 0; n < 20; n += 1) await anyone.post(TASKS, { summary: `Task ${n}` });
    await until(() => socket.events.length === 20);
    t.same(
      socket.events.map(({ changes }) => changes.summary),
      Array.from({ length: 20 }, (_, n) => `Task ${n}`),
    );
    await other.app.close();
    t.equal((await socket.closed).code, 1001);
  },
);

t.test('delivers what no notification announces, as behind a pooler', async (t) => {
  const proxy = await startDatabaseProxy(t, testApp.databaseUrl);
  proxy.isDeaf = true;
  const other = await createTestApp(t, {}, { databaseUrl: proxy.url });
  const otherOrigin = await other.app.listen({ host: '127.0.0.1', port: 0 });
  await createUser({ username: 'pooled' });
  const token = await tokenOf('pooled');
  const socket = await openLive(`${otherOrigin.replace('http', 'ws')}/api/v1/ws`, {
    authorization: `Bearer ${token}`,
  });
  t.teardown(() => socket.close());
  await socket.ask({ type: 'subscribe', topics: ['me'] }, 'subscribed');
  const anyone = client().withHeaders({ authorization: `Bearer ${token}` });
  for (let n = 0; n < 5; n += 1) await anyone.post(TASKS, { summary: `Task ${n}` });
  await until(() => socket.events.length === 5);
  t.same(
    socket.events.map(({ changes }) => changes.summary),
    [0, 1, 2, 3, 4].map((n) => `Task ${n}`),
  );
});
