import { sql } from 'kysely';
import {
  type AuthorOfPosts,
  MAX_ARCHIVE_MONTHS,
  type PostMonth,
  type TagOfPosts,
} from '#schemas/post-statistics.js';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import { commentCountOfPost, viewCountOfPost } from './posts.js';
import { topicOf } from './topics.js';
import { isPostVisible } from './visibility.js';

/** Only public posts are counted. */
const isPublished = isPostVisible({ kind: 'public' });

/** Returns the newest months (UTC) with published posts and their counts, newest first. */
export async function countPostsByMonth(db: Database): Promise<PostMonth[]> {
  // `listed_at` is the publication time, and is in the index of published posts.
  const { rows } = await sql<PostMonth>`
    select to_char(month, 'YYYY-MM') as month, post_count
    from (
      select date_trunc('month', posts.listed_at at time zone 'UTC') as month,
             count(*) as post_count
      from posts where ${isPublished} group by 1
    ) as counted
    order by counted.month desc limit ${sql.lit(MAX_ARCHIVE_MONTHS)}
  `.execute(db);
  return rows;
}

/** Returns the users with the most posts. Posts of deleted users are not counted. */
export async function countPostsByAuthor(db: Database, limit: number): Promise<AuthorOfPosts[]> {
  // Views and comments are summed only for the authors returned.
  const { rows } = await sql<AuthorOfPosts>`
    with counted as (
      select posts.author_id, count(*) as post_count
      from posts where ${isPublished} and posts.author_id is not null
      group by posts.author_id
      order by post_count desc, posts.author_id limit ${limit}
    )
    select ${authorIn('counted.author_id')} as author, counted.post_count,
           summed.view_count, summed.comment_count
    from counted, lateral (
      select sum(${viewCountOfPost})::bigint as view_count,
             sum(${commentCountOfPost})::bigint as comment_count
      from posts where posts.author_id = counted.author_id and ${isPublished}
    ) as summed
    order by counted.post_count desc, counted.author_id
  `.execute(db);
  return rows;
}

/** Returns the tags with the most posts. */
export async function countPostsByTag(db: Database, limit: number): Promise<TagOfPosts[]> {
  const { rows } = await sql<TagOfPosts>`
    with counted as (
      select tags.id, tags.name, tags.name_folded, tags.slug, numbers.post_count
      from tags
      join (
        select post_tags.tag_id, count(*) as post_count
        from post_tags join posts on posts.id = post_tags.post_id
        where ${isPublished} group by post_tags.tag_id
      ) as numbers on numbers.tag_id = tags.id
      order by numbers.post_count desc, tags.name_folded limit ${limit}
    )
    select ${topicOf('counted')} as tag,
           counted.post_count, summed.view_count
    from counted, lateral (
      select sum(${viewCountOfPost})::bigint as view_count
      from post_tags join posts on posts.id = post_tags.post_id
      where post_tags.tag_id = counted.id and ${isPublished}
    ) as summed
    order by counted.post_count desc, counted.name_folded
  `.execute(db);
  return rows;
}
