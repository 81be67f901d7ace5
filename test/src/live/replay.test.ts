import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { LiveSocket } from '#test/support/live.js';
import { writeChanges } from '#test/support/live-changes.js';
import { Random } from '#test/support/random.js';
import { until } from '#test/support/waiting.js';

const WRITERS = 50;
const CHANGES = 200;
const CUTS = 100;

t.test('a client that is cut off again and again gets every event once and in order', async (t) => {
  const one = await createTestApp(t);
  const two = await createTestApp(t, {}, { databaseUrl: one.databaseUrl });
  const urls: string[] = [];
  for (const { app } of [one, two]) {
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    urls.push(`${origin.replace('http', 'ws')}/api/v1/ws`);
  }
  const random = new Random(26);
  const topic = 'post:2000000000';
  let isOver = false;

  // Both processes have several connections, whose transactions commit in any order.
  const written = writeChanges([one.app, two.app], {
    topic,
    writers: WRITERS,
    changes: CHANGES,
    random,
  }).done.then(() => {
    isOver = true;
  });

  const got: { id: number; number: number }[] = [];
  let resyncs = 0;
  let since: number | undefined = 0;
  async function connect(url: string): Promise<LiveSocket> {
    const socket = new LiveSocket(url);
    await socket.next('ready');
    await socket.ask({ type: 'subscribe', topics: [topic], since }, 'subscribed');
    return socket;
  }
  function keep(socket: LiveSocket): void {
    resyncs += socket.messages.filter(({ type }) => type === 'resync').length;
    got.push(...socket.events.map(({ id, resource_id }) => ({ id, number: resource_id })));
    since = got.at(-1)?.id ?? 0;
  }
  let cuts = 0;
  for (; cuts < CUTS || !isOver; cuts += 1) {
    const socket = await connect(urls[cuts % 2] ?? '');
    await sleep(random.int(1, 40));
    socket.socket.terminate();
    await socket.closed;
    keep(socket);
  }
  await written;
  const last = await connect(urls[0] ?? '');
  await until(() => got.length + last.events.length >= WRITERS * CHANGES);
  last.close();
  keep(last);

  t.ok(cuts >= CUTS, `${cuts} cuts`);
  t.equal(resyncs, 0);
  const ids = got.map(({ id }) => id);
  t.same(
    ids,
    [...ids].sort((first, second) => first - second),
    'in order',
  );
  t.equal(new Set(got.map(({ number }) => number)).size, WRITERS * CHANGES, 'every event');
  t.equal(got.length, WRITERS * CHANGES, 'once');
});
