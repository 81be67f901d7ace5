import { type RawBuilder, sql } from 'kysely';
import { MAX_CANDIDATES, type SearchHit, type SearchOrder } from '#schemas/search.js';
import type { Database } from '#src/db/database.js';
import type { MarkedText } from '#src/search/highlight.js';
import { hasNegation } from '#src/search/search-queries.js';
import {
  APART,
  anyWordQuery,
  BOUNDED,
  COMMENT_WEIGHTS,
  firstPassage,
  MAX_RANKED_BYTES,
  markedText,
  type Passage,
  plainText,
  searchQuery,
  TEXT_PART,
  TITLED_WEIGHTS,
} from '#src/search/search-sql.js';
import { postMatches } from './post-vectors.js';
import { relations } from './posts.js';
import { BY_INDEX, isCommentGone, isPostVisible, type Reader } from './visibility.js';

/** A post or comment that matches a search. */
export type SearchRow = Omit<SearchHit, 'post' | 'title_html' | 'snippet_html'> & {
  post_id: number;
  slug: string;
  title: MarkedText;
  /** The text around the first match. */
  passage: Passage;
};

export interface SearchFilter {
  q: string;
  sort: SearchOrder;
  reader: Reader;
}

/** Number of most viewed posts that are searched for the words. */
const MAX_MOST_READ = 10_000;

const TITLE = sql.lit('{a}');

const ORDERS: Record<SearchOrder, RawBuilder<unknown>> = {
  relevance: sql`rank desc, date desc`,
  date: sql`date desc`,
  popular: sql`(
    select view_count from post_views where post_views.post_id = hits.post_id) desc, rank desc, date desc`,
};

/**
 * Returns a page of the matches visible to the reader, sorted, and their total, with a single
 * statement. Only the newest matches are ranked, plus posts with the words in their title and, when
 * sorted by views, the most viewed: a common word must not rank everything. Of these, the newest
 * are ranked by their texts too, as far as the texts are not too long together. Texts are read for
 * the rows of the page only, and only around the first match.
 */
export async function search(
  db: Database,
  { q, sort, reader }: SearchFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ total: number; rows: SearchRow[] }> {
  const query = searchQuery(q);
  const [author, category, tags, viewCount] = relations();
  const hasMatch = sql<boolean>`case page.kind
    when 'post' then ts_filter(posts.search, ${TEXT_PART}) @@ ${anyWordQuery(q)} else true end`;
  const { rows } = await sql<{ total: number } & (SearchRow | { kind: null })>`
    with newest_posts as materialized (${newest(q, reader)}), found_posts as (
      select id from newest_posts
      union
      (${withTitle(q, reader)})
      ${sort === 'popular' ? sql`union (${mostRead(q, reader)})` : sql``}
    ), weighed_posts as (
      select posts.id, posts.listed_at, posts.search, posts.head_search,
        sum(pg_column_size(posts.search)) over (order by posts.listed_at desc, posts.id desc) as bytes
      from found_posts cross join lateral (
        select * from posts where posts.id = found_posts.id ${BY_INDEX}) posts
    ), found_comments as (
      select comments.id from comments
      where comments.search @@ ${query} and not ${isCommentGone(reader, 'comments')}
        and exists (
          select from posts
          where posts.id = comments.post_id and ${isPostVisible(reader)} ${BY_INDEX})
      order by comments.created_at desc, comments.id desc
      limit ${sql.lit(MAX_CANDIDATES)}
    ), hits as (
      select 'post' as kind, posts.id, posts.id as post_id, posts.listed_at as date,
        case when ts_filter(posts.head_search, ${TITLE}) @@ ${query} then 2
             when posts.head_search @@ ${query} then 1
             else 0 end
          + ts_rank(${TITLED_WEIGHTS},
              case when posts.bytes <= ${sql.lit(MAX_RANKED_BYTES)} then posts.search
                   else posts.head_search end,
              ${query}, ${BOUNDED}) as rank
      from weighed_posts as posts
      union all
      select 'comment', comments.id, comments.post_id, comments.created_at,
        ts_rank(${COMMENT_WEIGHTS}, comments.search, ${query}, ${BOUNDED})
      from found_comments cross join lateral (
        select * from comments where comments.id = found_comments.id ${BY_INDEX}) comments
    ), page as (
      select hits.*, row_number() over (order by ${ORDERS[sort]}, kind desc, id desc) as place
      from hits
      order by place
      limit ${limit} offset ${offset}
    ), shown as materialized (
      select page.kind, page.id as hit_id, page.place, page.date, page.rank,
        posts.id, posts.title, posts.slug, posts.category_id,
        case page.kind when 'post' then posts.author_id else comments.author_id end as author_id,
        part.passage, part.has_before, part.has_after
      from page
      join posts on posts.id = page.post_id
      left join comments on page.kind = 'comment' and comments.id = page.id
      cross join lateral (
        select case page.kind
          when 'post' then posts.content_text || ''
          else ${plainText(sql.ref('comments.content_html'))} end as text
        ${APART}) whole
      cross join lateral (${firstPassage(q, hasMatch)}) part
    )
    select counted.total, posts.kind, posts.hit_id as id, posts.id as post_id, posts.slug,
      posts.date, round(posts.rank::numeric, 4)::float8 as rank,
      ${markedText(sql.ref('posts.title'), q)} as title,
      ${markedText(sql.ref('posts.passage'), q)}
        || jsonb_build_object('has_before', has_before, 'has_after', has_after) as passage,
      ${author}, ${category}, ${tags}, ${viewCount}
    from (select count(*) as total from hits) counted
    left join shown as posts on true
    order by posts.place
  `.execute(db);
  const found = rows.filter((row): row is { total: number } & SearchRow => row.kind !== null);
  return { total: rows[0]?.total ?? 0, rows: found.map(({ total: _, ...row }) => row) };
}

function newest(q: string, reader: Reader) {
  return sql`
    select posts.id from posts where ${postMatches(q)} and ${isPostVisible(reader)}
    order by posts.listed_at desc, posts.id desc limit ${sql.lit(MAX_CANDIDATES)}`;
}

function mostRead(q: string, reader: Reader) {
  // If fewer posts match than the limit, `newest_posts` already contains them all.
  return sql`
    select posts.id from (
      select post_id, view_count from post_views
      order by view_count desc, post_id desc limit ${sql.lit(MAX_MOST_READ)}
    ) viewed join posts on posts.id = viewed.post_id
    where (select count(*) from newest_posts) >= ${sql.lit(MAX_CANDIDATES)}
      and ${postMatches(q)} and ${isPostVisible(reader)}
    order by viewed.view_count desc, viewed.post_id desc limit ${sql.lit(MAX_CANDIDATES)}`;
}

function withTitle(q: string, reader: Reader) {
  // What the title matches, the post matches, unless the text has a word that is excluded.
  return sql`
    select posts.id from posts
    where ts_filter(posts.head_search, ${TITLE}) @@ ${searchQuery(q)}
      ${hasNegation(q) ? sql`and ${postMatches(q)}` : sql``}
      and ${isPostVisible(reader)}
    order by posts.listed_at desc, posts.id desc limit ${sql.lit(MAX_CANDIDATES)}`;
}
