import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely';
import type { Comment, CommentSort } from '#schemas/comments.js';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { fold } from '#src/lib/fold.js';
import { cut, type Slice } from '#src/lists/slices.js';
import { authorIn } from './authors.js';
import { isCommentVisible, type Reader } from './visibility.js';

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
  'is_approved',
  'rejected_at',
  'deleted_at',
  'version',
  'created_at',
  'updated_at',
] as const;

/** A comment as the API returns it, with its version. */
export type FullComment = Comment & { version: number };

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
    .select(shown)
    .where('id', '=', id)
    .where(isCommentVisible(reader))
    .executeTakeFirst();
  return row ?? null;
}

/** Returns a slice of the comments that match the filter, from all threads. */
export async function listComments(
  db: Database,
  filter: CommentFilter,
  slice: Slice<CommentSort>,
): Promise<FullComment[]> {
  const found = db.selectFrom('comments').select(COMMENT_COLUMNS).where(matches(filter));
  return inOrder(db, cut(found, slice), slice).select(shown).execute();
}

/** Counts the comments that match the filter. */
export async function countComments(db: Database, filter: CommentFilter): Promise<number> {
  const { count } = await db
    .selectFrom('comments')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(matches(filter))
    .executeTakeFirstOrThrow();
  return count;
}

type Slices = ReturnType<typeof sliceOf>;
function sliceOf(db: Database) {
  return db.selectFrom('comments').select(COMMENT_COLUMNS);
}

/** Selects from the slice, so that joined values are read only for its rows. */
export function inOrder(db: Database, slice: Slices, { descending }: Slice<CommentSort>) {
  const direction = descending ? 'desc' : 'asc';
  return db
    .selectFrom(slice.as('comments'))
    .orderBy('comments.created_at', direction)
    .orderBy('comments.id', direction);
}

/**
 * Columns of a comment as the API returns it. A deleted comment keeps only its place in the thread.
 */
export function shown() {
  const unlessDeleted = <T>(value: RawBuilder<T>, instead: RawBuilder<T>) =>
    sql<T>`case when comments.deleted_at is null then ${value} else ${instead} end`;
  const nothing = sql<string>`''`;
  return [
    ...(['id', 'post_id', 'parent_id', 'depth', 'is_approved', 'version'] as const).map(
      (column) => `comments.${column}` as const,
    ),
    'comments.created_at' as const,
    'comments.updated_at' as const,
    sql<number>`coalesce(comments.thread_id, comments.id)`.as('thread_id'),
    unlessDeleted(authorIn('comments.author_id'), sql`null`).as('author'),
    unlessDeleted(sql<string>`comments.content`, nothing).as('content'),
    unlessDeleted(sql<string>`comments.content_html`, nothing).as('content_html'),
    sql<boolean>`comments.rejected_at is not null`.as('is_rejected'),
    sql<boolean>`comments.deleted_at is not null`.as('is_deleted'),
  ];
}

function matches({ reader, is_approved, is_rejected, post_id, author }: CommentFilter) {
  return (eb: ExpressionBuilder<Schema, 'comments'>) => {
    const conditions = [eb(isCommentVisible(reader), '=', true)];
    if (is_approved !== undefined) conditions.push(eb('is_approved', '=', is_approved));
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
