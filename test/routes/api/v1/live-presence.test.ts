import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createTestApp, PASSWORD, type TestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { startDatabaseProxy } from '#test/support/database-proxy.js';
import { LiveSocket, openLive } from '#test/support/live.js';
import { createProject, joinProject } from '#test/support/projects.js';
import { until } from '#test/support/waiting.js';

const COOKIE = 'althing_session';

const one = await createTestApp(t);
const two = await createTestApp(t, {}, { databaseUrl: one.databaseUrl });
const { app, signedIn } = one;
const [url, otherUrl] = [await listen(one), await listen(two)] as const;
let count = 0;

async function listen({ app }: TestApp): Promise<string> {
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  return `${origin.replace('http', 'ws')}/api/v1/ws`;
}

interface Person {
  client: Client;
  username: string;
  id: number;
}

async function someone(): Promise<Person> {
  count += 1;
  const username = `viewer_${String(count).padStart(3, '0')}`;
  const client = await signedIn({ username, role: 'author' });
  return { client, username, id: (await client.get('/api/v1/me')).json.id };
}

/** A project of two members, with a task. */
async function board() {
  const [owner, member] = [await someone(), await someone()];
  const project = await createProject(owner.client);
  await joinProject(project, owner.client, member);
  const { id } = (await owner.client.post(`${project.path}/tasks`, { summary: 'Task' })).json;
  return { owner, member, project, topic: `project:${project.id}`, task: `task:${id}`, taskId: id };
}

const cookieOf = (client: Client) => ({
  cookie: `${COOKIE}=${encodeURIComponent(client.cookie(COOKIE) ?? '')}`,
});

async function open(t: Test, { client }: Person, at = url): Promise<LiveSocket> {
  const socket = await openLive(at, cookieOf(client));
  t.teardown(() => socket.socket.terminate());
  return socket;
}

async function watching(t: Test, person: Person, topics: string[], at = url): Promise<LiveSocket> {
  const socket = await open(t, person, at);
  await socket.ask({ type: 'subscribe', topics }, 'subscribed');
  return socket;
}

const look = (socket: LiveSocket, topic: string | null) =>
  socket.ask({ type: 'look', topic }, 'looking');

const listsOf = ({ messages }: LiveSocket, topic: string) =>
  messages.filter((each) => each.type === 'presence' && each.topic === topic);

/** The usernames in the last list of a topic; null if there is none. */
function namesIn(socket: LiveSocket, topic: string): string[] | null {
  const list = listsOf(socket, topic).at(-1);
  return list === undefined ? null : list.users.map((user: Person) => user.username);
}

/** Waits until the last list has these users. */
async function shows(socket: LiveSocket, topic: string, ...people: Person[]): Promise<void> {
  const wanted = people.map(({ username }) => username).join();
  await until(() => namesIn(socket, topic)?.join() === wanted);
}

t.test('tells members who looks at what, in all processes', async (t) => {
  const { owner, member, topic, task } = await board();
  const here = await watching(t, owner, [topic, task]);
  const there = await watching(t, member, [topic, task], otherUrl);
  for (const socket of [here, there]) {
    await shows(socket, topic);
    await shows(socket, task);
    t.match(listsOf(socket, topic), [{ users: [], total: 0 }], 'at once, though empty');
  }

  t.same(await look(here, topic), { type: 'looking', topic });
  for (const socket of [here, there]) await shows(socket, topic, owner);
  t.match(listsOf(there, topic).at(-1), {
    users: [{ id: owner.id, username: owner.username, nickname: '', avatar_url: null }],
    total: 1,
  });
  await look(there, topic);
  for (const socket of [here, there]) await shows(socket, topic, owner, member);
  const late = await watching(t, owner, [topic], otherUrl);
  await shows(late, topic, owner, member);

  await look(there, task);
  for (const socket of [here, there]) {
    await shows(socket, topic, owner);
    await shows(socket, task, member);
  }
  await look(here, null);
  for (const socket of [here, there]) await shows(socket, topic);
  there.socket.terminate();
  await shows(here, task);

  await here.ask({ type: 'unsubscribe', topics: [task] }, 'unsubscribed');
  const before = listsOf(here, task).length;
  const again = await open(t, member, otherUrl);
  await look(again, task);
  const watcher = await watching(t, owner, [task]);
  await shows(watcher, task, member);
  t.equal(listsOf(here, task).length, before, 'nothing after unsubscribing');
});

