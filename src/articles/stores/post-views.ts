import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** One view of a post by a visitor. */
export interface Visit {
  postId: number;
  /** Identifies the visitor without revealing who it is. */
  visitorHash: Buffer;
  seenAt: Date;
}

/** Maximum numbers of visitors remembered within a window. */
export interface VisitLimits {
  perPost: number;
  overall: number;
}

const LIMITS: VisitLimits = { perPost: 10_000, overall: 100_000 };

/**
 * Counts visits in one statement. A visitor counts once per post within `window`; posts that no
 * longer exist are ignored, and visitors beyond the limits. No visitor is counted twice by
 * concurrent calls; the limits may be exceeded by what concurrent calls count.
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
  { perPost, overall }: VisitLimits = LIMITS,
): Promise<number> {
  const since = (column: string) =>
    sql`${sql.ref(column)} - make_interval(secs => ${window / 1000})`;
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
    visitors as (
      select post_id, visitor_hash, max(seen_at) as seen_at
      from visits join counters using (post_id) group by post_id, visitor_hash
    ),
    first_visits as (
      select visitors.*,
        row_number() over (partition by post_id order by seen_at, visitor_hash) as place,
        row_number() over (order by seen_at, post_id, visitor_hash) as place_overall
      from visitors
      where not exists (
        select from post_visits known
        where known.post_id = visitors.post_id and known.visitor_hash = visitors.visitor_hash
          and known.seen_at > ${since('visitors.seen_at')})
    ),
    latest as (select max(seen_at) as seen_at from visits),
    remembered as (
      select counters.post_id, (
        select count(*) from post_visits, latest
        where post_visits.post_id = counters.post_id
          and post_visits.seen_at > ${since('latest.seen_at')}) as visitors
      from counters
    ),
    remembered_overall as (
      select count(*) as visitors from (
        select from post_visits, latest where post_visits.seen_at > ${since('latest.seen_at')}
        limit ${overall}) as known
    ),
    counted as (
      insert into post_visits (post_id, visitor_hash, seen_at)
      select post_id, visitor_hash, seen_at
      from first_visits
      join remembered using (post_id)
      cross join remembered_overall
      where place <= ${perPost} - remembered.visitors
        and place_overall <= ${overall} - remembered_overall.visitors
      order by post_id, visitor_hash
      on conflict (post_id, visitor_hash) do update set seen_at = excluded.seen_at
        where post_visits.seen_at <= ${since('excluded.seen_at')}
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
