import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { ChannelListener, type ChannelListenerOptions } from '../../../src/db/channel-listener.js';
import { notify } from '../../../src/stores/channels.js';
import { createTestApp } from '../../support/app.js';
import { recordLog } from '../../support/log.js';
import { until } from '../../support/waiting.js';

const { app, databaseUrl } = await createTestApp(t);

interface Proxy {
  url: string;
  /** Keeps what comes to itself, in both directions, without closing anything. */
  stall(): void;
}

/** The way to the database, which can fail without a word. */
async function startProxy(t: Test): Promise<Proxy> {
  const target = new URL(databaseUrl);
  const socketFolder = target.searchParams.get('host');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far =
      socketFolder === null
        ? connect(Number(target.port), target.hostname)
        : connect(`${socketFolder}/.s.PGSQL.5432`);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to).on('error', () => undefined);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = new URL(databaseUrl);
  url.searchParams.delete('host');
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    stall() {
      for (const socket of sockets) socket.pause();
    },
  };
}

function listen(t: Test, options: Partial<ChannelListenerOptions> = {}) {
  const { logger, lines } = recordLog();
  const events: string[] = [];
  const listener = new ChannelListener({
    url: databaseUrl,
    connectTimeout: 5000,
    name: 'althing-test',
    channel: 'news',
    notify: (channel, payload) => notify(app.db, channel, payload),
    onUp: () => events.push('up'),
    onMessage: (payload) => events.push(payload),
    onLost: () => events.push('lost'),
    log: logger,
    ...options,
  });
  t.teardown(() => listener.stop());
  listener.start();
  return { listener, events, lines };
}

t.test('hears everything in the order of the commits, and an echo behind it', async (t) => {
  const { listener, events } = listen(t);
  await until(() => events.length > 0);
  for (let round = 0; round < 20; round++) {
    await notify(app.db, 'news', `a ${round}`);
    await listener.echo();
    t.equal(events.at(-1), `a ${round}`);
  }
  await listener.say('of its own');
  await listener.echo();
  t.equal(events.at(-1), 'of its own');
  await listener.stop();
  t.same(events.splice(1, 20).length, 20);
  t.same(events, ['up', 'of its own', 'lost']);
  await t.rejects(listener.echo(), /no connection/);
});

t.test('connects again, and the log has one line for each', async (t) => {
  const { events, lines } = listen(t);
  await until(() => events.length > 0);
  for (const _ of [1, 2]) {
    events.splice(0);
    await app.pg.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'althing-test'`,
    );
    await until(() => events.length === 2);
    t.same(events, ['lost', 'up']);
  }
  t.same(
    lines.map(({ msg }) => msg),
    [1, 2].flatMap(() => [
      'does not hear what is said on news',
      'hears what is said on news again',
    ]),
  );
});

t.test('a connection that dies without a word is noticed', async (t) => {
  const { url, stall } = await startProxy(t);
  const { events } = listen(t, { url, heartbeat: 50 });
  await until(() => events.length > 0);
  stall();
  await until(() => events.includes('lost'));
});

t.test('a connection on which others are not heard does not count', async (t) => {
  const { events, lines } = listen(t, { notify: async () => undefined });
  await until(() => lines.length > 0);
  t.same(events, ['lost']);
  t.match(lines[0], { err: { message: /pooler/ } });
});

t.test('stops while it cannot connect', async (t) => {
  const { listener, lines } = listen(t, { url: 'postgresql://nobody@127.0.0.1:1/nothing' });
  await until(() => lines.length > 0);
  await listener.stop();
  listener.start();
  t.equal(lines.length, 1);
});
