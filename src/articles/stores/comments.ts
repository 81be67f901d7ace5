import {
  type Expression,
  type ExpressionBuilder,
  type RawBuilder,
  type SqlBool,
  sql,
} from 'kysely';
import type { Comment, CommentSort } from '#schemas/comments.js';
import { MAX_PAGE_BYTES } from '#schemas/paging.js';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { fold } from '#src/lib/fold.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';
import { isCommentGone, isCommentVisible, type Reader } from './visibility.js';

/** Columns that the fields of a comment are made from. */
export const COMMENT_COLUMNS = [
  'id',
  'post_id',
  'parent_id',
  'thread_id',
  'depth',
  'author_id',
  'content',
  'content_html',
  'text_bytes',
  'is_approved',
  'rejected_at',
  'deleted_at',
  'version',
  'created_at',
  'updated_at',
] as const;

/** A comment as the API returns it, with its version. */
export type FullComment = Comment & { version: number };

/** A comment in a list, with the size of the list up to it, in bytes of JSON. */
export type ListedComment = FullComment & { bytes_so_far: number };

/** Maximum size of a comment without its texts and without the strings of its author. */
const FIXED_BYTES = 500;

export interface CommentFilter {
  reader: Reader;
  is_approved?: boolean | undefined;
  is_rejected?: boolean | undefined;
  post_id?: number | undefined;
  /** Username of the author. */
  author?: string | undefined;
}

/** Returns the comment, or null if it is not visible to the reader. */
export async function findComment(
  db: Database,
  id: number,
  reader: Reader,
): Promise<FullComment | null> {
  const row = await db
    .selectFrom('comments')
    .select(shown(reader))
    .where('id', '=', id)
    .where(isCommentVisible(reader))
    .executeTakeFirst();
  return row === undefined ? null : markTruncated(row);
}

/** Returns those of the comments that are visible to the reader, in the order of their ids. */
export async function findComments(
  db: Database,
  ids: readonly number[],
  reader: Reader,
): Promise<FullComment[]> {
  const rows = await db
    .selectFrom('comments')
    .select(shown(reader))
    .where(sql<boolean>`id = any(${ids}::integer[])`)
    .where(isCommentVisible(reader))
    .orderBy('id')
    .execute();
  return rows.map(markTruncated);
}

/**
 * Returns a slice of the comments that match the filter, from all threads. Texts beyond
 * `MAX_PAGE_BYTES` are left out.
 */
export async function listComments(
  db: Database,
  filter: CommentFilter,
  slice: Slice<CommentSort>,
): Promise<ListedComment[]> {
  const found = db.selectFrom('comments').select(COMMENT_COLUMNS).where(matches(filter));
  const rows = await inOrder(db, cut(found, slice), filter.reader, slice).execute();
  return rows.map(markTruncated);
}

/** Counts the comments that match the filter, like `countRows`. */
export function countComments(db: Database, filter: CommentFilter): Promise<number> {
  const found = db.selectFrom('comments').select('comments.id').where(matches(filter));
  const isNarrow = filter.post_id !== undefined || filter.author !== undefined;
  return countRows(db, isNarrow ? found : found.orderBy('comments.created_at'));
}

type Slices = ReturnType<typeof sliceOf>;
function sliceOf(db: Database) {
  return db.selectFrom('comments').select(COMMENT_COLUMNS);
}

/**
 * Selects the comments of the slice as the API returns them, without the texts that exceed
 * `MAX_PAGE_BYTES`. Joined values are read only for the rows of the slice.
 */
