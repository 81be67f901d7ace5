import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import t from 'tap';
import { createDatabase } from '#src/db/database.js';
import { pipelinedPoolOptions } from '#src/db/pool-options.js';
import { findSettledEvent, insertEvents } from '#src/events/store.js';
import { listSettledEvents } from '#src/live/stores/events.js';
import { createTestDatabase } from '#test/support/database.js';
import { Random } from '#test/support/random.js';

const WRITERS = 50;
const TRANSACTIONS = 20;

const url = await createTestDatabase(t);
const pool = new pg.Pool(
  pipelinedPoolOptions({
    url,
    min: 0,
    max: WRITERS + 2,
    maxLifetime: 0,
    connectTimeout: 20_000,
    statementTimeout: 20_000,
  }),
);
pool.on('error', () => undefined);
t.teardown(() => pool.end());
const db = createDatabase(pool, { named: true, timeout: 20_000 });

const event = (resource_id: number) => ({
  at: new Date().toISOString(),
  type: 'task.changed',
  topics: ['user:1'],
  resource_id,
  version: 1,
  is_public: false,
  user_id: 1,
  actor_id: null,
  client_id: null,
  changes: {},
  omitted: [],
  project_id: null,
  former: null,
});

t.test(
  'a reader sees every event of 50 writers once and in order, whatever commits first',
  async (t) => {
    const random = new Random(14);
    const committed = new Set<number>();
    let isOver = false;

    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let count = 0; count < TRANSACTIONS; count += 1) {
        const number = writer * TRANSACTIONS + count + 1;
        const [delay, other, fails] = [random.int(0, 20), random.int(0, 5), random.int(0, 9) === 0];
        const trx = await db.startTransaction().execute();
        await insertEvents(trx, [event(number)]);
        await sleep(delay);
        // A second statement of the same transaction, as a change of several things makes.
        await insertEvents(trx, [event(10_000 + number)]);
        await sleep(other);
        if (fails) await trx.rollback().execute();
        else {
          await trx.commit().execute();
          committed.add(number).add(10_000 + number);
        }
      }
    });

    const seen: { id: number; number: number }[] = [];
    const reader = (async () => {
      for (let last = false; ; last = isOver) {
        const after = seen.at(-1)?.id ?? 0;
        const rows = await listSettledEvents(db, after, 7);
        seen.push(...rows.map(({ id, resource_id }) => ({ id, number: resource_id })));
        if (last && rows.length === 0) return;
      }
    })();
    await Promise.all(writers);
    isOver = true;
    await reader;

    const ids = seen.map(({ id }) => id);
    t.same(
      ids,
      [...ids].sort((one, other) => one - other),
      'in the order of ids',
    );
    const numbers = seen.map(({ number }) => number);
    t.equal(new Set(numbers).size, numbers.length, 'none twice');
    t.equal(numbers.length, committed.size, 'none lost');
    t.ok(
      numbers.every((number) => committed.has(number)),
      'none that was rolled back',
    );
  },
);

t.test('an open transaction holds back only later events, and only its own database', async (t) => {
  const before = await findSettledEvent(db);
  await insertEvents(db, [event(1)]);
  const first = await findSettledEvent(db);
  t.equal(first, before + 1, 'settled with its commit');

  const open = await db.startTransaction().execute();
  await insertEvents(open, [event(2)]);
  await sql`select 1`.execute(open);
  await insertEvents(db, [event(3)]);
  t.equal(await findSettledEvent(db), first);
  t.same(await listSettledEvents(db, first, 10), []);

  // Takes an id of a transaction, but writes no events.
  const unrelated = await db.startTransaction().execute();
  await sql`create temporary table other (id integer)`.execute(unrelated);
  await open.commit().execute();
  const rows = await listSettledEvents(db, first, 10);
  t.same(
    rows.map(({ resource_id }) => resource_id),
    [2, 3],
  );
  await unrelated.rollback().execute();

  const lost = await db.startTransaction().execute();
  await insertEvents(lost, [event(4)]);
  await sql`select 1`.execute(lost);
  await insertEvents(db, [event(5)]);
  await lost.rollback().execute();
  const after = await listSettledEvents(db, rows.at(-1)?.id ?? 0, 10);
  t.same(
    after.map(({ resource_id }) => resource_id),
    [5],
    'what was rolled back leaves a hole that nobody waits for',
  );
});

t.test('keeps ids beyond 32 bits in order', async (t) => {
  await sql`select setval('events_id_seq', ${2 ** 32 + 5})`.execute(db);
  const open = await db.startTransaction().execute();
  await insertEvents(open, [event(6)]);
  await sql`select 1`.execute(open);
  await insertEvents(db, [event(7)]);
  t.equal(await findSettledEvent(db), 2 ** 32 + 5);
  await open.commit().execute();
  t.equal(await findSettledEvent(db), 2 ** 32 + 7);
});
