import { type RawBuilder, type Selectable, sql } from 'kysely';
import { type CommentSort, MAX_COMMENTS } from '#schemas/comments.js';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { cut, type Slice } from '#src/lists/slices.js';
import { COMMENT_COLUMNS, type FullComment, inOrder, shown } from './comments.js';
import {
  BY_INDEX,
  isCommentOpen,
  isCommentReachable,
  isPostVisible,
  type Reader,
} from './visibility.js';

/** Where a list of comments begins: at the top of a post's threads, or beneath a comment. */
export interface Place {
  post_id: number;
  parent_id: number | null;
}

/** Where a list begins, with how many comments stand there; null if they were not counted. */
export type FoundPlace = Place & { total: number | null };

/** A comment of a thread, and whether there are replies to it that the reader may see. */
export type ThreadRow = FullComment & { has_replies: boolean };

/** The threads of a post, or null if there is no post that the reader may see. */
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
 * The replies to a comment, or null if there is none that the reader is shown. One that was deleted
 * is, as long as something beneath it is.
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
    where id = ${comment} and ${isCommentReachable(reader)}
      and ${isShown(reader, 'comments', placeholders(reader, post))}`.execute(db);
  return rows[0] ?? null;
}

/** A slice of the comments at this place. */
export async function listThreads(
  db: Database,
  { post_id, parent_id }: Place,
  reader: Reader,
  slice: Slice<CommentSort>,
): Promise<ThreadRow[]> {
  const known = placeholders(reader, sql`${post_id}::integer`);
  const found = db
    .selectFrom('comments')
    .select(COMMENT_COLUMNS)
    .where('post_id', '=', post_id)
    .where('parent_id', parent_id === null ? 'is' : '=', parent_id)
    .where(isShown(reader, 'comments', known));
  return inOrder(db, cut(found, slice), slice)
    .select(shown)
    .select(hasReplies(reader, known).as('has_replies'))
    .execute();
}

/**
 * What stands beneath comments of a post, in one statement: level by level, the oldest reply to a
 * comment first.
 *
 * @param levels how many levels down
 * @param limit how many comments at most; those that are left out are the deepest
 */
export async function listBeneath(
  db: Database,
  post: number,
  ids: number[],
  reader: Reader,
  { levels, limit }: { levels: number; limit: number },
): Promise<ThreadRow[]> {
  const known = sql`select id from placeholder`;
  const columns = sql.join(COMMENT_COLUMNS.map((column) => sql.ref(`reply.${column}`)));
  const repliesTo = (above: string) => sql`
    select ${columns} from comments reply
    where reply.parent_id = ${sql.ref(`${above}.id`)} and ${isShown(reader, 'reply', known)}
    order by reply.created_at, reply.id limit ${sql.lit(MAX_COMMENTS + 1)}`;
  // The inner limit says no more than the outer one, and is another reason to go by the index.
  // PostgreSQL works through a recursion level by level, and only as far as rows are asked for.
  const beneath = sql<Selectable<Schema['comments']> & { has_replies: boolean }>`(
    with recursive
      placeholder as (${placeholders(reader, sql`${post}::integer`)}),
      beneath as (
        select reply.*, 1 as level
        from unnest(${ids}::integer[]) as above (id) cross join lateral (${repliesTo('above')}) reply
        union all
        select reply.*, above.level + 1
        from beneath above cross join lateral (${repliesTo('above')}) reply
        where above.level < ${levels})
    select beneath.*, ${hasReplies(reader, known, 'beneath')} as has_replies
    from beneath limit ${limit})`;
  return db
    .selectFrom(beneath.as<'comments'>(sql.ref('comments')))
    .select(shown)
    .select('has_replies')
    .execute();
}

function totalOf(
  reader: Reader,
  { post, parent }: { post: RawBuilder<unknown>; parent: number | null },
  counted: boolean,
): RawBuilder<number | null> {
  if (!counted) return sql`null::integer`;
  const isThere = parent === null ? sql`reply.parent_id is null` : sql`reply.parent_id = ${parent}`;
  return sql`(
    select count(*) from comments reply
    where reply.post_id = ${post} and ${isThere}
      and ${isShown(reader, 'reply', placeholders(reader, post))})`;
}

function hasReplies(
  reader: Reader,
  known: RawBuilder<unknown>,
  above = 'comments',
): RawBuilder<boolean> {
  // Not `exists`, which may be answered for all comments at once; the order is that of the index.
  return sql<boolean>`coalesce((
    select true from comments reply
    where reply.parent_id = ${sql.ref(`${above}.id`)} and ${isShown(reader, 'reply', known)}
    order by reply.created_at, reply.id limit 1), false)`;
}

/** That a comment is shown in its thread, if what it stands beneath is. */
function isShown(
  reader: Reader,
  comments: string,
  known: RawBuilder<unknown>,
): RawBuilder<boolean> {
  return sql<boolean>`(${isCommentOpen(reader, comments)}
    and (${sql.ref(`${comments}.deleted_at`)} is null
      or ${sql.ref(`${comments}.id`)} in (${known})))`;
}

/**
 * The deleted comments of a post beneath which something is shown: found from there upwards, so
 * that it takes no more than there are deleted ones, however they stand.
 */
function placeholders(reader: Reader, post: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    with recursive gone_above as (
      select gone.id, gone.parent_id from comments gone
      where gone.post_id = ${post} and gone.deleted_at is not null
        and ${isCommentOpen(reader, 'gone')}
        and exists (
          select from comments reply
          where reply.parent_id = gone.id and reply.deleted_at is null
            and ${isCommentOpen(reader, 'reply')}
          ${BY_INDEX})
      union
      select gone.id, gone.parent_id
      from gone_above cross join lateral (
        select * from comments gone where gone.id = gone_above.parent_id ${BY_INDEX}) gone
      where gone.deleted_at is not null and ${isCommentOpen(reader, 'gone')})
    select id from gone_above`;
}
