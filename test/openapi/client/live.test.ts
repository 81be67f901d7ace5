import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import {
  createLive,
  type Live,
  LiveError,
  type LiveEvent,
  type LiveOptions,
  type LivePresence,
  type SubscribeOptions,
  type Subscription,
} from '#openapi/client/live.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { createProject, joinProject } from '#test/support/projects.js';
import { until } from '#test/support/waiting.js';

const TASKS = '/api/v1/tasks';
const POSTS = '/api/v1/posts';
const RETRY = { min: 5, max: 50 };

const testApp = await createTestApp(t);
const { app, clock, signedIn } = testApp;
const origin = await app.listen({ host: '127.0.0.1', port: 0 });
const url = `${origin.replace('http', 'ws')}/api/v1/ws`;
let count = 0;

async function someone(role: 'author' | 'editor' = 'author') {
  count += 1;
  const username = `client_${count}`;
  return { client: await signedIn({ username, role }), username };
}

async function tokenOf(username: string): Promise<string> {
  const form = new URLSearchParams({ username, password: PASSWORD });
  const reply = await fetch(`${origin}/api/v1/auth/token`, { method: 'POST', body: form });
  return ((await reply.json()) as { access_token: string }).access_token;
}

/** Cuts all connections, as a broken network does. */
function cut(): void {
  for (const socket of app.websocketServer.clients) socket.terminate();
}

function liveFor(t: Test, options: Partial<LiveOptions> = {}): Live {
  const live = createLive({ url, WebSocket, retry: RETRY, ...options });
  t.teardown(() => live.close());
  return live;
}

interface Recorded {
  subscription: Subscription;
  events: LiveEvent[];
  resyncs: number[];
  errors: LiveError[];
  ready: number[];
}

function record(live: Live, topics: string[], options: Partial<SubscribeOptions> = {}): Recorded {
  const recorded = {
    events: [] as LiveEvent[],
    resyncs: [] as number[],
    errors: [] as LiveError[],
    ready: [] as number[],
  };
  const subscription = live.subscribe(topics, {
    onEvent: (event) => recorded.events.push(event),
    onResync: (position) => recorded.resyncs.push(position),
    onError: (error) => recorded.errors.push(error),
    onReady: (position) => recorded.ready.push(position),
    ...options,
  });
  return { subscription, ...recorded };
}

const summariesOf = ({ events }: Pick<Recorded, 'events'>) =>
  events.map(({ changes }) => changes['summary']);
const namesUpTo = (count: number) => Array.from({ length: count }, (_, n) => `Task ${n}`);

t.test('delivers each event once and in order, however often the connection is cut', async (t) => {
  const owner = await someone();
  const live = liveFor(t, { token: () => tokenOf(owner.username) });
  const all = record(live, ['me']);
  const both = record(live, ['posts', 'me']);
  await until(() => all.ready.length + both.ready.length === 2);

  let made = 0;
  let isCutting = true;
  const cutting = (async () => {
    for (let n = 0; n < 30; n += 1) {
      await sleep(10 + 7 * (n % 6));
      // Also while it connects, signs in, or is sent what it has missed.
      if (n % 2 === 0) await until(() => live.state === 'open');
      cut();
    }
    isCutting = false;
  })();
  while (isCutting || made < 100) {
    await owner.client.post(TASKS, { summary: `Task ${made}` });
    made += 1;
  }
  await cutting;
  await until(() => all.events.length >= made && both.events.length >= made);
  await sleep(50);
  for (const each of [all, both]) {
    t.same(summariesOf(each), namesUpTo(made));
    t.same([each.resyncs, each.errors], [[], []]);
  }
});

t.test('subscriptions that overlap get all of their own events', async (t) => {
  const editor = await someone('editor');
  const post = async (title: string) =>
    (await editor.client.post(POSTS, { title, content: 'x', status: 'published' })).json;
  const live = liveFor(t);
  const first = record(live, ['posts']);
  await until(() => first.ready.length === 1);
  const [start = 0] = first.ready;
  const { id } = await post('One');
  await post('Two');
  await editor.client.patch(`${POSTS}/${id}`, { title: 'One again' });
  await until(() => first.events.length === 3);

  const topic = `post:${id}`;
  const late = record(live, [topic], { since: start });
  const again = record(live, ['posts', topic], { since: start });
  const now = record(live, ['posts']);
  await until(() => late.events.length === 2 && again.events.length === 3);
  await until(() => now.ready.length === 1);
  await editor.client.patch(`${POSTS}/${id}`, { title: 'One at last' });
  await until(() => now.events.length === 1);

  const idsOf = ({ events }: Recorded) => events.map(({ id }) => id);
  const [one, , changed, last] = idsOf(first);
  t.equal(first.events.length, 4);
  t.same(idsOf(again), idsOf(first));
  t.same(idsOf(late), [one, changed, last]);
  t.same(idsOf(now), [last]);
  t.equal(app.live.clientCount, 1, 'over one connection');

  late.subscription.unsubscribe();
  again.subscription.unsubscribe();
  await post('Three');
  await until(() => now.events.length === 2);
  t.equal(again.events.length, 4, 'gets none after unsubscribing');
  first.subscription.unsubscribe();
  now.subscription.unsubscribe();
  await until(() => live.state === 'idle' && app.live.clientCount === 0);
  const anew = record(live, ['posts'], { since: start });
  await until(() => anew.events.length === 5);
});

