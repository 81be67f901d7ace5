import { sql } from 'kysely';
import pg from 'pg';
import t from 'tap';
import { createDatabase, type Database } from '#src/db/database.js';
import { pipelinedPoolOptions } from '#src/db/pool-options.js';
import { UNAWAITED } from '#src/db/statement-policy.js';
import { inTransaction, UnitOfWork } from '#src/db/transaction.js';
import { createTestDatabase } from '#test/support/database.js';

const pool = new pg.Pool(
  pipelinedPoolOptions({
    url: await createTestDatabase(t),
    min: 0,
    max: 3,
    maxLifetime: 0,
    connectTimeout: 5000,
    statementTimeout: 20_000,
  }),
);
// The database may be dropped while a connection closes.
pool.on('error', () => undefined);
pool.on('connect', (client) => client.on('error', () => undefined));
t.teardown(() => pool.end());
const db = createDatabase(pool, { named: true, timeout: 20_000 });
await sql`create table entries (id integer primary key)`.execute(db);

t.beforeEach(() => sql`delete from entries`.execute(db));

const insert = (trx: Database, id: number) =>
  sql`insert into entries values (${id}) ${UNAWAITED}`.execute(trx);

async function stored(on: Database = db): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`select id from entries order by id`.execute(on);
  return rows.map(({ id }) => id);
}

t.test('is not waited for, runs in order, and is committed', async (t) => {
  await inTransaction({ db }, async ({ db: trx }) => {
    await sql`select pg_sleep(${0.3}::float8) ${UNAWAITED}`.execute(trx);
    const { rows } = await pool.query(`select from pg_stat_activity where state = 'active'
      and query like 'select pg_sleep%' and datname = current_database()`);
    t.equal(rows.length, 1, 'still runs');
    await insert(trx, 1);
    t.same(await stored(trx), [1]);
    await insert(trx, 2);
  });
  t.same(await stored(), [1, 2]);
});

t.test('fails the next statement, which may be the COMMIT, with its error', async (t) => {
  const before = inTransaction({ db }, async ({ db: trx }) => {
    await insert(trx, 1);
    await insert(trx, 1);
    await stored(trx);
  });
  await t.rejects(before, { code: '23505' });
  const last = inTransaction({ db }, async ({ db: trx }) => {
    await insert(trx, 1);
    await insert(trx, 1);
  });
  await t.rejects(last, { code: '23505' });
  const unit = new UnitOfWork(db);
  await unit.run(async (trx) => {
    await insert(trx, 1);
    await insert(trx, 1);
  });
  await t.rejects(unit.commit(), { code: '23505' });
  await unit.rollback();
  t.same(await stored(), []);
  t.equal(pool.idleCount, pool.totalCount, 'all connections are back');
});

t.test('fails only its savepoint', async (t) => {
  await inTransaction({ db }, async (trx) => {
    await insert(trx.db, 1);
    const part = inTransaction(trx, async ({ db: part }) => {
      await insert(part, 2);
      await insert(part, 1);
    });
    await t.rejects(part, { code: '23505' });
    await insert(trx.db, 3);
  });
  t.same(await stored(), [1, 3]);
});

t.test('leaves the enclosing savepoint to be rolled back, too', async (t) => {
  const refusal = new Error('refused');
  await inTransaction({ db }, async (trx) => {
    await insert(trx.db, 0);
    const middle = inTransaction(trx, async (part) => {
      await insert(part.db, 1);
      const inner = inTransaction(part, async ({ db: innermost }) => {
        await insert(innermost, 0);
        throw refusal;
      });
      t.equal(await inner.catch((error: unknown) => error), refusal, 'the first error');
      throw refusal;
    });
    t.equal(await middle.catch((error: unknown) => error), refusal);
  });
  t.same(await stored(), [0]);

  const whole = inTransaction({ db }, async ({ db: trx }) => {
    await insert(trx, 0);
    throw refusal;
  });
  t.equal(await whole.catch((error: unknown) => error), refusal);
});

t.test('is waited for outside of a transaction', async (t) => {
  await insert(db, 1);
  await t.rejects(insert(db, 1), { code: '23505' });
  await t.rejects(insert(db, 1), { code: '23505' }, 'after a transaction, too');
  t.same(await stored(), [1]);
});

t.test('a lost connection fails the transaction', async (t) => {
  const failing = inTransaction({ db }, async ({ db: trx }) => {
    await insert(trx, 1);
    await sql`select pg_terminate_backend(pg_backend_pid()) ${UNAWAITED}`.execute(trx);
    await insert(trx, 2);
  });
  await t.rejects(failing);
  t.same(await stored(), []);
});
