import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** Somebody has read a post. */
export interface Visit {
  postId: number;
  /** Names the visitor without telling who it is. */
  visitorHash: Buffer;
  seenAt: Date;
}

/**
 * Counts those visits whose visitor was not counted for the same post in the time before, in one
 * statement, exactly, however many do so at once. Posts that are gone are left out.
 *
 * Posts and counters are locked first, each in the order of their ids, so that nobody who does the
 * same is waited for in a circle, nor whoever deletes a post.
 *
 * @param window milliseconds in which a visitor counts once
 * @returns how many were counted
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
    counted as (
      insert into post_visits (post_id, visitor_hash, seen_at)
      select post_id, visitor_hash, max(seen_at) from visits join counters using (post_id)
      group by post_id, visitor_hash order by post_id, visitor_hash
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

/** Forgets who was seen before then. */
export async function deleteOldVisits(db: Database, until: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('post_visits')
    .where('seen_at', '<', until.toISOString())
    .executeTakeFirst();
  return Number(numDeletedRows);
}