t.test('someone removed vanishes, and is told nothing more', async (t) => {
  const { owner, member, project, topic, task } = await board();
  const stays = await watching(t, owner, [topic, task], otherUrl);
  const leaves = await watching(t, member, [topic, task]);
  await look(leaves, task);
  await shows(stays, task, member);
  await shows(leaves, task, member);

  const gone = await owner.client.delete(`${project.path}/members/${member.id}`);
  t.equal(gone.status, 204);
  const heard = leaves.messages.length;
  await shows(stays, task);
  await look(stays, topic);
  await shows(stays, topic, owner);
  const late = await watching(t, member, [topic, task]);
  await sleep(1200);
  const later = [...leaves.messages.slice(heard), ...late.messages];
  t.notOk(later.some(({ type }) => type === 'presence'));
  for (const each of [topic, task]) {
    t.match(await look(late, each), { type: 'error', code: 'not_found' });
  }

  await joinProject(project, owner.client, member);
  await shows(late, topic, owner);
});

t.test('ends with the session, the connection and the process', async (t) => {
  const { owner, member, topic } = await board();
  const watcher = await watching(t, owner, [topic]);
  const session = await open(t, member, otherUrl);
  await look(session, topic);
  await shows(watcher, topic, member);
  await member.client.post('/api/v1/auth/logout');
  t.equal((await session.closed).code, 3000);
  await shows(watcher, topic);

  await member.client.signIn(member.username, PASSWORD);
  const third = await createTestApp(t, {}, { databaseUrl: one.databaseUrl });
  const socket = await open(t, member, await listen(third));
  await look(socket, topic);
  await shows(watcher, topic, member);
  await third.app.close();
  await shows(watcher, topic);
  const { rows } = await app.pg.query('select * from presences where topic = $1', [topic]);
  t.same(rows, [], 'and leaves no row');
});

t.test('names a user once, whatever the number of connections', async (t) => {
  const { owner, member, topic } = await board();
  const watcher = await watching(t, owner, [topic]);
  const sockets = Array.from({ length: 200 }, () => new LiveSocket(url, cookieOf(member.client)));
  t.teardown(() => sockets.map(({ socket }) => socket.terminate()));
  let refused = 0;
  for (const { closed } of sockets) {
    void closed.then(({ code }) => {
      if (code === 1013) refused += 1;
    });
  }
  await until(() => refused === 180);
  const admitted = sockets.filter(({ socket }) => socket.readyState === socket.OPEN);
  t.equal(admitted.length, 20);
  await Promise.all(
    admitted.map(async (socket) => {
      await socket.next('ready');
      await look(socket, topic);
    }),
  );
  await shows(watcher, topic, member);
  t.equal(listsOf(watcher, topic).at(-1).total, 1);

  const [last, ...others] = admitted;
  for (const { socket } of others) socket.terminate();
  await sleep(1500);
  t.same(namesIn(watcher, topic), [member.username], 'as long as there is one');
  last?.socket.terminate();
  await shows(watcher, topic);
});

t.test('lists the first 50, and counts all', async (t) => {
  const { owner, project, topic } = await board();
  const { id } = (await owner.client.get('/api/v1/me')).json;
  await app.pg.query(
    `with made as (
       insert into users (username, username_folded, permissions)
       select 'many_' || n, 'many_' || n, 1 from generate_series(100, 169) n returning id),
     joined as (
       insert into project_members (project_id, user_id, role)
       select $1, id, 'viewer' from made returning user_id)
     insert into presences (connection, user_id, topic)
     select gen_random_uuid(), user_id, $2 from joined, generate_series(1, 3)`,
    [project.id, topic],
  );
  const watcher = await watching(t, owner, [topic]);
  await until(() => namesIn(watcher, topic) !== null);
  const names = Array.from({ length: 50 }, (_, n) => `many_${100 + n}`);
  t.same(namesIn(watcher, topic), names);
  t.equal(listsOf(watcher, topic).at(-1).total, 70);
  await app.pg.query('delete from presences where user_id <> $1', [id]);
});

t.test('announces many changes at most once a second, and ends a flood', async (t) => {
  const { owner, member, topic, task } = await board();
  const watcher = await watching(t, owner, [topic], otherUrl);
  await shows(watcher, topic);
  const busy = await open(t, member);
  const before = listsOf(watcher, topic).length;
  const begin = performance.now();
  for (let n = 0; n < 90; n += 1) await look(busy, n % 2 === 0 ? task : topic);
  await shows(watcher, topic, member);
  const seconds = (performance.now() - begin) / 1000;
  const lists = listsOf(watcher, topic).length - before;
  t.ok(lists <= seconds + 2, `${lists} lists in ${seconds} s`);

  for (let n = 0; n < 200; n += 1) busy.socket.send(JSON.stringify({ type: 'look', topic: task }));
  t.equal((await busy.closed).code, 1008);
  await shows(watcher, topic);
});