export function inOrder(
  db: Database,
  slice: Slices,
  reader: Reader,
  { descending }: Slice<CommentSort>,
) {
  const direction = descending ? 'desc' : 'asc';
  const order = sql.raw(`comments.created_at ${direction}, comments.id ${direction}`);
  const weighed = db
    .selectFrom(slice.as('comments'))
    .select(COMMENT_COLUMNS)
    .select(
      sql<number>`sum(${bytesOf(reader, 'comments')}) over (order by ${order})`.as('bytes_so_far'),
    );
  return db
    .selectFrom(weighed.as('comments'))
    .orderBy('comments.created_at', direction)
    .orderBy('comments.id', direction)
    .select(shown(reader, sql<boolean>`comments.bytes_so_far <= ${sql.lit(MAX_PAGE_BYTES)}`))
    .select('comments.bytes_so_far');
}

/** SQL for the size of a comment in a response, in bytes of JSON. `comments` is an alias. */
export function bytesOf(reader: Reader, comments: string): RawBuilder<number> {
  const column = (name: string) => sql.ref(`${comments}.${name}`);
  return sql<number>`(${sql.lit(FIXED_BYTES)} + case when not ${isCommentGone(reader, comments)} then
    ${column('text_bytes')} + coalesce((
      select json_bytes(users.nickname) + coalesce(json_bytes(users.avatar_url), 0)
      from users where users.id = ${column('author_id')}), 0)
    else 0 end)`;
}

/** Leaves out `is_truncated` unless it is true. */
export function markTruncated<T extends { is_truncated: boolean | null }>({
  is_truncated,
  ...comment
}: T): Omit<T, 'is_truncated'> & { is_truncated?: true } {
  return is_truncated === true ? { ...comment, is_truncated } : comment;
}

/**
 * Columns of a comment as the API returns it. Of a comment that is deleted or hidden from the
 * reader, only its place in the thread is left.
 *
 * @param isWhole whether the comment has its texts
 */
export function shown(reader: Reader, isWhole: RawBuilder<boolean> = sql<boolean>`true`) {
  const isGone = isCommentGone(reader, 'comments');
  const unlessGone = <T>(value: RawBuilder<T>, instead: RawBuilder<T>) =>
    sql<T>`case when ${isGone} then ${instead} else ${value} end`;
  const ifWhole = (value: RawBuilder<string>) =>
    sql<string>`case when ${isWhole} then ${value} else '' end`;
  const nothing = sql<string>`''`;
  return [
    ...(['id', 'post_id', 'parent_id', 'depth', 'is_approved', 'version'] as const).map(
      (column) => `comments.${column}` as const,
    ),
    'comments.created_at' as const,
    'comments.updated_at' as const,
    sql<number>`coalesce(comments.thread_id, comments.id)`.as('thread_id'),
    unlessGone(authorIn('comments.author_id'), sql`null`).as('author'),
    unlessGone(ifWhole(sql<string>`comments.content`), nothing).as('content'),
    unlessGone(ifWhole(sql<string>`comments.content_html`), nothing).as('content_html'),
    unlessGone(sql<boolean | null>`not ${isWhole}`, sql`null`).as('is_truncated'),
    // That a comment was rejected is told only to those who may read it.
    unlessGone(sql<boolean>`comments.rejected_at is not null`, sql`false`).as('is_rejected'),
    sql<boolean>`comments.deleted_at is not null`.as('is_deleted'),
  ];
}

function matches({ reader, is_approved, is_rejected, post_id, author }: CommentFilter) {
  return (eb: ExpressionBuilder<Schema, 'comments'>) => {
    const conditions: Expression<SqlBool>[] = [isCommentVisible(reader)];
    // Without parameters, so that the condition matches those of indexes.
    if (is_approved !== undefined) {
      conditions.push(is_approved ? sql<boolean>`is_approved` : sql<boolean>`not is_approved`);
    }
    if (is_rejected !== undefined) {
      conditions.push(eb('rejected_at', is_rejected ? 'is not' : 'is', null));
    }
    if (post_id !== undefined) conditions.push(eb('post_id', '=', post_id));
    if (author !== undefined) {
      const ids = eb
        .selectFrom('users')
        .select('users.id')
        .where('users.username_folded', '=', fold(author));
      conditions.push(eb('author_id', '=', ids));
    }
    return eb.and(conditions);
  };
}
