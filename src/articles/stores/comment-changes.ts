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
  'author_id',
  'content',
  'is_approved',
  'rejected_at',
  'version',
  'created_at',
] as const;

export type LockedComment = Pick<Selectable<Schema['comments']>, (typeof LOCKED_COLUMNS)[number]>;

/** Keeps the post from being removed until the transaction ends. False if the reader sees none. */
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
 * Keeps the comment from being changed or deleted until the transaction ends.
 *
 * @returns where a reply to it stands, or null if there is no such comment that the reader may see
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

/** @returns its id */
export async function insertComment(db: Database, comment: NewComment): Promise<number> {
  const { id } = await db
    .insertInto('comments')
    .values(comment)
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** The comment, locked until the transaction ends, or null if the reader may see none. */
export async function lockComment(
  db: Database,
  id: number,
  reader: Reader,
): Promise<LockedComment | null> {
  const [row] = await lockComments(db, [id], reader);
  return row ?? null;
}

/** Those of the comments that the reader may see, locked in the order of their ids. */
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

/** Writes the same values into each of the comments. */
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
