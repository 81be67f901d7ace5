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
  t.equal(pidsOf(await Promise.all(many)).size, 2, 'one is left to others');
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

t.test('gives a connection back once, also if it is lost in the same turn', async (t) => {
  const { pool, db } = open(t);
  await backend(db, { seconds: 0 });
  await until(() => isIdle(pool));
  const first = backend(db, { seconds: 0 });
  await first;
  // The lane has nothing to do and is about to be given back.
  const [client] = (pool as pg.Pool & { _clients: pg.PoolClient[] })._clients;
  Object.assign(client ?? {}, { _queryable: false });
  await t.rejects(backend(db, { seconds: 0 }), /not queryable/);
  await until(() => isIdle(pool));
  t.same(await divide(db, { by: 6 }), [{ result: 10 }]);
});

t.test('leaves connections to others, and takes turns with them', async (t) => {
  const { pool, db } = open(t, 1);
  let isOver = false;
  const readers = Array.from({ length: 4 }, async () => {
    while (!isOver) await backend(db, { seconds: 0.002 });
  });
  for (let count = 0; count < 5; count += 1) {
    await db.transaction().execute((trx) => sql`select 1`.execute(trx));
  }
  isOver = true;
  await Promise.all(readers);
  await until(() => isIdle(pool));
  const many = open(t, 3);
  await Promise.all(Array.from({ length: 100 }, () => backend(many.db, { seconds: 0.001 })));
  t.equal(many.pool.totalCount, 2);
});

t.test(
  'a BEGIN that is refused fails the transaction, whose other statements do not run',
  async (t) => {
    const { pool, db } = open(t);
    await sql`create table refused (n int)`.execute(db);
    const failing = db.transaction().execute(async (trx) => {
      const [client] = (pool as pg.Pool & { _clients: pg.PoolClient[] })._clients;
      // The answer to BEGIN is still on its way. A private property of the driver, because no server
      // refuses BEGIN on request.
      const queue = (client as unknown as { _activeQuery: { handleError(error: Error): void } })
        ._activeQuery;
      queue.handleError(new Error('refused'));
      await sql`insert into refused values (${1}::int)`.execute(trx);
      await sql`insert into refused values (${2}::int)`.execute(trx);
    });
    await t.rejects(failing, /refused/);
    t.not((await pool.query('select count(*)::int as n from refused where n = 2')).rows[0].n, 1);
  },
);
