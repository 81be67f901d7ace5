import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { eventPolicies } from '#app/event-policies.js';
import type { LivePresence } from '#openapi/client/live.js';
import type { Viewer } from '#src/access/viewer.js';
import { outageLog } from '#src/db/outage-log.js';
import { EventFeed } from '#src/live/services/event-feed.js';
import { Looks } from '#src/live/services/looks.js';
import { Presence } from '#src/live/services/presence.js';
import { PresenceClient } from '#src/live/services/presence-client.js';
import { createTestApp } from '#test/support/app.js';
import { recordLog } from '#test/support/log.js';
import { insertTestProject } from '#test/support/projects.js';
import { recordStatements } from '#test/support/statements.js';
import { until } from '#test/support/waiting.js';

const testApp = await createTestApp(t);
const { app, createUser } = testApp;

type List = Pick<LivePresence, 'topic' | 'users' | 'total'>;

/** The presence of a process, whose rows are renewed every so many milliseconds. */
function processOf(t: Test, { renewal = 20_000 } = {}) {
  const { logger: log, lines } = recordLog();
  const outages = outageLog(log);
  const feed = new EventFeed({ db: app.db, policies: eventPolicies, log, outages });
  const presence = new Presence({ db: app.db, feed, log, outages });
  presence.isHeard = true;
  const options = {
    db: app.db,
    process: randomUUID(),
    isWatched: () => presence.isWatched,
    onChange: (topics: readonly string[]) => presence.mark(topics),
    report: (error: unknown) => presence.report(error),
  };
  const looks = new Looks(options, { renewal });
  t.teardown(() => Promise.all([presence.stop(), looks.stop(), feed.stop()]));

  function connect(viewer: Viewer) {
    const lists: List[] = [];
    const state = { isFull: false, isDrainAwaited: false };
    const client = new PresenceClient({
      db: app.db,
      presence,
      looks,
      viewer: () => viewer,
      send: (json) => lists.push(JSON.parse(json)),
      isFull: () => state.isFull,
      drained: async () => {
        state.isDrainAwaited = true;
      },
    });
    t.teardown(() => client.close());
    return { client, lists, state };
  }
  return { connect, lines };
}

let count = 0;

/** A project with a viewer who is its owner. */
async function board() {
  count += 1;
  const username = `looking_${count}`;
  const { id } = await createUser({ username, role: 'author' });
  const project = await insertTestProject(testApp, id);
  const credential = { kind: 'session', id: 1 } as const;
  const viewer: Viewer = { id, username, role: 'author', permissions: 7, credential };
  return { viewer, topic: `project:${project.id}`, memberId: project.memberId };
}

t.test('forgets a process that has died', async (t) => {
  const { viewer, topic, memberId } = await board();
  const { client, lists } = processOf(t, { renewal: 100 }).connect(viewer);
  const insert = (age: string) =>
    app.pg.query(
      `insert into presences (connection, user_id, topic, seen_at)
       values (gen_random_uuid(), $1, $2, now() - $3::interval)`,
      [memberId, topic, age],
    );
  await insert('1 second');
  client.watch([topic]);
  await until(() => lists.length === 1);
  t.match(lists[0], { users: [{ id: memberId }], total: 1 });
  await app.pg.query(
    `update presences set seen_at = now() - interval '41 seconds' where user_id = $1`,
    [memberId],
  );
  await until(() => lists.length === 2);
  t.match(lists[1], { users: [], total: 0 });
  const { rows } = await app.pg.query('select from presences where topic = $1', [topic]);
  t.equal(rows.length, 0, 'its rows are removed');
});

t.test('renews rows, and writes those again that are gone', async (t) => {
  const { viewer, topic } = await board();
  const { client } = processOf(t, { renewal: 100 }).connect(viewer);
  await client.look(topic);
  const rowsOf = async () =>
    (await app.pg.query('select seen_at from presences where topic = $1', [topic])).rows;
  await until(async () => (await rowsOf()).length === 1);
  await app.pg.query(`update presences set seen_at = seen_at - interval '1 hour'`);
  const recent = async () =>
    (await rowsOf()).some((row) => Date.parse(row.seen_at) > Date.now() - 9000);
  await until(recent);
  t.equal((await rowsOf()).length, 1, 'too old, but of a process that lives');
  // As after a crash of the server.
  await app.pg.query('truncate presences');
  await until(async () => (await rowsOf()).length === 1);
  client.close();
  await until(async () => (await rowsOf()).length === 0);
});

t.test('goes on after the database has failed', async (t) => {
  const { viewer, topic } = await board();
  const { connect, lines } = processOf(t);
  const { client, lists } = connect(viewer);
  client.watch([topic]);
  await until(() => lists.length === 1);
  await client.look(topic);
  await app.pg.query('alter table presences rename to away');
  await until(() => lines.length > 0);
  await app.pg.query('alter table away rename to presences');
  await until(() => lists.length === 2);
  t.match(lists[1], { users: [{ username: viewer.username }], total: 1 });
});

t.test('leaves out a user who was deleted meanwhile', async (t) => {
  const { viewer, topic } = await board();
  const gone = await board();
  const process = processOf(t);
  const [watcher, other] = [process.connect(viewer), process.connect(gone.viewer)];
  watcher.client.watch([topic]);
  await other.client.look(gone.topic);
  await app.pg.query('delete from users where id = $1', [gone.viewer.id]);
  await watcher.client.look(topic);
  await until(() => watcher.lists.some(({ total }) => total === 1));
  const { rows } = await app.pg.query('select user_id from presences');
  t.same(rows, [{ user_id: viewer.id }]);
});

t.test('does not fill up a client that does not read', async (t) => {
  const { viewer, topic } = await board();
  const process = processOf(t);
  const [slow, busy] = [process.connect(viewer), process.connect(viewer)];
  slow.state.isFull = true;
  slow.client.watch([topic]);
  busy.client.watch([topic]);
  await until(() => busy.lists.length === 1);
  await busy.client.look(topic);
  await until(() => busy.lists.length === 2);
  t.same(slow.lists, []);
  t.ok(slow.state.isDrainAwaited, 'it ends if it never reads');
  slow.state.isFull = false;
  await until(() => slow.lists.length === 1);
  t.match(slow.lists, [{ total: 1 }], 'only the newest list');
});

t.test('writes and reads all that is due at once', async (t) => {
  const boards = [];
  for (let n = 0; n < 10; n += 1) boards.push(await board());
  const process = processOf(t);
  const clients = boards.flatMap(({ viewer, topic }) =>
    [1, 2, 3].map(() => ({ ...process.connect(viewer), topic })),
  );
  const statements = await recordStatements(async () => {
    for (const { client, topic } of clients) client.watch([topic]);
    await until(() => clients.every(({ lists }) => lists.length === 1));
  });
  t.equal(statements.filter((text) => text.includes('presences')).length, 1);
  const later = await recordStatements(async () => {
    await Promise.all(clients.map(({ client, topic }) => client.look(topic)));
    await until(() => clients.every(({ lists }) => lists.length === 2));
  });
  // A slow machine may need some batches.
  t.ok(later.filter((text) => text.includes('insert into presences')).length <= 5);
  t.ok(later.filter((text) => text.includes('from presences')).length <= 10);
});