t.test('refuses whoever may not look, and says nothing by that', async (t) => {
  const { owner, member, project, topic, task, taskId } = await board();
  const stranger = await someone();
  const own = (await stranger.client.post('/api/v1/tasks', { summary: 'Mine' })).json.id;
  const socket = await watching(t, stranger, [topic, task, 'project:2147483647']);
  const inside = await open(t, member);
  const answers = [];
  for (const each of [topic, task, 'project:2147483646', 'task:9999999999', `task:${own}`]) {
    answers.push(await look(socket, each));
  }
  const refusal = { type: 'error', code: 'not_found', detail: answers[0].detail };
  t.same(
    answers,
    Array.from(answers, () => refusal),
  );

  for (const each of ['me', 'posts', 'post:1', 'project:0', 'project:1,', 7, [topic], {}]) {
    const answer = await socket.ask({ type: 'look', topic: each }, 'looking');
    t.match(answer, { type: 'error', code: 'invalid_message' }, JSON.stringify(each));
  }
  t.match(await socket.ask({ type: 'look' }, 'looking'), { code: 'invalid_message' });
  t.same(await look(socket, null), { type: 'looking', topic: null });

  const anyone = await openLive(url);
  t.teardown(() => anyone.close());
  await anyone.ask({ type: 'subscribe', topics: [topic, task] }, 'subscribed');
  t.match(await look(anyone, topic), { type: 'error', code: 'not_authenticated' });
  const key = async (...scopes: string[]) => {
    const { json } = await member.client.post('/api/v1/me/api-keys', {
      name: 'Live',
      current_password: PASSWORD,
      scopes,
    });
    t.equal(typeof json.key, 'string', JSON.stringify(json));
    const reader = await openLive(url, { authorization: `Bearer ${json.key}` });
    t.teardown(() => reader.close());
    await reader.ask({ type: 'subscribe', topics: [topic] }, 'subscribed');
    return reader;
  };
  const [lacking, allowed] = [await key('live:read'), await key('live:read', 'projects:read')];
  t.match(await look(lacking, topic), { type: 'error', code: 'insufficient_scope' });
  t.match(await look(allowed, topic), { type: 'looking' });
  await shows(allowed, topic, member);

  await look(inside, task);
  const insider = await watching(t, owner, [task]);
  await shows(insider, task, member);
  t.equal((await owner.client.delete(`${project.path}/tasks/${taskId}`)).status, 204);
  t.match(await look(inside, task), { type: 'error', code: 'not_found' }, 'in the trash');
  for (const each of [socket, anyone, lacking]) {
    t.notOk(each.messages.some(({ type }) => type === 'presence'));
  }
});

t.test('is an event without an id in a stream', async (t) => {
  const { owner, member, topic } = await board();
  const leaving = new AbortController();
  t.teardown(() => leaving.abort());
  const origin = url.replace('ws', 'http').replace('/ws', '/events');
  const stream = await fetch(`${origin}?topics=${topic}`, {
    headers: cookieOf(owner.client),
    signal: leaving.signal,
  });
  let text = '';
  const reading = (async () => {
    for await (const chunk of stream.body ?? []) text += Buffer.from(chunk).toString();
  })().catch(() => undefined);
  const lists = () =>
    text.split('\n\n').flatMap((block) => {
      const found = /^event: presence\ndata: (.*)$/.exec(block);
      return found === null ? [] : [JSON.parse(found[1] ?? '')];
    });
  await until(() => lists().length === 1);
  t.same(lists()[0], { topic, users: [], total: 0 });
  const socket = await open(t, member);
  await look(socket, topic);
  await until(() => lists().length === 2);
  t.match(lists()[1], { users: [{ id: member.id }], total: 1 });
  leaving.abort();
  await reading;
});

t.test('works where notifications do not arrive, as behind a pooler', async (t) => {
  const { owner, member, topic } = await board();
  const proxy = await startDatabaseProxy(t, one.databaseUrl);
  proxy.isDeaf = true;
  const deaf = await createTestApp(t, {}, { databaseUrl: proxy.url });
  const there = await watching(t, owner, [topic], await listen(deaf));
  const here = await watching(t, member, [topic]);
  await shows(there, topic);
  await look(here, topic);
  await shows(there, topic, member);
  await look(there, topic);
  for (const socket of [here, there]) await shows(socket, topic, owner, member);
  here.socket.terminate();
  await shows(there, topic, owner);
});
