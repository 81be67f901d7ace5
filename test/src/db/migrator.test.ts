import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type Migration, readMigrations } from '#src/db/migration-files.js';
import { migrateDown, migrateUp, migrationStatus } from '#src/db/migrator.js';
import { jobQueue, QUEUE_SCHEMA } from '#src/queue/install.js';
import { createTestDatabase } from '#test/support/database.js';
import { query } from './embedded/support.js';

const emptyDatabase = (t: Test) => createTestDatabase(t, 'template0');

function migration(name: string, up: string, down = ''): Migration {
  return { name, up, down, checksum: createHash('sha256').update(up).digest('hex') };
}

const one = migration('0001_one', 'create table one ()', 'drop table one');
const two = migration('0002_two', 'create table two ()', 'drop table two');

/** Every kind of object that migrations can create, one per line. */
async function schemaOf(url: string): Promise<unknown[]> {
  const rows = await query(
    url,
    `select 'column', attrelid::regclass::text, attname::text,
            format_type(atttypid, atttypmod) || attnotnull::text || attidentity::text
              || coalesce(pg_get_expr(adbin, adrelid), '') as what
       from pg_attribute join pg_class on pg_class.oid = attrelid
            left join pg_attrdef on adrelid = attrelid and adnum = attnum
       where relnamespace = 'public'::regnamespace and relkind <> 'i'
         and attnum > 0 and not attisdropped
     union all select 'index', '', '', pg_get_indexdef(indexrelid)
       from pg_index join pg_class on pg_class.oid = indexrelid
       where relnamespace = 'public'::regnamespace
     union all select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
       from pg_constraint where connamespace = 'public'::regnamespace
     union all select 'function', '', proname, prosrc
       from pg_proc where pronamespace = 'public'::regnamespace
     union all select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
       from pg_trigger where not tgisinternal
     union all select 'type', '', typname, typtype::text
       from pg_type where typnamespace = 'public'::regnamespace
     union all select 'extension', '', extname, extversion from pg_extension
     order by 1, 2, 3, 4`,
  );
  return rows;
}

async function tableNames(url: string): Promise<unknown[]> {
  const rows = await query(url, `select tablename from pg_tables where schemaname = 'public'`);
  return rows.map(({ tablename }) => tablename).sort();
}

t.test('reverts and reapplies every migration', async (t) => {
  const url = await emptyDatabase(t);
  const migrations = readMigrations();
  t.ok(migrations.length > 0);
  await migrateUp(url, []);
  const schemas = [await schemaOf(url)];
  t.same(await tableNames(url), ['migrations']);

  for (let n = 1; n <= migrations.length; n += 1) {
    t.same(await migrateUp(url, migrations.slice(0, n)), [migrations[n - 1]?.name]);
    schemas.push(await schemaOf(url));
  }
  for (let n = migrations.length; n >= 1; n -= 1) {
    t.same(await migrateDown(url, migrations), [migrations[n - 1]?.name]);
    t.same(await schemaOf(url), schemas[n - 1], `${migrations[n - 1]?.name} leaves nothing`);
  }
  t.same(await migrateDown(url, migrations), []);
  t.same(await query(url, 'select from pg_proc where pronamespace = $$public$$::regnamespace'), []);

  const names = migrations.map(({ name }) => name);
  t.same(await migrateUp(url, migrations), names);
  t.same(await schemaOf(url), schemas.at(-1));
  t.same(await migrateDown(url, migrations, { steps: 1000 }), names.reverse());
  t.same(await schemaOf(url), schemas[0]);
});

t.test('creates the job queue with the migrations and removes it with the last one', async (t) => {
  const url = await emptyDatabase(t);
  const queue = async () =>
    (await query(url, `select from pg_namespace where nspname = '${QUEUE_SCHEMA}'`)).length;
  await migrateUp(url, [one, two], [jobQueue]);
  t.equal(await queue(), 1);
  await query(url, `select ${QUEUE_SCHEMA}.add_job('kept')`);
  await migrateUp(url, [one, two], [jobQueue]);
  t.equal((await query(url, `select from ${QUEUE_SCHEMA}.jobs`)).length, 1, 'jobs are kept');

  await migrateDown(url, [one, two], { companions: [jobQueue] });
  t.equal(await queue(), 1);
  await migrateDown(url, [one, two], { companions: [jobQueue] });
  t.equal(await queue(), 0);
  await migrateDown(url, [one, two], { companions: [jobQueue] });
  t.equal(await queue(), 0);
  await migrateUp(url, [one, two], [jobQueue]);
  t.equal(await queue(), 1);
  t.equal((await query(url, `select from ${QUEUE_SCHEMA}.jobs`)).length, 0);
});

