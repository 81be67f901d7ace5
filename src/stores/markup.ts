import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../db/database.js';
import type { Schema } from '../db/tables.js';
import type { CommentValues } from './comment-changes.js';
import type { PostValues } from './post-changes.js';

const POST_COLUMNS = [
  'id',
  'version',
  'title',
  'summary',
  'content',
  'content_html',
  'content_text',
  'excerpt',
  'reading_minutes',
] as const;

/** A post with what was made of its text. */
export type PostMarkup = Pick<Selectable<Schema['posts']>, (typeof POST_COLUMNS)[number]> & {
  /** The names, as they are searched. */
  tags: string[];
};

const COMMENT_COLUMNS = ['id', 'version', 'content', 'content_html'] as const;

/** A comment with what was made of its text. */
export type CommentMarkup = Pick<Selectable<Schema['comments']>, (typeof COMMENT_COLUMNS)[number]>;

/** The posts behind this one, by number, those in the trash too. */
export function listPostMarkup(db: Database, after: number, limit: number): Promise<PostMarkup[]> {
  return db
    .selectFrom('posts')
    .select(POST_COLUMNS)
    .select(
      sql<string[]>`array(
        select tags.name from post_tags join tags on tags.id = post_tags.tag_id
        where post_tags.post_id = posts.id order by tags.id)`.as('tags'),
    )
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** The comments behind this one, by number, those in the trash too. */
export function listCommentMarkup(
  db: Database,
  after: number,
  limit: number,
): Promise<CommentMarkup[]> {
  return db
    .selectFrom('comments')
    .select(COMMENT_COLUMNS)
    .where('purged_at', 'is', null)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** How many posts and comments there are with a text. */
export async function countMarkup(db: Database): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select (select count(*) from posts)
      + (select count(*) from comments where purged_at is null) as count
  `.execute(db);
  return rows[0]?.count ?? 0;
}

/** @returns whether it was written: not if the post has changed since, and has other markup then */
export async function replacePostMarkup(
  db: Database,
  { id, version }: { id: number; version: number },
  values: Partial<PostValues>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('posts')
    .set(values)
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** @returns as `replacePostMarkup` */
export async function replaceCommentMarkup(
  db: Database,
  { id, version }: { id: number; version: number },
  values: CommentValues,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('comments')
    .set(values)
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
