import { sql } from 'kysely';
import pg from 'pg';
import t from 'tap';
import { createDatabase, type Database } from '#src/db/database.js';
import { poolOptions } from '#src/db/pool-options.js';
import { inTransaction } from '#src/db/transaction.js';
import { createTestDatabase } from '#test/support/database.js';

const url = await createTestDatabase(t);
const pool = new pg.Pool(
  poolOptions({
    url,
    min: 0,
    max: 4,
    maxLifetime: 3600,
    connectTimeout: 5000,
    statementTimeout: 20_000,
  }),
);
// The database may be dropped while a connection closes.
pool.on('error', () => undefined);
t.teardown(() => pool.end());
const db = createDatabase(pool, { named: true, timeout: 0 });
await sql`create table counters (id integer primary key, n integer not null)`.execute(db);

t.beforeEach(async () => {
  await sql`delete from counters`.execute(db);
  await sql`insert into counters values (1, 0), (2, 0)`.execute(db);
});

async function counters(on: Database = db): Promise<number[]> {
  const { rows } = await sql<{ n: number }>`select n from counters order by id`.execute(on);
  return rows.map(({ n }) => n);
}

const increment = (on: Database, id: number) =>
  sql`update counters set n = n + 1 where id = ${id}`.execute(on);

t.test('commits everything at the end', async (t) => {
  const result = await inTransaction({ db }, async ({ db: trx }) => {
    await increment(trx, 1);
    await increment(trx, 2);
    t.same(await counters(trx), [1, 1]);
    t.same(await counters(), [0, 0], 'invisible to others before');
    return 'done';
  });
  t.equal(result, 'done');
  t.same(await counters(), [1, 1]);
});

t.test('rolls back on an error and rethrows it without a retry', async (t) => {
  let attempts = 0;
  const fault = new Error('a fault');
  const failing = inTransaction({ db }, async ({ db: trx }) => {
    attempts += 1;
    await increment(trx, 1);
    throw fault;
  });
  t.equal(await failing.catch((error: unknown) => error), fault);
  t.equal(attempts, 1);

  const violating = inTransaction({ db }, async ({ db: trx }) => {
    attempts += 1;
    await increment(trx, 1);
    await sql`insert into counters values (2, 0)`.execute(trx);
  });
  await t.rejects(violating, { code: '23505' });
  t.equal(attempts, 2);
  t.same(await counters(), [0, 0]);
});

t.test('rolls back a failed savepoint alone', async (t) => {
  await inTransaction({ db }, async ({ db: trx }) => {
    await increment(trx, 1);
    const part = inTransaction({ db: trx }, async ({ db: inner }) => {
      await increment(inner, 2);
      // After an error PostgreSQL accepts no statements until the savepoint is rolled back.
      await sql`select 1 / 0`.execute(inner);
    });
    await t.rejects(part, { code: '22012' });
    t.same(await counters(trx), [1, 0]);
    await inTransaction({ db: trx }, async ({ db: inner }) => {
      await increment(inner, 2);
      await t.rejects(
        inTransaction({ db: inner }, async ({ db: innermost }) => {
          await increment(innermost, 2);
          throw new Error('a fault');
        }),
        { message: 'a fault' },
      );
    });
  });
  t.same(await counters(), [1, 1]);
});

t.test('rolls back a whole savepoint, even after a nested one has failed', async (t) => {
  await inTransaction({ db }, async ({ db: trx }) => {
    const part = inTransaction({ db: trx }, async ({ db: inner }) => {
      await increment(inner, 1);
      const fault = new Error('a fault');
      await t.rejects(
        inTransaction({ db: inner }, () => Promise.reject(fault)),
        fault,
      );
      throw new Error('another');
    });
    await t.rejects(part, { message: 'another' });
    t.same(await counters(trx), [0, 0]);
  });
});

t.test('rolls back completed savepoints with the outermost transaction', async (t) => {
  const failing = inTransaction({ db }, async ({ db: trx }) => {
    await inTransaction({ db: trx }, ({ db: inner }) => increment(inner, 1));
    t.same(await counters(trx), [1, 0]);
    throw new Error('a fault');
  });
  await t.rejects(failing, { message: 'a fault' });
  t.same(await counters(), [0, 0]);
});

/** Resolves for both callers once both have called. */
function meetingOfTwo(): () => Promise<void> {
  let arrived = 0;
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    arrived += 1;
    if (arrived >= 2) open();
    return gate;
  };
}

t.test('retries one of two deadlocked transactions', async (t) => {
  const meet = meetingOfTwo();
  let attempts = 0;
  const both = ([first, second]: [number, number]) =>
    inTransaction({ db }, async ({ db: trx }) => {
      attempts += 1;
      await increment(trx, first);
      await meet();
      await increment(trx, second);
    });
  await Promise.all([both([1, 2]), both([2, 1])]);
  // The server may abort either of them, or on a slow machine one after the other.
  t.ok(attempts > 2, `${attempts} attempts`);
  t.same(await counters(), [2, 2]);
});

/**
 * Changes a row that another transaction changes between its read and write, the given number of
 * times.
 */
function overtaken(times: number): { run: () => Promise<unknown>; attempts: () => number } {
  let attempts = 0;
  const run = () =>
    inTransaction({ db }, async ({ db: trx }) => {
      attempts += 1;
      await sql`set transaction isolation level repeatable read`.execute(trx);
      await counters(trx);
      if (attempts <= times) await increment(db, 1);
      // The whole transaction has to run again, even if the error occurs in a savepoint.
      await inTransaction({ db: trx }, ({ db: inner }) => increment(inner, 1));
    });
  return { run, attempts: () => attempts };
}

t.test('retries serialization failures', async (t) => {
  const { run, attempts } = overtaken(2);
  await run();
  t.equal(attempts(), 3);
  t.same(await counters(), [3, 0]);
});

t.test('rethrows the third failure', async (t) => {
  const { run, attempts } = overtaken(Number.POSITIVE_INFINITY);
  await t.rejects(run(), { code: '40001' });
  t.equal(attempts(), 3);
  t.same(await counters(), [3, 0]);
});
