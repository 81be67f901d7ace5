import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { CurrentState } from '#src/cache/current-state.js';
import { ARTICLE_CHANGES, notify } from '#src/db/channels.js';
import { createTestApp } from '#test/support/app.js';
import { startDatabaseProxy } from '#test/support/database-proxy.js';
import { recordLog } from '#test/support/log.js';
import { until } from '#test/support/waiting.js';

const { app, databaseUrl } = await createTestApp(t);

t.test('ignores an echo that fails after a reconnect', async (t) => {
  const proxy = await startDatabaseProxy(t, databaseUrl);
  const state = new CurrentState({
    url: proxy.url,
    connectTimeout: 5000,
    name: 'althing-changes',
    channel: ARTICLE_CHANGES,
    notify: (channel, payload) => notify(app.db, channel, payload),
    log: recordLog().logger,
  });
  t.teardown(() => state.stop());
  state.start();
  await until(() => state.get().isCertain);
  const { name } = state.get();

  // The connection breaks after the database has received the notification to echo.
  proxy.isDeaf = true;
  state.invalidate();
  t.equal(state.get().isCertain, false);
  await sleep(200);
  await app.pg.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'althing-changes' and datname = current_database()`,
  );
  proxy.isDeaf = false;

  await until(() => state.get().isCertain);
  t.not(state.get().name, name);
  t.equal(proxy.sent().match(/listen article_changes/g)?.length, 2, 'on the second connection');
  await sleep(2500);
  t.equal(state.get().isCertain, true, 'stays that way');
});
