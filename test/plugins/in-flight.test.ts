import { Readable } from 'node:stream';
import { setTimeout as sleep, setImmediate as tick } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createTestApp } from '#test/support/app.js';
import { openConnections } from '#test/support/open-connections.js';

/** With this pool, a network has six places. */
const DB_POOL_MAX = 8;
const PLACES = 6;

/** Returns an app with operations that answer when they are told to. */
async function createHeldApp(t: Test) {
  const held: (() => void)[] = [];
  let arrived = 0;
  const body = new Readable({ read: () => undefined });
  const { app } = await createTestApp(
    t,
    { DB_POOL_MAX },
    {
      routes: (app) => {
        app.addHook('preValidation', async () => {
          arrived += 1;
        });
        app.get('/test/held', () => new Promise((resolve) => held.push(() => resolve({}))));
        app.get('/test/failing', async () => {
          throw new Error('fails');
        });
        app.get('/test/stream', (_request, reply) => reply.send(body));
      },
    },
  );
  await app.ready();
  const get = (url: string, remoteAddress = '192.0.2.1') =>
    app.inject({ method: 'GET', url, remoteAddress });
  /** Waits until the service has nothing to do but to wait. */
  const settle = async () => {
    // Longer than the pause between two requests of a network.
    await sleep(15);
    for (let turn = 0; turn < 50; turn += 1) await tick();
  };
  /** Waits until so many requests have reached the last step before they wait. */
  const arrivals = async (count: number) => {
    while (arrived < count) await sleep(5);
    await settle();
  };
  return { app, held, body, get, settle, arrivals };
}

t.test('works on as many requests of one network at once as it has places', async (t) => {
  const { held, get, settle } = await createHeldApp(t);
  const greedy = Array.from({ length: 2 * PLACES }, () => get('/test/held'));
  await settle();
  t.equal(held.length, PLACES);
  const other = get('/test/held', '192.0.2.2');
  await settle();
  t.equal(held.length, PLACES + 1, 'another network does not wait');
  held.pop()?.();
  t.equal((await other).statusCode, 200);
  held.shift()?.();
  await settle();
  t.equal(held.length, PLACES, 'the next one takes the place');
  while (held.length > 0) {
    held.shift()?.();
    await settle();
  }
  for (const reply of await Promise.all(greedy)) t.equal(reply.statusCode, 200);
});

t.test('works on few requests of a network while others wait for it', async (t) => {
  let busy = 0;
  const { app } = await createTestApp(
    t,
    { DB_POOL_MAX },
    {
      routes: (app) => {
        app.get('/test/busy', async () => {
          busy += 1;
          const begin = performance.now();
          while (performance.now() - begin < 3);
          return {};
        });
        app.get('/test/quick', async () => ({}));
      },
    },
  );
  const get = (url: string, remoteAddress: string) =>
    app.inject({ method: 'GET', url, remoteAddress });
  await get('/test/quick', '192.0.2.2');
  const greedy = Array.from({ length: 60 }, () => get('/test/busy', '192.0.2.1'));
  for (let count = 0; count < 8; count += 1) await get('/test/quick', '192.0.2.2');
  t.ok(busy < 30, `${busy} of the greedy network`);
  for (const { statusCode } of await Promise.all(greedy)) t.equal(statusCode, 200);
});

t.test('frees the place of a request that fails, and of one that is refused', async (t) => {
  const { get } = await createHeldApp(t);
  for (let count = 0; count < 3 * PLACES; count += 1) {
    t.equal((await get('/test/failing')).statusCode, 500);
    t.equal((await get('/api/v1/posts/0')).statusCode, 422);
    t.equal((await get('/api/v1/posts/4711')).statusCode, 404);
  }
});

t.test('frees the place of a response that is still being sent', async (t) => {
  const { body, get, settle } = await createHeldApp(t);
  const streams = [get('/test/stream')];
  await settle();
  for (let count = 0; count < 2 * PLACES; count += 1) {
    t.equal((await get('/api/v1/posts')).statusCode, 200);
  }
  body.push(null);
  t.equal((await streams[0])?.statusCode, 200);
});

t.test('forgets a request whose client is gone', async (t) => {
  const { app, held, get, settle, arrivals } = await createHeldApp(t);
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  const places = Array.from({ length: PLACES }, () => get('/test/held', '127.0.0.1'));
  await settle();
  const gone = new AbortController();
  const waiting = fetch(`${origin}/test/held`, { signal: gone.signal });
  await arrivals(PLACES + 1);
  gone.abort();
  await t.rejects(waiting);
  while ((await openConnections(app.server)) > 0) await sleep(5);
  for (const answer of held.splice(0)) answer();
  await Promise.all(places);
  await settle();
  t.equal(held.length, 0, 'its handler does not run');
});
