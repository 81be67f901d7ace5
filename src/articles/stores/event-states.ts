import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** What decides who may see the fields of a post. */
export interface PostState {
  id: number;
  version: number;
  is_published: boolean;
  author_id: number | null;
}

/** What decides who may see the fields of a comment. */
export interface CommentState {
  id: number;
  version: number;
  /** Whether everyone may see it who may see its post. */
  is_visible: boolean;
  is_deleted: boolean;
  author_id: number | null;
  is_post_published: boolean;
  post_author_id: number | null;
}

/** Returns the states of these posts by id, without those that are deleted. */
export async function findPostStates(
  db: Database,
  ids: readonly number[],
): Promise<Map<number, PostState>> {
  const rows = await db
    .selectFrom('posts')
    .select(['id', 'version', 'author_id'])
    .select(sql<boolean>`published_at is not null`.as('is_published'))
    .where(sql<boolean>`id = any(${ids}::integer[])`)
    .where('deleted_at', 'is', null)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Returns the states of these comments by id, without those whose post is deleted. */
export async function findCommentStates(
  db: Database,
  ids: readonly number[],
): Promise<Map<number, CommentState>> {
  const rows = await db
    .selectFrom('comments')
    .innerJoin('posts', 'posts.id', 'comments.post_id')
    .select([
      'comments.id',
      'comments.version',
      'comments.author_id',
      'posts.author_id as post_author_id',
    ])
    .select([
      sql<boolean>`comments.is_approved and comments.deleted_at is null`.as('is_visible'),
      sql<boolean>`comments.deleted_at is not null`.as('is_deleted'),
      sql<boolean>`posts.published_at is not null`.as('is_post_published'),
    ])
    .where(sql<boolean>`comments.id = any(${ids}::integer[])`)
    .where('posts.deleted_at', 'is', null)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}
