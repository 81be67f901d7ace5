import { sql } from 'kysely';
import t, { type Test } from 'tap';
import { eventPolicies } from '#app/event-policies.js';
import type { LiveEvent } from '#schemas/events.js';
import { systemContext } from '#src/access/context.js';
import type { Viewer } from '#src/access/viewer.js';
import { outageLog } from '#src/db/outage-log.js';
import type { EventPolicy } from '#src/events/event-policy.js';
import { emit } from '#src/events/events.js';
import { EventFeed } from '#src/live/services/event-feed.js';
import { LiveClient } from '#src/live/services/live-client.js';
import { createTestApp } from '#test/support/app.js';
import { recordStatements } from '#test/support/statements.js';
import { until } from '#test/support/waiting.js';

const { app, clock, createUser } = await createTestApp(t);
await sql`create table test_members (project_id integer, user_id integer)`.execute(app.db);

/** Members of a project, by its id. */
type Members = ReadonlyMap<number, readonly number[]>;

/** Members see the tasks of a project; others only that one of theirs has changed. */
const memberEvents: EventPolicy<Members> = {
  async load(db, events) {
    const ids = events.flatMap(({ projectId }) => (projectId === null ? [] : [projectId]));
    const { rows } = await sql<{ project_id: number; members: number[] }>`
      select project_id, array_agg(user_id) as members from test_members
      where project_id = any(${ids}::integer[]) group by project_id`.execute(db);
    return new Map(rows.map(({ project_id, members }) => [project_id, members]));
  },
  visiblePart(viewer, { projectId, userId }, members) {
    if (viewer === null || projectId === null) return null;
    const isMember = members.get(projectId)?.includes(viewer.id) ?? false;
    return isMember ? 'all' : viewer.id === userId ? 'head' : null;
  },
};

function feedOf(t: Test): EventFeed {
  const feed = new EventFeed({
    db: app.db,
    policies: { ...eventPolicies, task: memberEvents },
    log: app.log,
    outages: outageLog(app.log),
  });
  t.teardown(() => feed.stop());
  return feed;
}

async function someone(username: string): Promise<Viewer> {
  const { id } = await createUser({ username });
  const credential = { kind: 'session', id: 1 } as const;
  return { id, username, role: 'author', permissions: 7, credential };
}

const join = (project: number, { id }: Viewer) =>
  sql`insert into test_members values (${project}, ${id})`.execute(app.db);
const leave = (project: number, { id }: Viewer) =>
  sql`delete from test_members where project_id = ${project} and user_id = ${id}`.execute(app.db);

/** Emits the change of a task. */
function change(project: number | null, id: number, summary: string, userId: number | null = null) {
  return emit(systemContext(app.db, clock.read()), {
    type: 'task.changed',
    resourceId: id,
    version: 2,
    topics: [`project:${project ?? 0}`, `task:${id}`],
    isPublic: false,
    userId,
    projectId: project,
    before: { summary: 'Before' },
    after: { summary },
  });
}

/** A client that keeps what it is sent. */
async function listening(
  feed: EventFeed,
  viewer: Viewer | null,
  topics: string[],
  since: number | null = null,
) {
  const texts: string[] = [];
  const client = new LiveClient({
    feed,
    viewer,
    connection: {
      event: (_id, json) => texts.push(json),
      resync: () => t.fail('nothing is missed'),
      isFull: () => false,
      drained: async () => undefined,
    },
    onFault: (error) => t.fail(String(error)),
  });
  const { replay } = await client.subscribe(topics, since);
  await replay();
  const events = () => texts.map((text): LiveEvent => JSON.parse(text));
  return {
    texts,
    client,
    events,
    summaries: () => events().map((each) => each.changes['summary']),
  };
}

