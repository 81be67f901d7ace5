import { sql } from 'kysely';
import t from 'tap';
import { EVENT_RESOURCES, type EventType, MAX_FIELD_BYTES } from '#schemas/events.js';
import { HistoryPage, HistoryQuery } from '#schemas/history.js';
import { components } from '#schemas/index.js';
import type { Author } from '#schemas/posts.js';
import { Ref } from '#schemas/types.js';
import { systemContext } from '#src/access/context.js';
import { deleteEventsOfProject, emit, type NewEvent } from '#src/events/events.js';
import { ALL_AUTHOR_FIELDS, FIELDS } from '#src/events/fields.js';
import { listHistory } from '#src/events/history.js';
import { deleteUser } from '#src/people/services/user-changes.js';
import { createTestApp } from '#test/support/app.js';
import { examinedRows } from '#test/support/examined-rows.js';
import { recordCalls } from '#test/support/statements.js';

const { app, clock, databaseUrl, createUser } = await createTestApp(
  t,
  {},
  {
    routes: (app) => {
      app.get<{ Params: { id: number }; Querystring: HistoryQuery }>(
        '/test/history/:id',
        { schema: { querystring: HistoryQuery, response: { 200: Ref(HistoryPage) } } },
        ({ params: { id }, query }) =>
          listHistory(app, { projectId: 7, resource: 'post', resourceId: Number(id) }, query),
      );
    },
  },
);

async function someone(username: string): Promise<Author> {
  const { id } = await createUser({ username, nickname: `The ${username}` });
  return { id, username, nickname: `The ${username}`, avatar_url: null };
}

const context = () => systemContext(app.db, clock.read());

/** Emits an event of a resource of project 7. */
function happen(resourceId: number, type: EventType, event: Partial<NewEvent> = {}, by?: Author) {
  const viewer = by === undefined ? null : { ...by, role: 'author', permissions: 7 };
  // Only the id of the viewer is stored; a credential would say nothing here.
  return emit(
    { ...context(), viewer: viewer as unknown as ReturnType<typeof systemContext>['viewer'] },
    {
      type,
      resourceId,
      version: 1,
      topics: ['project:7'],
      isPublic: false,
      userId: null,
      projectId: 7,
      ...event,
    },
  );
}

async function read(id: number, query = '') {
  const reply = await app.inject({ url: `/test/history/${id}?${query}` });
  return { status: reply.statusCode, ...reply.json() };
}

t.test('tells who changed what, newest first, with former values', async (t) => {
  const [alice, bob] = [await someone('alice'), await someone('bob')];
  const first = { title: 'One', author: alice, category: null, updated_at: 'a', secret: 'x' };
  const second = { ...first, title: 'Two', author: bob, updated_at: 'b', category: { id: 3 } };
  await happen(1, 'post.created', { after: first }, alice);
  await happen(1, 'post.changed', { version: 2, before: first, after: second }, bob);
  await happen(1, 'post.changed', {
    version: 3,
    before: second,
    after: { ...second, author: null },
  });
  await happen(1, 'post.deleted', { version: null });
  // Of others.
  await happen(2, 'post.created', { after: first });
  await happen(1, 'comment.created', { after: { content: 'x' } });
  await happen(1, 'post.changed', { before: first, after: second, projectId: 8 });
  await happen(1, 'post.changed', { before: first, after: second, projectId: null });

  const { items, total } = await read(1);
  t.equal(total, 4);
  t.same(
    items.map(({ type, version }: { type: string; version: number }) => [type, version]),
    [
      ['post.deleted', null],
      ['post.changed', 3],
      ['post.changed', 2],
      ['post.created', 1],
    ],
  );
  const [deleted, third, changed, created] = items;
  t.same([deleted.changes, deleted.actor, deleted.omitted], [[], null, []]);
  t.same(third.changes, [{ field: 'author', from: bob, to: null }]);
  t.equal(changed.at, clock.read().toISOString());
  t.same(changed.actor, bob);
  const byField = (entry: typeof changed) =>
    Object.fromEntries(
      entry.changes.map(({ field, from, to }: Record<string, unknown>) => [field, [from, to]]),
    );
  t.same(byField(changed), {
    title: ['One', 'Two'],
    author: [alice, bob],
    category: [null, { id: 3 }],
  });
  t.same(byField(created), { title: [null, 'One'], author: [null, alice], category: [null, null] });
});

t.test('names what is too long, and keeps what is not', async (t) => {
  const long = 'x'.repeat(MAX_FIELD_BYTES);
  const states = [{ content: 'short' }, { content: long }, { content: 'again' }];
  await happen(3, 'post.created', { after: { content: long, title: 'T' } });
  await happen(3, 'post.changed', { before: states[0] as object, after: states[1] as object });
  await happen(3, 'post.changed', { before: states[1] as object, after: states[2] as object });
  const { items } = await read(3);
  t.same(items[0].changes, [{ field: 'content', from: null, to: 'again' }]);
  t.same(items[0].omitted, ['content'], 'the former value');
  t.same(items[1].changes, []);
  t.same(items[1].omitted, ['content'], 'the new value');
  t.same(items[2].changes, [{ field: 'title', from: null, to: 'T' }]);
  t.same(items[2].omitted, ['content'], 'of a new resource');

  // All together must fit, too.
  const names = Object.keys(FIELDS.post).filter((name) => name !== 'author');
  const full = Object.fromEntries(names.map((name) => [name, 'y'.repeat(4000)]));
  const empty = Object.fromEntries(names.map((name) => [name, '']));
  await happen(4, 'post.changed', { before: full, after: empty });
  const { rows } = await sql<{ former: object }>`
    select former from events where resource_id = 4`.execute(app.db);
  t.ok(JSON.stringify(rows[0]?.former).length < 18_000);
  t.ok((await read(4)).items[0].omitted.length > 3);
});