t.test('leaves out its own echoes', async (t) => {
  const owner = await someone();
  const options = { token: () => tokenOf(owner.username) };
  const own = record(liveFor(t, { ...options, clientId: 'tab-1' }), ['me']);
  const other = record(liveFor(t, { ...options, clientId: 'tab-2' }), ['me']);
  await until(() => own.ready.length + other.ready.length === 2);
  await owner.client.post(TASKS, { summary: 'Task 0' }, { 'x-client-id': 'tab-1' });
  cut();
  await owner.client.post(TASKS, { summary: 'Task 1' });
  await until(() => own.events.length === 1 && other.events.length === 2);
  t.same(summariesOf(own), ['Task 1']);
});

t.test('renews a token that has ended, once', async (t) => {
  const owner = await someone();
  const refused: boolean[] = [];
  const live = liveFor(t, {
    token: (wasRefused) => {
      refused.push(wasRefused);
      return tokenOf(owner.username);
    },
  });
  const recorded = record(live, ['me']);
  await until(() => recorded.ready.length === 1);
  clock.advance(3601 * 1000);
  await owner.client.signIn(owner.username, PASSWORD);
  app.live.checkSoon();
  await until(() => refused.length === 2 && live.state === 'open');
  await owner.client.post(TASKS, { summary: 'Task 0' });
  await until(() => recorded.events.length === 1);
  t.same([refused, recorded.errors], [[false, true], []]);

  clock.advance(3601 * 1000);
  app.live.checkSoon();
  await until(() => recorded.errors.length === 1);
  t.match(recorded.errors[0], { code: 'not_authenticated', closeCode: 3000 });
  await until(() => live.state === 'idle');
  const forged = record(liveFor(t, { token: async () => 'forged' }), ['posts']);
  await until(() => forged.errors.length === 1);
  t.match(forged.errors[0], { code: 'invalid_token', closeCode: null });
});

t.test('reports a token that the application cannot get', async (t) => {
  let asked = 0;
  const live = liveFor(t, {
    token: () => {
      asked += 1;
      throw new Error('offline');
    },
  });
  const recorded = record(live, ['posts']);
  await until(() => recorded.errors.length === 1);
  t.match(recorded.errors[0], { code: 'no_token', cause: { message: 'offline' } });
  t.equal(asked, 5);
});

t.test('reports what the service refuses to the subscription that it is about', async (t) => {
  const live = liveFor(t);
  const good = record(live, ['posts']);
  const bad = record(live, ['me']);
  const wrong = record(live, ['everything'], { since: 0 });
  await until(() => bad.errors.length + wrong.errors.length === 2);
  t.equal(bad.errors[0]?.code, 'not_authenticated');
  t.equal(wrong.errors[0]?.code, 'invalid_message');
  await until(() => good.ready.length === 1);
  const since = good.subscription.position ?? 0;
  const pair = [record(live, ['post:1'], { since }), record(live, ['nothing'], { since })];
  await until(() => pair.every(({ errors, ready }) => errors.length + ready.length === 1));
  t.same(
    pair.map(({ errors }) => errors.length),
    [0, 1],
  );
  const editor = await someone('editor');
  await editor.client.post(POSTS, { title: 'Seen', content: 'x', status: 'published' });
  await until(() => good.events.length === 1);
  t.throws(() => live.subscribe([], { onEvent: () => {}, onResync: () => {} }), RangeError);
  const many = Array.from({ length: 101 }, (_, n) => `post:${n + 1}`);
  t.throws(() => record(live, many), RangeError);
});

