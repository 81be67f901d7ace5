import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely';
import type { Comment, CommentSort } from '#schemas/comments.js';
import type { Database } from '#src/db/database.js';
import { isIgnoringCase } from '#src/db/ignoring-case.js';
import type { Schema } from '#src/db/tables.js';
import { cut, type Slice } from '#src/lists/slices.js';
import { authorIn } from './authors.js';
import { isCommentVisible, type Reader } from './visibility.js';

/** The columns from which is made what a comment shows. */
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

/** A comment as it is shown, with its version. */
export type FullComment = Comment & { version: number };

export interface CommentFilter {
  reader: Reader;
  is_approved?: boolean | undefined;
  is_rejected?: boolean | undefined;
  post_id?: number | undefined;
  /** The name of the user who wrote it. */
  author?: string | undefined;
}

/** The comment, or null if there is none that the reader may see. */
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

/** A slice of the comments that the filter finds, whatever they reply to. */
export async function listComments(
  db: Database,
  filter: CommentFilter,
  slice: Slice<CommentSort>,
): Promise<FullComment[]> {
  const found = db.selectFrom('comments').select(COMMENT_COLUMNS).where(matches(filter));
  return inOrder(db, cut(found, slice), slice).select(shown).execute();
}

/** How many comments the filter finds. */
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

/** The slice again, so that what a comment shows of others is read for it alone. */
export function inOrder(db: Database, slice: Slices, { descending }: Slice<CommentSort>) {
  const direction = descending ? 'desc' : 'asc';
  return db
    .selectFrom(slice.as('comments'))
    .orderBy('comments.created_at', direction)
    .orderBy('comments.id', direction);
}

/** What is shown of a row of `comments`: of one that was deleted nothing but its place. */
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
        .where(isIgnoringCase('users.username', author));
      conditions.push(eb('author_id', '=', ids));
    }
    return eb.and(conditions);
  };
}
