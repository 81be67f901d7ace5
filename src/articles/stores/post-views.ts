import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/**
 * Maximum number of stored visits. While there are as many, further visits are not counted: whoever
 * changes address or browser with each request would otherwise fill the table.
 */
export const MAX_VISITS = 500_000;

/** One view of a post by a visitor. */
export interface Visit {
  postId: number;
  /** Identifies the visitor without revealing who it is. */
  visitorHash: Buffer;
  seenAt: Date;
}

/**
 * Counts visits in one statement. A visitor counts once per post within `window`; posts that no
 * longer exist are ignored. The count is exact under concurrent calls.
 *
 * Posts and counters are locked in the order of their ids, which prevents deadlocks with concurrent
 * calls and with deletions of posts.
 *
 * @param window milliseconds during which a visitor counts once
 * @returns the number of counted visits
 */
export async function countVisits(
  db: Database,
  visits: readonly Visit[],
  window: number,
): Promise<number> {
  const { rows } = await sql<{ counted: number }>`
    with visits as (
      select * from unnest(
        ${visits.map(({ postId }) => postId)}::integer[],
        ${visits.map(({ visitorHash }) => visitorHash)}::bytea[],
        ${visits.map(({ seenAt }) => seenAt.toISOString())}::timestamptz[]
      ) as visit (post_id, visitor_hash, seen_at)
    ),
    alive as (
      select id from posts where id in (select post_id from visits) order by id for key share
    ),
    counters as (
      select post_id from post_views where post_id in (select id from alive)
      order by post_id for update
    ),
    room as (
      select ${MAX_VISITS} - count(*) as rows
      from (select from post_visits limit ${MAX_VISITS}) as stored
    ),
    counted as (
      insert into post_visits (post_id, visitor_hash, seen_at)
      select post_id, visitor_hash, max(seen_at) from visits join counters using (post_id)
      group by post_id, visitor_hash order by post_id, visitor_hash
      limit (select rows from room)
      on conflict (post_id, visitor_hash) do update set seen_at = excluded.seen_at
        where post_visits.seen_at <= excluded.seen_at - make_interval(secs => ${window / 1000})
      returning post_id
    ),
    sums as (select post_id, count(*) as views from counted group by post_id),
    added as (
      update post_views set view_count = view_count + sums.views
      from sums where post_views.post_id = sums.post_id
      returning sums.views
    )
    select coalesce(sum(views), 0)::integer as counted from added
  `.execute(db);
  return rows[0]?.counted ?? 0;
}

/** Deletes visits before `until`; returns how many. */
export async function deleteOldVisits(db: Database, until: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('post_visits')
    .where('seen_at', '<', until.toISOString())
    .executeTakeFirst();
  return Number(numDeletedRows);
}