t.test('says when events are missing', async (t) => {
  const owner = await someone();
  const live = liveFor(t, { token: () => tokenOf(owner.username) });
  const own = record(live, ['me']);
  await until(() => own.ready.length === 1);
  await owner.client.post(TASKS, { summary: 'Task 0' });
  await until(() => own.events.length === 1);
  const { rows } = await app.pg.query('select max(id) as id from events');
  await app.pg.query('update event_removals set removed_through = $1', [rows[0].id]);
  const old = record(live, ['posts'], { since: 0 });
  await until(() => old.resyncs.length === 1 && own.resyncs.length === 1);
  await app.pg.query('update event_removals set removed_through = 0');
  t.equal(old.subscription.position, old.resyncs[0]);
  t.ok(Number(old.resyncs[0]) >= rows[0].id);
  await owner.client.post(TASKS, { summary: 'Task 1' });
  await until(() => own.events.length === 2);
  t.same(summariesOf(own), namesUpTo(2));
});

t.test('keeps its position while only others have events', async (t) => {
  const owner = await someone();
  const quiet = record(liveFor(t, { heartbeat: 200 }), ['post:1999999999']);
  await until(() => quiet.ready.length === 1);
  await owner.client.post(TASKS, { summary: 'Task 0' });
  const { rows } = await app.pg.query('select max(id) as id from events');
  const all = record(liveFor(t), ['posts']);
  await until(() => all.ready.length === 1);
  await until(() => Number(quiet.subscription.position) >= rows[0].id);
});

t.test('comes back after a restart of the service', async (t) => {
  const owner = await someone();
  const start = async (port: number) => {
    const test = await createTestApp(t, {}, { databaseUrl: testApp.databaseUrl });
    return { test, address: await test.app.listen({ host: '127.0.0.1', port }) };
  };
  const first = await start(0);
  const { host, port } = new URL(first.address);
  const states: string[] = [];
  const live = liveFor(t, {
    url: `ws://${host}/api/v1/ws`,
    token: () => tokenOf(owner.username),
    onState: (state) => states.push(state),
  });
  const recorded = record(live, ['me']);
  await until(() => recorded.ready.length === 1);
  await owner.client.post(TASKS, { summary: 'Task 0' });
  await until(() => recorded.events.length === 1);
  await first.test.app.close();
  await until(() => live.state === 'waiting');
  await owner.client.post(TASKS, { summary: 'Task 1' });
  await start(Number(port));
  await until(() => recorded.events.length === 2);
  t.same(summariesOf(recorded), namesUpTo(2));
  t.same(states.slice(0, 4), ['connecting', 'open', 'waiting', 'connecting']);
  t.equal(live.state, 'open');
});

t.test('says what its user looks at, again after a lost connection', async (t) => {
  const [owner, member] = [await someone(), await someone()];
  const project = await createProject(owner.client);
  await joinProject(project, owner.client, member);
  const topic = `project:${project.id}`;
  const shown: LivePresence[] = [];
  const usersOf = (list: LivePresence | undefined) => list?.users.map(({ username }) => username);
  const watching = liveFor(t, { token: () => tokenOf(owner.username) });
  record(watching, ['me', topic], { onPresence: (presence) => shown.push(presence) });
  const live = liveFor(t, { token: () => tokenOf(member.username) });
  // Said before there is a connection.
  live.look(topic);
  const own: LivePresence[] = [];
  const mine = record(live, ['me', topic], { onPresence: (presence) => own.push(presence) });
  await until(() => shown.at(-1)?.total === 1 && own.at(-1)?.total === 1);
  t.match(shown.at(-1), { type: 'presence', topic });
  t.same(usersOf(shown.at(-1)), [member.username]);

  const before = shown.length;
  cut();
  await until(() => shown.length > before && live.state === 'open' && watching.state === 'open');
  await until(() => own.at(-1)?.total === 1 && shown.at(-1)?.total === 1);

  const refused: LiveError[] = [];
  live.look('project:2147483647', (error) => refused.push(error));
  await until(() => refused.length === 1);
  t.match(refused[0], { code: 'not_found' });
  await until(() => shown.at(-1)?.total === 0);
  live.look(topic);
  await until(() => shown.at(-1)?.total === 1);
  live.look(null);
  await until(() => shown.at(-1)?.total === 0);
  t.same([mine.errors, mine.resyncs], [[], []]);
  live.close();
  t.throws(() => live.look(topic));
});

