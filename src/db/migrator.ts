import pg from 'pg';
import type { Migration } from './migration-files.js';

/** A migration, and when it was applied. */
export interface MigrationStatus {
  name: string;
  /** ISO 8601 in UTC; null if pending. */
  applied_at: string | null;
}

/** A migration that failed. Its message may have several lines. */
export class MigrationError extends Error {}

/** Key of the advisory lock; any number not used by another lock in the database. */
const LOCK = 4_710_221;

interface Applied {
  name: string;
  checksum: string;
  applied_at: Date;
}

/** A library with its own tables and migrations in the same database. */
export interface Companion {
  /** Installs or upgrades the library. Runs after the project's migrations, under their lock. */
  install(url: string): Promise<void>;
  /**
   * Removes the library with all its data. Runs after the project's last migration was reverted.
   */
  remove(client: pg.Client): Promise<void>;
}

/**
 * Applies all pending migrations in order, each in its own transaction, then installs the
 * companions. Concurrent runs wait for each other; the second finds nothing left to do.
 *
 * @returns the names of the migrations applied by this run
 * @throws MigrationError if a migration fails; Error if an applied one was changed or is missing
 *   from `migrations`
 */
export function migrateUp(
  url: string,
  migrations: Migration[],
  companions: readonly Companion[] = [],
): Promise<string[]> {
  return withLock(url, async (client) => {
    const applied = await readApplied(client);
    assertUnchanged(applied, migrations);
    const done = new Set(applied.map((row) => row.name));
    const names: string[] = [];
    for (const migration of migrations) {
      if (done.has(migration.name)) continue;
      const { prepare, up } = migration;
      const apply = async () => {
        await prepare?.(client);
        await client.query(up);
      };
      await step(client, migration, apply, {
        text: 'insert into migrations (name, checksum) values ($1, $2)',
        values: [migration.name, migration.checksum],
      });
      names.push(migration.name);
    }
    for (const { install } of companions) await install(url);
    return names;
  });
}

/**
 * Reverts the last `steps` migrations, newest first. When none is left, removes the companions too.
 *
 * @returns the names of the reverted migrations
 * @throws MigrationError if a migration fails; Error if an applied one was changed or is missing
 *   from `migrations`
 */
export function migrateDown(
  url: string,
  migrations: Migration[],
  { steps = 1, companions = [] }: { steps?: number; companions?: readonly Companion[] } = {},
): Promise<string[]> {
  return withLock(url, async (client) => {
    const applied = await readApplied(client);
    assertUnchanged(applied, migrations);
    const byName = new Map(migrations.map((migration) => [migration.name, migration]));
    const names: string[] = [];
    for (const { name } of applied.toReversed().slice(0, steps)) {
      const migration = byName.get(name);
      if (migration === undefined) throw new Error(`The migration ${name} is missing.`);
      await step(client, migration, () => client.query(migration.down), {
        text: 'delete from migrations where name = $1',
        values: [name],
      });
      names.push(name);
    }
    if (names.length === applied.length) {
      for (const { remove } of companions) await remove(client);
    }
    return names;
  });
}

/**
 * Records migrations as applied without running them, for a database that already has what they
 * create.
 *
 * @returns the names of those that were not recorded before
 * @throws Error if an applied one was changed or is missing from `migrations`
 */
export function stampMigrations(url: string, migrations: Migration[]): Promise<string[]> {
  return withLock(url, async (client) => {
    const known = new Set(migrations.map(({ name }) => name));
    const applied = (await readApplied(client)).filter(({ name }) => known.has(name));
    assertUnchanged(applied, migrations);
    const { rows } = await client.query<{ name: string }>(
      `insert into migrations (name, checksum)
       select * from unnest($1::text[], $2::text[])
       on conflict (name) do nothing returning name`,
      [migrations.map(({ name }) => name), migrations.map(({ checksum }) => checksum)],
    );
    return rows.map(({ name }) => name);
  });
}

/** Returns all migrations in order, with the time each was applied. Read-only. */
export async function migrationStatus(
  url: string,
  migrations: Migration[],
): Promise<MigrationStatus[]> {
  return withClient(url, async (client) => {
    const exists = await client.query(`select to_regclass('migrations') is not null as found`);
    const applied = exists.rows[0]?.found === true ? await readApplied(client) : [];
    const times = new Map(applied.map((row) => [row.name, row.applied_at.toISOString()]));
    return migrations.map(({ name }) => ({ name, applied_at: times.get(name) ?? null }));
  });
}

async function step(
  client: pg.Client,
  migration: Migration,
  work: () => Promise<unknown>,
  record: pg.QueryConfig,
): Promise<void> {
  try {
    await client.query('begin');
    await work();
    await client.query(record);
    await client.query('commit');
  } catch (error) {
    // Fails without a connection; the first error is the relevant one.
    await client.query('rollback').catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The migration ${migration.name} failed and was rolled back: ${reason}`;
    throw new MigrationError(message, { cause: error });
  }
}

async function readApplied(client: pg.Client): Promise<Applied[]> {
  const { rows } = await client.query<Applied>(
    'select name, checksum, applied_at from migrations order by name',
  );
  return rows;
}

function assertUnchanged(applied: Applied[], migrations: Migration[]): void {
  const checksums = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const { name, checksum } of applied) {
    const known = checksums.get(name);
    if (known === undefined) {
      throw new Error(`The database has the migration ${name}, which this version does not know.`);
    }
    if (known !== checksum) {
      throw new Error(`The migration ${name} was changed after it had been applied.`);
    }
  }
}

function withLock<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return withClient(url, async (client) => {
    // A session-level lock, released with the connection however this run ends.
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(
      `create table if not exists migrations (
         name       text primary key,
         checksum   text not null,
         applied_at timestamptz(3) not null default now()
       )`,
    );
    return work(client);
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: 'althing-migrations',
  });
  client.on('error', () => undefined); // the running query reports the loss
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
