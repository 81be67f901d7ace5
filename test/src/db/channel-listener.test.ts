import t, { type Test } from 'tap';
import { ChannelListener, type ChannelListenerOptions } from '#src/db/channel-listener.js';
import { notify } from '#src/db/channels.js';
import { createTestApp } from '#test/support/app.js';
import { startDatabaseProxy } from '#test/support/database-proxy.js';
import { recordLog } from '#test/support/log.js';
import { until } from '#test/support/waiting.js';

const { app, databaseUrl } = await createTestApp(t);

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

t.test('receives notifications in commit order, each echo after those before it', async (t) => {
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

t.test('reconnects, and logs each loss and reconnection once', async (t) => {
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
    [1, 2].flatMap(() => ['not listening on news', 'listening on news again']),
  );
});

t.test('detects a silently dead connection', async (t) => {
  const { url, stall } = await startDatabaseProxy(t, databaseUrl);
  const { events } = listen(t, { url, heartbeat: 50 });
  await until(() => events.length > 0);
  stall();
  await until(() => events.includes('lost'));
});

t.test('distrusts a connection that receives no notifications of others', async (t) => {
  const { url, sent } = await startDatabaseProxy(t, databaseUrl);
  const { events, lines } = listen(t, { url, notify: async () => undefined });
  await until(() => lines.length > 0);
  t.same(events, ['lost']);
  t.match(lines[0], { err: { message: /pooler/ } });
  t.same(
    sent()
      .match(/\b(?:set|listen) \w+/gi)
      ?.map((text) => text.replace(/[0-9a-f]{16}$/, '')),
    ['listen echo_'],
    'leaves nothing else on a connection that may be lent to others',
  );
});

t.test('stops while it cannot connect', async (t) => {
  const { listener, lines } = listen(t, { url: 'postgresql://nobody@127.0.0.1:1/nothing' });
  await until(() => lines.length > 0);
  await listener.stop();
  listener.start();
  t.equal(lines.length, 1);
});

t.test('stops at any time while it connects', async (t) => {
  for (const turns of [0, 1, 2, 5, 20]) {
    const { listener, events } = listen(t);
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    await listener.stop();
    t.equal(events.at(-1), 'lost', `after ${turns} turns`);
  }
});