t.test('yields messages to a consumer that takes its time', async (t) => {
  const owner = await someone();
  const live = liveFor(t, { token: () => tokenOf(owner.username) });
  const watch = record(live, ['me']);
  await until(() => watch.ready.length === 1);
  const since = watch.ready[0] ?? 0;
  const messages = live.messages(['me'], { since, limit: 3 });
  const seen: unknown[] = [];
  await owner.client.post(TASKS, { summary: 'Task 0' });
  for await (const message of messages) {
    seen.push(message.type === 'event' ? message.event.changes['summary'] : message);
    if (seen.length === 1) {
      for (const n of [1, 2, 3, 4, 5]) await owner.client.post(TASKS, { summary: `Task ${n}` });
      await until(() => watch.events.length === 6);
    }
    if (seen.length === 3) break;
  }
  t.same(seen, ['Task 0', { type: 'resync', position: watch.events[4]?.id }, 'Task 5']);

  const waiting = live.messages(['me'])[Symbol.asyncIterator]();
  const next = waiting.next();
  live.close();
  t.same(await next, { done: true, value: undefined });
  t.same(await waiting.next(), { done: true, value: undefined });
  const refused = liveFor(t).messages(['me'])[Symbol.asyncIterator]();
  await t.rejects(refused.next(), { code: 'not_authenticated' });
});

t.test('closes for good', async (t) => {
  const owner = await someone();
  await until(() => app.live.clientCount === 0);
  const live = createLive({ url, WebSocket, token: () => tokenOf(owner.username) });
  t.equal(live.state, 'idle');
  const recorded = record(live, ['me']);
  await until(() => recorded.ready.length === 1);
  live.close();
  t.equal(live.state, 'closed');
  await until(() => app.live.clientCount === 0);
  await owner.client.post(TASKS, { summary: 'Task 0' });
  await sleep(50);
  t.same([recorded.events, recorded.errors], [[], []]);
  t.throws(() => record(live, ['me']), /closed/);
  t.equal(live.state, 'closed');
});

