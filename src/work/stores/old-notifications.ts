import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** Deletes notifications that were read before `before`, at most `most`. Returns their number. */
export async function deleteRead(db: Database, before: Date, most: number): Promise<number> {
  const { rows } = await sql`
    delete from notifications where id in (
      select id from notifications where read_at < ${before.toISOString()}
      order by read_at limit ${most})
    returning id`.execute(db);
  return rows.length;
}

/** Deletes those of the `most` oldest notifications that are from before `before`. Returns their number. */
export async function deleteOld(db: Database, before: Date, most: number): Promise<number> {
  const { rows } = await sql`
    delete from notifications where id in (
      select id from (
        select id, created_at from notifications order by id limit ${most}) oldest
      where created_at < ${before.toISOString()})
    returning id`.execute(db);
  return rows.length;
}

/**
 * Deletes the notifications of some users that are not among their newest ones, at most `most` of
 * each user. Those of tasks that are due later stay, or they would be made again.
 *
 * @param after only of users with higher ids
 * @returns the number of deleted ones, and the last of the users; null if there is none
 */
export async function deleteExcess(
  db: Database,
  after: number,
  { now, users, kept, most }: { now: Date; users: number; kept: number; most: number },
): Promise<{ count: number; last: number | null }> {
  const { rows } = await sql<{ count: number; last: number | null }>`
    with chosen as (
      select id from users where id > ${after}::integer order by id limit ${users}
    ), deleted as (
      delete from notifications where id in (
        select excess.id from chosen, lateral (
          select id, due_at from notifications where user_id = chosen.id
          order by id desc offset ${kept} limit ${most}) excess
        where due_at is null or due_at <= ${now.toISOString()})
      returning id)
    select (select count(*) from deleted) as count, (select max(id) from chosen) as last`.execute(
    db,
  );
  return rows[0] ?? { count: 0, last: null };
}