t.test('makes the second of two concurrent runs wait', async (t) => {
  const url = await emptyDatabase(t);
  const slow = migration('0001_slow', 'select pg_sleep(0.3); create table slow ()');
  const runs = await Promise.all(
    [1, 2].map(async () => {
      const names = await migrateUp(url, [slow, two]);
      // The other run releases its lock before its promise resolves, so the database is asked.
      const applied = await query(url, 'select from migrations');
      t.equal(applied.length, 2, 'the other run had committed');
      return names;
    }),
  );
  t.same(runs.flat(), ['0001_slow', '0002_two']);
  t.ok(runs.some((names) => names.length === 0));
});

t.test('rolls back a failed migration and keeps earlier ones', async (t) => {
  const url = await emptyDatabase(t);
  const broken = migration('0002_broken', 'create table half (); select 1 / 0');
  await t.rejects(migrateUp(url, [one, broken, migration('0003_three', '')]), {
    message: 'The migration 0002_broken failed and was rolled back: division by zero',
  });
  t.same(await tableNames(url), ['migrations', 'one']);
  t.same(
    (await migrationStatus(url, [one, broken])).map(({ applied_at }) => typeof applied_at),
    ['string', 'object'],
  );
  t.same(await migrateUp(url, [one, two]), ['0002_two'], 'applies the fixed migration');

  const stuck = { ...two, down: 'drop table two; select 1 / 0' };
  await t.rejects(migrateDown(url, [one, stuck], { steps: 2 }), { message: /0002_two failed/ });
  t.same(await tableNames(url), ['migrations', 'one', 'two']);
});

t.test('reports a lost connection as a failure', async (t) => {
  const url = await emptyDatabase(t);
  const endless = migration('0001_endless', 'create table half (); select pg_sleep(60)');
  const failing = t.rejects(migrateUp(url, [endless]), {
    message: /^The migration 0001_endless failed and was rolled back: terminating connection/,
  });
  const end = `select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and query like '%pg_sleep(60)'`;
  while ((await query(url, end)).length === 0) await sleep(10);
  await failing;
  t.same(await tableNames(url), ['migrations']);
});

t.test('rejects changed or unknown migrations and does nothing', async (t) => {
  const url = await emptyDatabase(t);
  await migrateUp(url, [one]);
  const changed = migration(one.name, `${one.up}; -- better`, one.down);
  for (const run of [migrateUp, migrateDown]) {
    await t.rejects(run(url, [changed, two]), {
      message: 'The migration 0001_one was changed after it had been applied.',
    });
    await t.rejects(run(url, [two]), {
      message: 'The database has the migration 0001_one, which this version does not know.',
    });
  }
  t.same(await tableNames(url), ['migrations', 'one']);
  t.same(await migrateDown(url, [{ ...one, down: 'drop table if exists one' }]), ['0001_one']);
});

t.test('reports the status without changes', async (t) => {
  const url = await emptyDatabase(t);
  const none = [one, two].map(({ name }) => ({ name, applied_at: null }));
  t.same(await migrationStatus(url, [one, two]), none);
  t.same(await tableNames(url), []);
  const before = Date.now();
  await migrateUp(url, [one]);
  const [first, second] = await migrationStatus(url, [one, two]);
  const appliedAt = Date.parse(first?.applied_at ?? '');
  t.ok(appliedAt >= before - 1000 && appliedAt <= Date.now() + 1000);
  t.same(second, none[1]);
});

t.test('reads the files of a folder', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  t.same(readMigrations(folder), []);

  write('0002_two.up.sql', two.up);
  write('0002_two.down.sql', two.down);
  write('0001_one.up.sql', one.up);
  t.throws(() => readMigrations(folder), { message: /0001_one has no 0001_one\.down\.sql/ });
  write('0001_one.down.sql', one.down);
  write('README.md', 'not a migration');
  t.same(readMigrations(folder), [one, two]);

  write('0002_again.up.sql', '');
  write('0002_again.down.sql', '');
  t.throws(() => readMigrations(folder), { message: 'Two migrations have the number 0002.' });
});
