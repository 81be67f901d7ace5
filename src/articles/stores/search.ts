import { type RawBuilder, sql } from 'kysely';
import { MAX_CANDIDATES, type SearchHit, type SearchOrder } from '#schemas/search.js';
import { FOUND_BEGIN, FOUND_END } from '#src/articles/lib/highlight.js';
import type { Database } from '#src/db/database.js';
import { relations } from './posts.js';
import { postMatches, searchQuery } from './search-vectors.js';
import {
  BY_INDEX,
  isCommentOpen,
  isCommentVisible,
  isPostVisible,
  type Reader,
} from './visibility.js';

/** A post or comment that matches a search. */
export type SearchRow = Omit<SearchHit, 'post' | 'title_html' | 'snippet_html'> & {
  post_id: number;
  title: string;
  slug: string;
  /** The title, and the start of the text, with marks as `findRanges` expects them. */
  marked_title: string;
  text: string;
  marked_text: string;
};

export interface SearchFilter {
  q: string;
  sort: SearchOrder;
  reader: Reader;
}

/** Maximum characters of a text that are searched for a snippet. */
const MAX_SNIPPET_SOURCE = 20_000;

/** Number of most viewed posts that are searched for the words. */
const MAX_MOST_READ = 10_000;

/** Weights {D, C, B, A}: tags count as much as the summary. Comments have the default weight D. */
const POST_WEIGHTS = sql.lit('{0.4,0.1,0.4,1}');
const COMMENT_WEIGHTS = sql.lit('{0.1,0.1,0.1,0.1}');

/** `ts_rank` normalization that maps ranks to 0…1. */
const BOUNDED = sql.lit(32);

const TITLE = sql.lit('{a}');
const HEAD = sql.lit('{a,b,d}');

const ORDERS: Record<SearchOrder, RawBuilder<unknown>> = {
  relevance: sql`rank desc, date desc`,
  date: sql`date desc`,
  popular: sql`(
    select view_count from post_views where post_views.post_id = hits.post_id) desc, rank desc, date desc`,
};

/**
 * Returns a page of the matches visible to the reader, sorted, and their total, with a single
 * statement. Only the newest matches are ranked, plus posts with the words in their title and, when
 * sorted by views, the most viewed: a common word must not rank everything.
 */
export async function search(
  db: Database,
  { q, sort, reader }: SearchFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ total: number; rows: SearchRow[] }> {
  const query = searchQuery(q);
  const [author, category, tags, viewCount] = relations();
  const { rows } = await sql<{ total: number } & (SearchRow | { kind: null })>`
    with newest_posts as materialized (${newest(q, reader)}), found_posts as (
      select id from newest_posts
      union
      (${withTitle(q, reader)})
      ${sort === 'popular' ? sql`union (${mostRead(q, reader)})` : sql``}
    ), found_comments as (
      select comments.id from comments
      where comments.search @@ ${query} and comments.deleted_at is null
        and ${isCommentOpen(reader, 'comments')}
        and exists (
          select from posts
          where posts.id = comments.post_id and ${isPostVisible(reader)} ${BY_INDEX})
      order by comments.created_at desc, comments.id desc
      limit ${sql.lit(MAX_CANDIDATES)}
    ), hits as (
      select 'post' as kind, posts.id, posts.id as post_id, posts.listed_at as date,
        case when ts_filter(posts.search, ${TITLE}) @@ ${query} then 2
             when ts_filter(posts.search, ${HEAD}) @@ ${query} then 1
             else 0 end
          + ts_rank(${POST_WEIGHTS}, posts.search, ${query}, ${BOUNDED}) as rank
      from found_posts join posts on posts.id = found_posts.id
      union all
      select 'comment', comments.id, comments.post_id, comments.created_at,
        ts_rank(${COMMENT_WEIGHTS}, comments.search, ${query}, ${BOUNDED})
      from found_comments join comments on comments.id = found_comments.id
      where ${isCommentVisible(reader)}
    ), page as (
      select hits.*, row_number() over (order by ${ORDERS[sort]}, kind desc, id desc) as place
      from hits
      order by place
      limit ${limit} offset ${offset}
    ), shown as (
      select page.kind, page.id as hit_id, page.place, page.date, page.rank,
        posts.id, posts.title, posts.slug, posts.category_id,
        case page.kind when 'post' then posts.author_id else comments.author_id end as author_id,
        left(case page.kind when 'post' then posts.content_text
             else ${plainText('comments.content_html')} end, ${sql.lit(MAX_SNIPPET_SOURCE)}) as text
      from page
      join posts on posts.id = page.post_id
      left join comments on page.kind = 'comment' and comments.id = page.id
    )
    select counted.total, posts.kind, posts.hit_id as id, posts.id as post_id,
      posts.title, posts.slug, posts.date, round(posts.rank::numeric, 4)::float8 as rank,
      posts.text, ${marked('posts.title', query)} as marked_title,
      ${marked('posts.text', query)} as marked_text,
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
  return sql`
    select posts.id from posts
    where ts_filter(posts.search, ${TITLE}) @@ ${searchQuery(q)} and ${postMatches(q)}
      and ${isPostVisible(reader)}
    order by posts.listed_at desc, posts.id desc limit ${sql.lit(MAX_CANDIDATES)}`;
}

/** SQL for the text of sanitized HTML, in which every `<` starts a tag. */
function plainText(column: string) {
  const text = sql`regexp_replace(${sql.ref(column)}, '<[^>]*>', ' ', 'g')`;
  return sql`replace(replace(replace(replace(
    ${text}, '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&amp;', '&')`;
}

/**
 * Characters replaced one for one by blanks before PostgreSQL parses the text: those of scripts
 * without spaces between words (highlighted separately), those it would parse as markup or a path,
 * and control characters.
 */
const HIDDEN = String.raw`[\u0001-\u001f<>&/\\\u007f-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u2000-\u206f\u20a0-\u20cf\u2100-\u2bff\u2e00-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe10-\ufe6f\uff00-\uffef\U0001f000-\U0003ffff]`;

function marked(column: string, query: RawBuilder<string>) {
  const options = `HighlightAll=true, StartSel="${FOUND_BEGIN}", StopSel="${FOUND_END}"`;
  const text = sql`regexp_replace(${sql.ref(column)}, ${sql.lit(HIDDEN)}, ' ', 'g')`;
  return sql`ts_headline('english', ${text}, ${query}, ${sql.lit(options)})`;
}
