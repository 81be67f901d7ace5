import { type RawBuilder, sql } from 'kysely';
import type { Anonymous } from '#src/access/viewer.js';

/** Through whose eyes articles and comments are read. */
export type Reader =
  /** Sees what is published and approved. */
  | Anonymous
  /** Authors see what is their own too. */
  | { kind: 'author'; id: number }
  /** Editors see everything. */
  | { kind: 'editor' };

/**
 * At the end of a subquery for single rows: keeps it from becoming a join, for which the planner, who
 * cannot tell how far a recursion goes, would read the whole table.
 */
export const BY_INDEX = sql`offset 0`;

/** That this reader may see the post, which is not in the trash. `posts` is the name of the table. */
export function isPostVisible(reader: Reader, posts = 'posts'): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${posts}.${name}`);
  const alive = sql<boolean>`${column('deleted_at')} is null`;
  if (reader.kind === 'editor') return alive;
  const published = sql<boolean>`${column('published_at')} is not null`;
  if (reader.kind === 'public') return sql<boolean>`(${published} and ${alive})`;
  return sql<boolean>`((${published} or ${column('author_id')} = ${reader.id}) and ${alive})`;
}

/** The same of a draft, in words for which there is an index. */
export function isVisibleDraft(reader: Reader): RawBuilder<boolean> {
  if (reader.kind === 'public') return sql<boolean>`false`;
  const isDraft = sql<boolean>`posts.published_at is null and posts.deleted_at is null`;
  if (reader.kind === 'editor') return isDraft;
  return sql<boolean>`${isDraft} and posts.author_id = ${reader.id}`;
}

/**
 * That this reader may see the comment, and all that it stands beneath: on a post that they may see,
 * neither deleted nor, for whoever is neither its author nor an editor, waiting or rejected.
 * `comments` is the name of the table.
 */
export function isCommentVisible(reader: Reader, comments = 'comments'): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${comments}.${name}`);
  return sql<boolean>`(${column('deleted_at')} is null and ${isCommentReachable(reader, comments)})`;
}

/** That this reader may see the comment, or, if it was deleted, its place in the thread. */
export function isCommentReachable(reader: Reader, comments = 'comments'): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${comments}.${name}`);
  const onVisiblePost = sql<boolean>`exists (
    select from posts where posts.id = ${column('post_id')} and ${isPostVisible(reader)})`;
  if (reader.kind === 'editor') return onVisiblePost;
  // Most threads hold nothing hidden: only in others is the way up to the top worth walking.
  return sql<boolean>`(
    ${isCommentOpen(reader, comments)} and ${onVisiblePost}
    and (${column('parent_id')} is null
      or not exists (
        select from comments hidden
        where coalesce(hidden.thread_id, hidden.id) = ${column('thread_id')}
          and not hidden.is_approved)
      or not exists (
        with recursive above as (
          select parent.id, parent.parent_id, ${isCommentOpen(reader, 'parent')} as is_open
          from comments parent where parent.id = ${column('parent_id')}
          union all
          select parent.id, parent.parent_id, ${isCommentOpen(reader, 'parent')}
          from above cross join lateral (
            select * from comments parent where parent.id = above.parent_id ${BY_INDEX}) parent
          where above.is_open)
        select from above where not is_open)))`;
}

/**
 * That this comment, taken by itself, keeps this reader neither from itself nor from what stands
 * beneath it.
 */
export function isCommentOpen(reader: Reader, comments: string): RawBuilder<boolean> {
  if (reader.kind === 'editor') return sql<boolean>`true`;
  const approved = sql.ref<boolean>(`${comments}.is_approved`);
  if (reader.kind === 'public') return approved;
  return sql<boolean>`(${approved} or ${sql.ref(`${comments}.author_id`)} is not distinct from ${reader.id})`;
}