t.test('keeps former values only in projects', async (t) => {
  const [before, after] = [{ title: 'One' }, { title: 'Two' }];
  await happen(5, 'post.changed', { before, after, projectId: null });
  await happen(5, 'post.created', { after });
  const { rows } = await sql<{ project_id: number; former: null }>`
    select project_id, former from events where resource_id = 5 order by id`.execute(app.db);
  t.same(rows, [
    { project_id: null, former: null },
    { project_id: 7, former: null },
  ]);
});

t.test('a deleted user is named nowhere, and the history of a project stays', async (t) => {
  const carol = await someone('carol');
  const by = { author: carol, title: 'By carol' };
  await happen(6, 'post.created', { after: by, userId: carol.id }, carol);
  await happen(6, 'post.changed', { before: by, after: { ...by, author: null }, userId: carol.id });
  await emit(context(), {
    type: 'task.created',
    resourceId: 6,
    version: 1,
    topics: [`user:${carol.id}`],
    isPublic: false,
    userId: carol.id,
    after: { summary: 'Private words' },
  });
  t.match((await read(6)).items[1], {
    actor: carol,
    changes: [{ field: 'title' }, { field: 'author', to: carol }],
  });
  await deleteUser(context(), carol.id);
  const { items } = await read(6);
  t.same(items[0].changes, [{ field: 'author', from: null, to: null }]);
  t.equal(items[1].actor, null);
  t.notMatch(JSON.stringify(items), 'The carol');
  const { rows } = await sql<{ row: string }>`select events::text as row from events`.execute(
    app.db,
  );
  const stored = rows.map(({ row }) => row).join();
  t.notMatch(stored, 'The carol');
  t.notMatch(stored, 'Private words');
  t.match(stored, 'By carol');
});

t.test('pages by cursor and by number, within the bytes of a response', async (t) => {
  for (let n = 1; n <= 25; n += 1) {
    await happen(8, 'post.changed', {
      version: n,
      before: { title: '' },
      after: { title: `${n}` },
    });
  }
  const versions: number[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof read>> = await read(8, `size=10&cursor=${cursor}`);
    t.equal(page.status, 200);
    versions.push(...page.items.map(({ version }: { version: number }) => version));
    cursor = page.next_cursor;
  }
  t.same(
    versions,
    Array.from({ length: 25 }, (_, index) => 25 - index),
  );
  t.match(await read(8, 'size=10&page=3'), { total: 25, pages: 3, items: { length: 5 } });
  t.equal((await read(8, 'cursor=forged')).status, 422);

  const value = () =>
    Object.fromEntries(['title', 'summary', 'slug'].map((n) => [n, 'z'.repeat(4000)]));
  for (let n = 0; n < 100; n += 1) {
    await happen(9, 'post.changed', {
      before: { title: '', summary: '', slug: '' },
      after: value(),
    });
  }
  const { items } = await read(9, 'size=100');
  t.equal(items.length, 100);
  t.match(items.at(-1), { is_truncated: true, changes: { length: 0 } });
  t.notOk('is_truncated' in items[0]);
});

t.test('reads the index of the resource, with two statements', async (t) => {
  await sql`
    insert into events (type, topics, resource_id, is_public, changes, project_id)
    select 'post.changed', array['project:9'], 1 + n % 4000, false, '{}', 9
    from generate_series(1, 20000) n`.execute(app.db);
  await sql`analyze events`.execute(app.db);
  const of = { projectId: 9, resource: 'post', resourceId: 40 } as const;
  const statements = await recordCalls(async () => {
    const { items } = await listHistory(app, of, { page: 1, size: 10 });
    t.equal(items.length, 5);
  });
  t.equal(statements.length, 2);
  // Five rows, each with the places of up to seven users.
  t.ok((await examinedRows(databaseUrl, statements)) <= 35);
});

t.test('deletes all events of a project, in parts', async (t) => {
  const statements = await recordCalls(() => deleteEventsOfProject(app.db, 9));
  t.equal(statements.length, 5, '20,000 of at most 5,000, and none');
  const { rows } = await sql<{ project_id: number; count: number }>`
    select project_id, count(*) from events where project_id in (7, 8, 9) group by 1`.execute(
    app.db,
  );
  t.same(rows.map(({ project_id }) => project_id).sort(), [7, 8]);
});

t.test('every user in a field of an event is stored by id', (t) => {
  const definitions = new Map<string, object>(components.map((each) => [each.$id, each]));
  const contains = (schema: unknown, seen = new Set<string>()): boolean => {
    if (typeof schema !== 'object' || schema === null) return false;
    const { $ref } = schema as { $ref?: string };
    if ($ref === 'Author') return true;
    if ($ref !== undefined && !seen.has($ref)) {
      return contains(definitions.get($ref), seen.add($ref));
    }
    return Object.values(schema).some((each) => contains(each, seen));
  };
  t.same([...ALL_AUTHOR_FIELDS].sort(), ['actor', 'author', 'user']);
  for (const resource of EVENT_RESOURCES) {
    for (const [name, schema] of Object.entries(FIELDS[resource])) {
      const isNamed = contains(schema);
      t.equal(isNamed, ALL_AUTHOR_FIELDS.includes(name), `${resource}: ${name}`);
    }
  }
  t.end();
});
