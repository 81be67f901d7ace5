import { sql } from 'kysely';
import type { AuditAction } from '#schemas/audit.js';
import type { Database } from '#src/db/database.js';

/** Seconds after its first attempt during which an entry counts repeats. */
export const REPEAT_WINDOW_SECONDS = 60 * 60;

/** A refused attempt, as it is counted. */
export interface Attempt {
  action: AuditAction;
  /**
   * Hashes that identify the entries which may count the attempt, the most specific first: of this
   * attempt, of its network, and of its action.
   */
  keys: readonly [attempt: Buffer, network: Buffer, action: Buffer];
  at: Date;
}

/** Number of entries that count attempts at one action. */
export interface OpenEntries {
  fromNetwork: number;
  total: number;
}

/**
 * Counts the attempt in the most specific open entry. A single statement that locks one row, so no
 * count is lost and concurrent calls cannot deadlock.
 *
 * @returns false if there is no such entry
 */
export async function countRepeat(db: Database, { keys, at }: Attempt): Promise<boolean> {
  const now = sql`${at.toISOString()}::timestamptz`;
  const { rows } = await sql`
    update audit_repeats set count = count + 1, last_at = greatest(last_at, ${now})
    where entry_id = (
      select entry_id
      from unnest(${keys}::bytea[]) with ordinality as wanted (key_hash, position)
      join audit_repeats using (key_hash)
      where began_at > ${openSince(at).toISOString()}
      order by position limit 1)
    returning entry_id
  `.execute(db);
  return rows.length > 0;
}

/** Serializes the creation of entries that count repeats, until the transaction ends. */
export async function lockRepeats(trx: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('audit_repeats', 0))`.execute(trx);
}

/** Counts the open entries for this action, in total and of the attempt's network. */
export async function countOpenEntries(
  trx: Database,
  { action, keys: [, network], at }: Attempt,
): Promise<OpenEntries> {
  const { rows } = await sql<OpenEntries>`
    select count(*) as total,
      count(*) filter (where network_hash = ${network}) as "fromNetwork"
    from audit_repeats
    where key_hash is not null and action = ${action} and began_at > ${openSince(at).toISOString()}
  `.execute(trx);
  return rows[0] ?? { fromNetwork: 0, total: 0 };
}

/**
 * Lets an entry count the repeats of the attempt that it records. A previous entry with this key,
 * whose window is over, stops counting.
 */
export async function beginRepeats(
  trx: Database,
  entryId: number,
  { action, keys: [, network], at }: Attempt,
  key: Buffer,
): Promise<void> {
  await trx
    .updateTable('audit_repeats')
    .set({ key_hash: null, network_hash: null })
    .where('key_hash', '=', key)
    .execute();
  const now = at.toISOString();
  await trx
    .insertInto('audit_repeats')
    .values({
      entry_id: entryId,
      action,
      began_at: now,
      last_at: now,
      key_hash: key,
      network_hash: network,
    })
    .execute();
}

/** Forgets what identified the attempts of entries whose window is over; returns how many. */
export async function endRepeats(db: Database, now: Date): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('audit_repeats')
    .set({ key_hash: null, network_hash: null })
    .where('key_hash', 'is not', null)
    .where('began_at', '<=', openSince(now).toISOString())
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** Entries that began by this time no longer count repeats. */
function openSince(now: Date): Date {
  return new Date(now.getTime() - REPEAT_WINDOW_SECONDS * 1000);
}
