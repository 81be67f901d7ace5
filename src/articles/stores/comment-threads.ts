import { type RawBuilder, type Selectable, sql } from 'kysely';
import { type CommentSort, MAX_COMMENTS } from '#schemas/comments.js';
import { MAX_TOTAL } from '#schemas/paging.js';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { cut, type Slice } from '#src/lists/slices.js';
import {
  bytesOf,
  COMMENT_COLUMNS,
  type FullComment,
  inOrder,
  type ListedComment,
  markTruncated,
  shown,
} from './comments.js';
import {
  BY_INDEX,
  isCommentGone,
  isOnVisiblePost,
  isPostVisible,
  type Reader,
} from './visibility.js';

/** The parent of a list of comments: a post (`parent_id` null) or a comment. */
export interface Place {
  post_id: number;
  parent_id: number | null;
}

/** The parent of a list, with the number of its comments; null if not counted. */
export type FoundPlace = Place & { total: number | null };

/** A comment with whether any of its replies is visible to the reader. */
export type ThreadRow = FullComment & { has_replies: boolean };

/** Replies in the order of their levels. */
export interface Replies {
  /** The replies, followed by the first one that is left out, if any, without its texts. */
  rows: ThreadRow[];
  /** Number of replies that are not left out. */
  count: number;
}

/** Returns the top level of a post's comments, or null if the post is not visible to the reader. */
export async function findThreadsOf(
  db: Database,
  post: number,
  reader: Reader,
  counted: boolean,
): Promise<FoundPlace | null> {
  const { rows } = await sql<FoundPlace>`
    select id as post_id, null::integer as parent_id,
      ${totalOf(reader, { post: sql`${post}::integer`, parent: null }, counted)} as total
    from posts where id = ${post} and ${isPostVisible(reader)}`.execute(db);
  return rows[0] ?? null;
}

/**
 * Returns the parent of a comment's replies, or null if the comment is not shown to the reader. A
 * deleted or hidden comment is shown, as a placeholder, while anything below it is.
 */
export async function findRepliesTo(
  db: Database,
  comment: number,
  reader: Reader,
  counted: boolean,
): Promise<FoundPlace | null> {
  const post = sql<number>`(select post_id from comments where id = ${comment})`;
  const { rows } = await sql<FoundPlace>`
    select post_id, id as parent_id,
      ${totalOf(reader, { post, parent: comment }, counted)} as total
    from comments
    where id = ${comment} and ${isOnVisiblePost(reader)}
      and ${isShown(reader, 'comments', placeholders(reader, post))}`.execute(db);
  return rows[0] ?? null;
}

/**
 * Returns a slice of the comments at this place. Texts beyond `MAX_PAGE_BYTES` are left out.
 */
export async function listThreads(
  db: Database,
  { post_id, parent_id }: Place,
  reader: Reader,
  slice: Slice<CommentSort>,
): Promise<(ListedComment & { has_replies: boolean })[]> {
  const known = placeholders(reader, sql`${post_id}::integer`);
  const found = db
    .selectFrom('comments')
    .select(COMMENT_COLUMNS)
    .where('post_id', '=', post_id)
    .where('parent_id', parent_id === null ? 'is' : '=', parent_id)
    .where(isShown(reader, 'comments', known));
  const rows = await inOrder(db, cut(found, slice), reader, slice)
    .select(hasReplies(reader, known).as('has_replies'))
    .execute();
  return rows.map(markTruncated);
}

/**
 * Returns the comments below the given ones with a single statement: level by level, the oldest
 * reply to a comment first. The deepest are left out.
 *
 * @param levels maximum number of levels
 * @param limit maximum number of comments
 * @param bytes maximum size of the comments, in bytes of JSON; the texts of others are not read
 */
