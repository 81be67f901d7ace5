import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** What one attempt is counted under. */
export interface Attempt {
  keyHash: Buffer;
  /** Failures without consequence. */
  free: number;
  /** Seconds to wait after the last of these; each further failure doubles them. */
  firstWait: number;
}

/** An attempt that was counted, with what it takes to undo that. */
export interface CountedAttempt {
  key_hash: Buffer;
  blocked_until: string | null;
  /** When the attempt before it was; null if there was none. */
  previous: string | null;
}

/** More often than this a wait is not doubled: it is beyond any limit then. */
const MAX_DOUBLINGS = 30;

/**
 * Counts an attempt as failed under each of the keys, except those that have to wait. It is one
 * statement, so attempts made at the same time count one after the other, and none is judged by a
 * count that lacks another.
 *
 * @param window seconds after which failures are forgotten, and that a wait lasts at most
 * @returns those that were counted
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
  // In the order of the keys: two statements that locked them in opposite orders would deadlock.
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

/** When the last of the keys may be tried again; null if none has to wait. */
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

/** Makes an attempt that was counted at `now` as if it had not been; later ones stay as they are. */
export async function takeBackAttempt(
  db: Database,
  { key_hash, blocked_until, previous }: CountedAttempt,
  now: Date,
): Promise<void> {
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

/** Removes what was not tried since `until`. Returns how many keys that were. */
export async function deleteOldThrottles(db: Database, until: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('throttles')
    .where('updated_at', '<=', until.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
