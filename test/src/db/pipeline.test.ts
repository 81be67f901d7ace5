import { sql } from 'kysely';
import pg from 'pg';
import t, { type Test } from 'tap';
import { createDatabase } from '#src/db/database.js';
import { pipelinedPoolOptions } from '#src/db/pool-options.js';
import { lookup, statement } from '#src/db/statement.js';
import { createTestDatabase } from '#test/support/database.js';
import { until } from '#test/support/waiting.js';

const url = await createTestDatabase(t);

/** Opens a pool whose statements end within two seconds. */
function open(t: Test, max = 3) {
  const pool = new pg.Pool(
    pipelinedPoolOptions({
      url,
      min: 0,
      max,
      maxLifetime: 0,
      connectTimeout: 300,
      statementTimeout: 5000,
    }),
  );
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  t.teardown(() => pool.end());
  return { pool, db: createDatabase(pool, { named: true, timeout: 2000 }) };
}

/** Returns the process of the server that has run the statement. */
const backend = lookup((db, { seconds }: { seconds: number }) =>
  db.selectNoFrom([
    sql<number>`pg_backend_pid()`.as('pid'),
    sql`pg_sleep(${seconds}::float8)`.as('slept'),
  ]),
);

const divide = lookup((db, { by }: { by: number }) =>
  db.selectNoFrom([sql<number>`60 / ${by}::int`.as('result')]),
);

const pidsOf = (replies: { pid: number }[][]) => new Set(replies.flat().map(({ pid }) => pid));

/** Whether all connections are back in the pool. */
const isIdle = ({ totalCount, idleCount }: pg.Pool) => totalCount === idleCount;

t.test('lookups at the same time share a connection, more of them a few', async (t) => {
  const { pool, db } = open(t);
  const some = Array.from({ length: 8 }, () => backend(db, { seconds: 0 }));
  t.equal(pidsOf(await Promise.all(some)).size, 1);
  const many = Array.from({ length: 20 }, () => backend(db, { seconds: 0.01 }));
  t.equal(pidsOf(await Promise.all(many)).size, 3);
  await until(() => isIdle(pool));
});

t.test('each gets its own result or error', async (t) => {
  const { pool, db } = open(t);
  const results = await Promise.allSettled([1, 2, 0, 3].map((by) => divide(db, { by })));
  t.match(results, [
    { value: [{ result: 60 }] },
    { value: [{ result: 30 }] },
    { reason: { code: '22012' } },
    { value: [{ result: 20 }] },
  ]);
  await until(() => isIdle(pool));
  t.equal(pool.totalCount, 1, 'the connection is still in use');
});

t.test('waits for a connection as long as any other statement', async (t) => {
  const { pool, db } = open(t, 1);
  const held = await pool.connect();
  const refused = [1, 2].map((by) => t.rejects(divide(db, { by }), /timeout exceeded/));
  await Promise.all(refused);
  const waiting = divide(db, { by: 5 });
  held.release();
  t.same(await waiting, [{ result: 12 }]);
});

t.test('a lost connection fails its statements, and is replaced', async (t) => {
  const { pool, db } = open(t);
  const [{ pid } = { pid: 0 }] = await backend(db, { seconds: 0 });
  const cut = [0, 1, 2].map(() => t.rejects(backend(db, { seconds: 1 })));
  await pool.query('select pg_terminate_backend($1)', [pid]);
  await Promise.all(cut);
  t.not((await backend(db, { seconds: 0 }))[0]?.pid, pid);
  await until(() => isIdle(pool));
});

t.test('gives up on a silent server, for all statements of the connection', async (t) => {
  const { pool, db } = open(t);
  const silent = [3, 3].map((seconds) => t.rejects(backend(db, { seconds })));
  await Promise.all(silent);
  t.same(await divide(db, { by: 6 }), [{ result: 10 }]);
  await until(() => isIdle(pool));
});

t.test('runs within a transaction, and on a connection of its own', async (t) => {
  const { db } = open(t);
  await db.transaction().execute(async (trx) => {
    const own = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
    t.same(await backend(trx, { seconds: 0 }), [{ pid: own.rows[0]?.pid, slept: '' }]);
  });
  await db.connection().execute(async (connection) => {
    const own = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(connection);
    t.match(await backend(connection, { seconds: 0 }), [{ pid: own.rows[0]?.pid }]);
  });
});

t.test('a transaction whose first statement fails changes nothing', async (t) => {
  const { pool, db } = open(t);
  await sql`create table kept (n int primary key)`.execute(db);
  const failing = db.transaction().execute(async (trx) => {
    await sql`insert into kept values (${1}::int)`.execute(trx);
    await sql`insert into kept values (${1}::int)`.execute(trx);
  });
  await t.rejects(failing, { code: '23505' });
  t.same((await pool.query('select n from kept')).rows, []);
});

t.test('compiles each shape once, and maps values to parameters by name', async (t) => {
  const { db } = open(t);
  let built = 0;
  const shaped = statement(
    (db, { a, b }: { a: number; b: string }, { isTwice }: { isTwice: boolean }) => {
      built += 1;
      const one = sql<string>`concat(${b}::text, ${a}::int, 'c'::text)`;
      return db.selectNoFrom([isTwice ? sql<string>`repeat(${one}, 2)`.as('r') : one.as('r')]);
    },
  );
  for (const [a, b, isTwice, r] of [
    [1, 'x', false, 'x1c'],
    [2, 'y', false, 'y2c'],
    [3, 'z', true, 'z3cz3c'],
    [4, '', true, '4c4c'],
  ] as const) {
    t.same(await shaped.run(db, { a, b }, { isTwice }), [{ r }]);
    t.same(await shaped.lookUp(db, { b, a }, { isTwice }), [{ r }]);
  }
  t.equal(built, 2);
});