export async function listBeneath(
  db: Database,
  post: number,
  ids: number[],
  reader: Reader,
  { levels, limit, bytes }: { levels: number; limit: number; bytes: number },
): Promise<Replies> {
  const known = sql`select id from placeholder`;
  const columns = sql.join(COMMENT_COLUMNS.map((column) => sql.ref(`comments.${column}`)));
  const repliesTo = (above: string) => sql`
    select reply.id from comments reply
    where ${isReplyTo(above)} and ${isShown(reader, 'reply', known)}
    order by reply.parent_id, reply.created_at, reply.id limit ${sql.lit(MAX_COMMENTS + 1)}`;
  // The inner limit equals the outer one; it makes the planner prefer the index. PostgreSQL
  // evaluates the recursion level by level, and only as far as rows are fetched.
  const beneath = sql<Selectable<Schema['comments']> & Found>`(
    with recursive
      placeholder as (${placeholders(reader, sql`${post}::integer`)}),
      beneath as (
        select reply.id, 1 as level
        from unnest(${ids}::integer[]) as above (id) cross join lateral (${repliesTo('above')}) reply
        union all
        select reply.id, above.level + 1
        from beneath above cross join lateral (${repliesTo('above')}) reply
        where above.level < ${levels}),
      numbered as (
        select id, row_number() over () as place
        from (select id from beneath limit ${limit + 1}) as fetched),
      weighed as (
        select numbered.*, sum(${bytesOf(reader, 'comments')}) over (order by place) as bytes_so_far
        from numbered cross join lateral (${byId('numbered', sql`comments.*`)}) comments),
      fitting as (
        select *, place <= ${limit} and bytes_so_far <= ${bytes} as fits from weighed),
      followed as (
        select *, coalesce(lag(fits) over (order by place), true) as is_preceded from fitting)
    select comments.*, followed.place, followed.fits,
      ${hasReplies(reader, known)} as has_replies
    from followed cross join lateral (${byId('followed', columns)}) comments
    where followed.fits or followed.is_preceded)`;
  const rows = await db
    .selectFrom(beneath.as<'comments'>(sql.ref('comments')))
    .select(shown(reader, sql<boolean>`comments.fits`))
    .select(['has_replies', 'fits'])
    .orderBy('place')
    .execute();
  return {
    rows: rows.map(({ fits: _, is_truncated: __, ...row }) => row),
    count: rows.filter(({ fits }) => fits).length,
  };
}

interface Found {
  has_replies: boolean;
  place: number;
  /** Whether the comment is within the limits; the first one that is not has no texts. */
  fits: boolean;
}

/** SQL for the comment with the id of another row, found by its index. */
function byId(other: string, columns: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`select ${columns} from comments where comments.id = ${sql.ref(`${other}.id`)} ${BY_INDEX}`;
}

function totalOf(
  reader: Reader,
  { post, parent }: { post: RawBuilder<unknown>; parent: number | null },
  counted: boolean,
): RawBuilder<number | null> {
  if (!counted) return sql`null::integer`;
  const isThere = parent === null ? sql`reply.parent_id is null` : sql`reply.parent_id = ${parent}`;
  return sql`(
    select count(*) from (
      select from comments reply
      where reply.post_id = ${post} and ${isThere}
        and ${isShown(reader, 'reply', placeholders(reader, post))}
      limit ${sql.lit(MAX_TOTAL + 1)}) as found)`;
}

function hasReplies(
  reader: Reader,
  known: RawBuilder<unknown>,
  above = 'comments',
): RawBuilder<boolean> {
  // Not `exists`, which PostgreSQL may evaluate for all comments at once; the order matches the
  // index.
  return sql<boolean>`coalesce((
    select true from comments reply
    where ${isReplyTo(above)} and ${isShown(reader, 'reply', known)}
    order by reply.parent_id, reply.created_at, reply.id limit 1), false)`;
}

/**
 * SQL condition: `reply` replies to a comment. A range, because for an equation PostgreSQL expects
 * the average number of replies, and reads the whole table if most comments reply to the same one.
 */
function isReplyTo(above: string): RawBuilder<boolean> {
  const id = sql.ref(`${above}.id`);
  return sql<boolean>`reply.parent_id between ${id} and ${id}`;
}

/** SQL condition: the comment is shown, provided that its parent is. */
function isShown(
  reader: Reader,
  comments: string,
  known: RawBuilder<unknown>,
): RawBuilder<boolean> {
  return sql<boolean>`(not ${isCommentGone(reader, comments)}
    or ${sql.ref(`${comments}.id`)} in (${known}))`;
}

/**
 * SQL for the comments of a post that the reader does not see, but that still have a shown reply
 * below them. The search starts at those replies and goes up, so its cost depends only on the number
 * of comments that the reader does not see.
 */
function placeholders(reader: Reader, post: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    with recursive gone_above as (
      select gone.id, gone.parent_id from comments gone
      where gone.post_id = ${post} and ${isCommentGone(reader, 'gone')}
        and exists (
          select from comments reply
          where reply.parent_id = gone.id and not ${isCommentGone(reader, 'reply')}
          ${BY_INDEX})
      union
      select gone.id, gone.parent_id
      from gone_above cross join lateral (
        select * from comments gone where gone.id = gone_above.parent_id ${BY_INDEX}) gone
      where ${isCommentGone(reader, 'gone')})
    select id from gone_above`;
}
