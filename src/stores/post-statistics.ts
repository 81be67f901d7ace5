import { sql } from 'kysely';
import type { AuthorOfPosts, PostMonth, TagOfPosts } from '../../schemas/post-statistics.js';
import type { Database } from '../db/database.js';
import { authorOfPost, commentCountOfPost, viewCountOfPost } from './posts.js';
import { isPostVisible } from './readers.js';

/** Nothing here is counted that not everyone may see. */
const isPublished = isPostVisible({ kind: 'public' });

/** Each month (UTC) in which posts were published, with their number, the newest first. */
export async function countPostsByMonth(db: Database): Promise<PostMonth[]> {
  // `listed_at` is the time of publication, and stands in the index of what is published.
  const { rows } = await sql<PostMonth>`
    select to_char(posts.listed_at at time zone 'UTC', 'YYYY-MM') as month, count(*) as post_count
    from posts where ${isPublished}
    group by 1 order by 1 desc
  `.execute(db);
  return rows;
}

/** The users with the most posts. Posts whose author is gone are nobody's. */
export async function countPostsByAuthor(db: Database, limit: number): Promise<AuthorOfPosts[]> {
  const { rows } = await sql<AuthorOfPosts>`
    select ${authorOfPost} as author, count(*) as post_count,
           sum(${viewCountOfPost})::bigint as view_count,
           sum(${commentCountOfPost})::bigint as comment_count
    from posts where ${isPublished} and posts.author_id is not null
    group by posts.author_id
    order by count(*) desc, posts.author_id limit ${limit}
  `.execute(db);
  return rows;
}

/** The tags with the most posts. */
export async function countPostsByTag(db: Database, limit: number): Promise<TagOfPosts[]> {
  const { rows } = await sql<TagOfPosts>`
    select jsonb_build_object('id', tags.id, 'name', tags.name, 'slug', tags.slug) as tag,
           count(*) as post_count, sum(${viewCountOfPost})::bigint as view_count
    from post_tags
    join posts on posts.id = post_tags.post_id
    join tags on tags.id = post_tags.tag_id
    where ${isPublished}
    group by tags.id
    order by count(*) desc, lower(tags.name) collate "C" limit ${limit}
  `.execute(db);
  return rows;
}
