import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** A key that an attempt is counted under, with its limits. */
export interface Attempt {
  keyHash: Buffer;
  /** Number of failures without a delay. */
  free: number;
  /** Delay in seconds after the last free failure; doubles with each further one. */
  firstWait: number;
}

/** A counted attempt, with what is needed to undo it. */
export interface CountedAttempt {
  key_hash: Buffer;
  blocked_until: string | null;
  /** Time of the previous attempt; null if there was none. */
  previous: string | null;
}

/** Limit of the exponent; further doubling would exceed any window. */
const MAX_DOUBLINGS = 30;

/**
 * Counts an attempt as failed under each key that is not blocked. A single statement, so concurrent
 * attempts are counted one after the other and none is missed.
 *
 * @param window seconds after which failures are forgotten; also the longest delay
 * @returns the attempts that were counted
 */
export async function countAttempts(
  db: Database,
  attempts: readonly Attempt[],
  now: Date,
  window: number,
): Promise<CountedAttempt[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const waitAfter = (failures: unknown) => sql`
    case when ${failures} >= free then ${at} + make_interval(
      secs => least(${window}, first_wait * power(2, least(${failures} - free, ${MAX_DOUBLINGS})))
    ) end`;
  // Locked in the order of the keys, because opposite orders would deadlock.
  const { rows } = await sql<CountedAttempt>`
    with attempts as (
      select * from unnest(
        ${attempts.map(({ keyHash }) => keyHash)}::bytea[],
        ${attempts.map(({ free }) => free)}::integer[],
        ${attempts.map(({ firstWait }) => firstWait)}::double precision[]
      ) as attempts (key_hash, free, first_wait)
    )
    insert into throttles as counted (key_hash, failures, blocked_until, updated_at)
    select key_hash, 1, ${waitAfter(sql.lit(1))}, ${at} from attempts order by key_hash
    on conflict (key_hash) do update set (failures, blocked_until, updated_at) = (
      select total, ${waitAfter(sql.ref('total'))}, ${at}
      from attempts cross join lateral (
        select case when counted.updated_at <= ${at} - make_interval(secs => ${window})
          then 1 else counted.failures + 1 end as total
      ) as sum
      where attempts.key_hash = counted.key_hash
    )
    where counted.blocked_until is null or counted.blocked_until <= ${at}
    returning key_hash, blocked_until, (
      select updated_at from throttles as earlier where earlier.key_hash = counted.key_hash
    ) as previous
  `.execute(db);
  return rows;
}

/** Returns when the last of the keys is unblocked; null if none has been blocked. */
export async function findLastBlock(
  db: Database,
  keyHashes: readonly Buffer[],
): Promise<string | null> {
  const row = await db
    .selectFrom('throttles')
    .select(({ fn }) => fn.max('blocked_until').as('until'))
    .where('key_hash', 'in', keyHashes)
    .executeTakeFirst();
  return row?.until ?? null;
}

/** Undoes an attempt counted at `now`; later attempts are kept. A row that it has added is deleted. */
export async function takeBackAttempt(
  db: Database,
  { key_hash, blocked_until, previous }: CountedAttempt,
  now: Date,
): Promise<void> {
  if (previous === null) {
    const { numDeletedRows } = await db
      .deleteFrom('throttles')
      .where('key_hash', '=', key_hash)
      .where('failures', '<=', 1)
      .where('updated_at', '=', now.toISOString())
      .executeTakeFirstOrThrow();
    if (numDeletedRows > 0n) return;
  }
  await db
    .updateTable('throttles')
    .set({
      failures: sql`greatest(failures - 1, 0)`,
      blocked_until: sql`nullif(blocked_until, ${blocked_until}::timestamptz)`,
      updated_at: sql`case when updated_at = ${now.toISOString()}::timestamptz
        then coalesce(${previous}::timestamptz, updated_at) else updated_at end`,
    })
    .where('key_hash', '=', key_hash)
    .execute();
}

export async function forgetAttempts(db: Database, keyHash: Buffer): Promise<void> {
  await db.deleteFrom('throttles').where('key_hash', '=', keyHash).execute();
}

/**
 * Deletes the oldest keys beyond the newest `most`, those that impose a delay last; returns how many.
 */
export async function deleteExcessThrottles(
  db: Database,
  most: number,
  now: Date,
): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('throttles')
    .where('key_hash', 'in', ({ selectFrom }) => {
      const excess = selectFrom('throttles')
        .select('key_hash')
        .orderBy(sql`coalesce(blocked_until > ${now.toISOString()}::timestamptz, false)`, 'desc')
        .orderBy('updated_at', 'desc')
        .orderBy('key_hash')
        .offset(most);
      // Attempts lock keys in another order. One that is being counted is not old.
      return selectFrom('throttles')
        .select('key_hash')
        .where('key_hash', 'in', excess)
        .forUpdate()
        .skipLocked();
    })
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Deletes keys without an attempt since `until`; returns how many. */
export async function deleteOldThrottles(db: Database, until: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('throttles')
    .where('updated_at', '<=', until.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
