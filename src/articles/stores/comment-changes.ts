import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { isCommentVisible, isPostVisible, type Reader } from './visibility.js';

export type NewComment = Omit<Insertable<Schema['comments']>, 'search'> & {
  search: ReturnType<typeof sql<string>>;
};
export type CommentValues = Omit<Updateable<Schema['comments']>, 'search'> & {
  search?: ReturnType<typeof sql<string>>;
};

const LOCKED_COLUMNS = [
  'id',
  'post_id',
  'author_id',
  'content',
  'is_approved',
  'rejected_at',
  'version',
  'created_at',
] as const;

export type LockedComment = Pick<Selectable<Schema['comments']>, (typeof LOCKED_COLUMNS)[number]>;

/**
 * Prevents the post from being deleted until the transaction ends. Returns false if it is not
 * visible to the reader.
 */
export async function holdPost(db: Database, id: number, reader: Reader): Promise<boolean> {
  const row = await db
    .selectFrom('posts')
    .select('id')
    .where('id', '=', id)
    .where(isPostVisible(reader))
    .forKeyShare()
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Locks a comment against changes until the transaction ends.
 *
 * @returns thread and depth of a reply to it, or null if the comment is not visible to the reader
 */
export async function holdParent(
  db: Database,
  id: number,
  post: number,
  reader: Reader,
): Promise<{ thread_id: number; depth: number } | null> {
  const row = await db
    .selectFrom('comments')
    .select([
      sql<number>`coalesce(comments.thread_id, comments.id)`.as('thread_id'),
      sql<number>`comments.depth + 1`.as('depth'),
    ])
    .where('id', '=', id)
    .where('post_id', '=', post)
    .where(isCommentVisible(reader))
    .forShare()
    .executeTakeFirst();
  return row ?? null;
}

/** @returns the id of the comment */
export async function insertComment(db: Database, comment: NewComment): Promise<number> {
  const { id } = await db
    .insertInto('comments')
    .values(comment)
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/**
 * Returns the comment, locked until the transaction ends, or null if it is not visible to the
 * reader.
 */
export async function lockComment(
  db: Database,
  id: number,
  reader: Reader,
): Promise<LockedComment | null> {
  const [row] = await lockComments(db, [id], reader);
  return row ?? null;
}

/** Returns the comments that are visible to the reader, locked in the order of their ids. */
export function lockComments(
  db: Database,
  ids: number[],
  reader: Reader,
): Promise<LockedComment[]> {
  return db
    .selectFrom('comments')
    .select(LOCKED_COLUMNS)
    .where(sql<boolean>`id = any(${ids}::integer[])`)
    .where(isCommentVisible(reader))
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
}

/** Sets the same values on all comments. */
export async function updateComments(
  db: Database,
  ids: number[],
  values: CommentValues,
): Promise<void> {
  await db
    .updateTable('comments')
    .set(values)
    .where(sql<boolean>`id = any(${ids}::integer[])`)
    .execute();
}