t.test('with services that fail', async (t) => {
  /** A service that answers each message as told. */
  async function serviceFor(
    t: Test,
    onConnection: (socket: WebSocket, nth: number) => void,
  ): Promise<{ url: string; connections: () => number }> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    let connections = 0;
    server.on('connection', (socket) => {
      connections += 1;
      onConnection(socket, connections);
    });
    t.teardown(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { url: `ws://127.0.0.1:${port}`, connections: () => connections };
  }
  const say = (socket: WebSocket, ...messages: object[]) => {
    for (const message of messages) socket.send(JSON.stringify(message));
  };
  const ready = { type: 'ready', username: null };
  const subscribed = { type: 'subscribed', topics: ['posts'], position: 10 };
  const event = (id: number) => ({ type: 'event', event: { id, topics: ['posts'], changes: {} } });

  t.test('reports a message that breaks the protocol, and stops', async (t) => {
    const broken: (string | Buffer)[] = [
      'not JSON',
      'null',
      '[]',
      '{"type":7}',
      Buffer.from(JSON.stringify(event(11))),
      '{"type":"event"}',
      '{"type":"event","event":{"id":"11","topics":[]}}',
      '{"type":"event","event":{"id":11.5,"topics":[]}}',
      '{"type":"event","event":{"id":11}}',
      '{"type":"resync","position":-1}',
      '{"type":"subscribed","topics":[],"position":12}',
      '{"type":"pong","position":"12"}',
      '{"type":"error"}',
      '{"type":"error","code":"odd","detail":""}',
    ];
    for (const text of broken) {
      const closed: number[] = [];
      const service = await serviceFor(t, (socket) => {
        socket.on('close', (code) => closed.push(code));
        say(socket, ready);
        socket.on('message', () => {
          say(socket, subscribed);
          socket.send(text);
        });
      });
      const live = liveFor(t, { url: service.url });
      const recorded = record(live, ['posts']);
      await until(() => recorded.errors.length === 1 && closed.length === 1);
      t.equal(recorded.errors[0]?.code, 'protocol_error', String(text));
      t.ok(recorded.errors[0] instanceof LiveError);
      t.same(closed, [4002]);
      await sleep(2 * RETRY.min);
      t.same([recorded.events, service.connections(), live.state], [[], 1, 'idle'], String(text));
    }
  });

  t.test('ignores unknown messages, and events that it has', async (t) => {
    const service = await serviceFor(t, (socket) => {
      say(socket, { type: 'hint' }, ready);
      socket.on('message', () => {
        say(socket, { type: 'toString' }, subscribed, event(10), event(12), event(11), event(12));
        say(socket, event(13));
      });
    });
    const recorded = record(liveFor(t, { url: service.url }), ['posts']);
    await until(() => recorded.events.at(-1)?.id === 13);
    t.same(
      recorded.events.map(({ id }) => id),
      [12, 13],
    );
  });

  t.test('tells close codes apart', async (t) => {
    const endsWith = async (code: number) => {
      const service = await serviceFor(t, (socket, nth) => {
        say(socket, ready);
        if (nth === 1) socket.close(code, 'for a reason');
        else socket.on('message', () => say(socket, subscribed));
      });
      const recorded = record(liveFor(t, { url: service.url }), ['posts']);
      await until(() => recorded.ready.length + recorded.errors.length === 1);
      return recorded.errors[0] ?? 'connects again';
    };
    for (const code of [1000, 1001, 1011, 1012, 1013, 3008]) {
      t.equal(await endsWith(code), 'connects again', String(code));
    }
    for (const code of [1002, 1003, 1008, 1009]) {
      t.match(await endsWith(code), { code: 'closed', closeCode: code, message: /for a reason/ });
    }
    t.match(await endsWith(3000), { code: 'not_authenticated', closeCode: 3000 });
  });

  t.test('notices a connection that is dead, at any stage', async (t) => {
    const service = await serviceFor(t, (socket, nth) => {
      // The first says nothing, the second does not answer, the third falls silent.
      if (nth === 1) return;
      say(socket, ready);
      if (nth === 2) return;
      socket.on('message', (data) => {
        const { type } = JSON.parse(String(data));
        if (type === 'subscribe') say(socket, subscribed, event(10 + nth));
        else if (nth > 3) say(socket, { type: 'pong', position: null });
      });
    });
    const live = liveFor(t, { url: service.url, heartbeat: 30, timeout: 30 });
    const recorded = record(live, ['posts']);
    await until(() => service.connections() === 4 && recorded.events.length === 2);
    await sleep(200);
    t.equal(service.connections(), 4, 'keeps one that answers');
  });

  t.test('waits longer after each failure, within bounds', async (t) => {
    const times: number[] = [];
    const service = await serviceFor(t, (socket) => {
      times.push(performance.now());
      socket.terminate();
    });
    record(liveFor(t, { url: service.url, retry: { min: 10, max: 80 } }), ['posts']);
    await until(() => times.length === 8);
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    for (const [index, wait] of waits.entries()) {
      const most = Math.min(80, 10 * 2 ** index);
      t.ok(wait >= most / 2 - 2, `${index}: ${wait}`);
    }
  });

  t.test('tries again what is refused for a while, at a moderate rate', async (t) => {
    let refusals = 0;
    const asked: string[] = [];
    const service = await serviceFor(t, (socket) => {
      say(socket, ready);
      socket.on('message', (data) => {
        const { type, topics } = JSON.parse(String(data));
        asked.push(type);
        if (type === 'unsubscribe') return say(socket, { type: 'unsubscribed', topics });
        if (asked.length > 1) return say(socket, subscribed);
        refusals += 1;
        say(socket, { type: 'error', code: 'service_unavailable', detail: 'Later' });
      });
    });
    const live = liveFor(t, { url: service.url });
    const recorded = record(live, ['posts']);
    await until(() => recorded.ready.length === 1);
    t.equal(refusals, 1);
    for (let n = 0; n < 60; n += 1) {
      const more = record(live, [`post:${n + 1}`]);
      const end = performance.now() + 20;
      await until(() => more.ready.length === 1 || performance.now() > end);
      more.subscription.unsubscribe();
    }
    t.ok(asked.length <= 80, `${asked.length} messages`);
  });

  t.test('an error of the application ends nothing', async (t) => {
    const service = await serviceFor(t, (socket) => {
      say(socket, ready);
      socket.on('message', () => say(socket, subscribed, event(11), event(12)));
    });
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    const live = liveFor(t, { url: service.url });
    const ids: number[] = [];
    const recorded = record(live, ['posts'], {
      onEvent: ({ id }) => {
        ids.push(id);
        throw new Error('a mistake');
      },
    });
    await until(() => ids.length === 2 && thrown.length === 2);
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
    t.match(thrown, [{ message: 'a mistake' }, { message: 'a mistake' }]);
    t.same(recorded.errors, []);
  });

  t.test('says what it needs', async (t) => {
    const { WebSocket: standard } = globalThis as { WebSocket?: unknown };
    if (standard === undefined) t.throws(() => createLive({ url }), /no WebSocket/);
    const recorded = record(liveFor(t, { url: 'no URL' }), ['posts']);
    await until(() => recorded.errors.length === 1);
    t.equal(recorded.errors[0]?.code, 'unusable_url');
  });
});