t.test('members get the events of a project until the moment they are removed', async (t) => {
  const feed = feedOf(t);
  const [alice, bob, carol] = [
    await someone('alice'),
    await someone('bob'),
    await someone('carol'),
  ];
  await join(1, alice);
  await join(1, bob);
  const byAlice = await listening(feed, alice, ['project:1']);
  const byBob = await listening(feed, bob, ['task:5']);
  const byCarol = await listening(feed, carol, ['project:1', 'task:5', 'project:2']);
  const anyone = await listening(feed, null, ['project:1', 'task:5']);

  await change(1, 5, 'One');
  await change(1, 6, 'Two');
  await change(2, 7, 'Elsewhere');
  feed.wake();
  await until(() => byAlice.events().length === 2);
  t.match(byAlice.events()[0], {
    topics: ['project:1', 'task:5'],
    resource: 'task',
    resource_id: 5,
    project_id: 1,
    changes: { summary: 'One' },
  });
  t.notMatch(byAlice.texts.join(), 'Before', 'former values are not sent');
  t.same(byBob.summaries(), ['One']);
  t.same(byCarol.texts, []);
  t.same(anyone.texts, []);
  t.equal(byAlice.texts[0], byBob.texts[0]);

  await leave(1, bob);
  await change(1, 5, 'Three');
  feed.wake();
  await until(() => byAlice.events().length === 3);
  t.same(byBob.summaries(), ['One'], 'nothing after the removal');

  await join(1, carol);
  await change(1, 5, 'Four', bob.id);
  feed.wake();
  await until(() => byCarol.events().length === 1);
  t.same(byCarol.summaries(), ['Four']);
  t.match(byBob.events().at(-1), { project_id: 1, changes: {}, omitted: ['summary'] });
  for (const { client } of [byAlice, byBob, byCarol, anyone]) client.close();
});

t.test('a replay shows only projects of which the reader is a member now', async (t) => {
  const [dave, erin] = [await someone('dave'), await someone('erin')];
  for (const each of [dave, erin]) await join(3, each);
  const topics = ['project:3', 'task:8'];
  const { rows } = await sql<{ id: number }>`select max(id) as id from events`.execute(app.db);
  const since = rows[0]?.id ?? 0;
  // One feed replays from memory, the other from the database.
  const known = feedOf(t);
  const byDave = await listening(known, dave, topics);
  await change(3, 8, 'One');
  await change(3, 8, 'Two');
  known.wake();
  await until(() => byDave.events().length === 2);
  for (const feed of [known, feedOf(t)]) {
    const before = await listening(feed, erin, topics, since);
    t.same(before.summaries(), ['One', 'Two'], 'each once, though of two topics');
    await leave(3, erin);
    const after = await listening(feed, erin, topics, since);
    t.same(after.texts, []);
    await join(3, erin);
    for (const { client } of [before, after]) client.close();
  }
  byDave.client.close();
});

t.test(
  'looks up the members of all projects at once, whatever the number of clients',
  async (t) => {
    const feed = feedOf(t);
    const frank = await someone('frank');
    const topics = Array.from({ length: 20 }, (_, index) => `project:${index + 10}`);
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => listening(feed, frank, topics)),
    );
    for (let project = 10; project < 30; project += 1) await join(project, frank);
    const statements = await recordStatements(async () => {
      await app.db.transaction().execute(async (trx) => {
        for (let project = 10; project < 30; project += 1) {
          await emit(systemContext(trx, clock.read()), {
            type: 'task.changed',
            resourceId: project,
            version: 2,
            topics: [`project:${project}`],
            isPublic: false,
            userId: null,
            projectId: project,
          });
        }
      });
      feed.wake();
      await until(() => clients.every(({ texts }) => texts.length === 20));
    });
    t.equal(statements.filter((text) => text.includes('test_members')).length, 1);
    const all = new Set(clients.flatMap(({ texts }) => texts));
    t.equal(all.size, 20);
    for (const { client } of clients) client.close();
  },
);

t.test('the owner of a personal task sees nothing of a project by that', (t) => {
  const { task } = eventPolicies;
  const viewer = { id: 1, credential: { kind: 'session', id: 1 } } as Viewer;
  const event = { resourceId: 1, isPublic: false, userId: 1, version: 1, hasChanges: true };
  t.equal(task.visiblePart(viewer, { ...event, projectId: null }, new Map()), 'all');
  t.equal(task.visiblePart(viewer, { ...event, projectId: 1 }, new Map()), null);
  t.end();
});
