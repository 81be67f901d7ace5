import { type RawBuilder, sql } from 'kysely';
import type { Anonymous } from '#src/access/viewer.js';

/** The visibility that applies to a query on posts and comments. */
export type Reader =
  /** Sees published posts and approved comments. */
  | Anonymous
  /** Also sees their own drafts and comments. */
  | { kind: 'author'; id: number }
  /** Sees everything outside the trash. */
  | { kind: 'editor'; id?: number };

/**
 * Appended to single-row subqueries, so that the planner does not turn them into a join: it cannot
 * estimate the depth of a recursion and would read the whole table.
 */
export const BY_INDEX = sql`offset 0`;

/**
 * SQL condition: the post is visible to the reader and not in the trash. `posts` is the table's
 * name or alias.
 */
export function isPostVisible(reader: Reader, posts = 'posts'): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${posts}.${name}`);
  const alive = sql<boolean>`${column('deleted_at')} is null`;
  if (reader.kind === 'editor') return alive;
  const published = sql<boolean>`${column('published_at')} is not null`;
  if (reader.kind === 'public') return sql<boolean>`(${published} and ${alive})`;
  return sql<boolean>`((${published} or ${column('author_id')} = ${reader.id}) and ${alive})`;
}

/** SQL condition: a published post has the tag, a row of `tags`. */
export function isTagPublic(): RawBuilder<boolean> {
  return sql<boolean>`exists (
    select from post_tags uses join posts published on published.id = uses.post_id
    where uses.tag_id = tags.id and ${isPostVisible({ kind: 'public' }, 'published')})`;
}

/** SQL condition: the draft is visible to the reader, in a form that matches an index. */
export function isVisibleDraft(reader: Reader): RawBuilder<boolean> {
  if (reader.kind === 'public') return sql<boolean>`false`;
  const isDraft = sql<boolean>`posts.published_at is null and posts.deleted_at is null`;
  if (reader.kind === 'editor') return isDraft;
  return sql<boolean>`${isDraft} and posts.author_id = ${reader.id}`;
}

/**
 * SQL condition: the comment and all its ancestors are visible to the reader. It is not deleted and
 * its post is visible; pending and rejected comments are visible only to their author and editors.
 * `comments` is the table's name or alias.
 */
export function isCommentVisible(reader: Reader, comments = 'comments'): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${comments}.${name}`);
  return sql<boolean>`(${column('deleted_at')} is null and ${isCommentReachable(reader, comments)})`;
}

/**
 * SQL condition: like {@link isCommentVisible}, but includes deleted comments, which keep their
 * place in the thread.
 */
export function isCommentReachable(reader: Reader, comments = 'comments'): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${comments}.${name}`);
  const onVisiblePost = sql<boolean>`exists (
    select from posts where posts.id = ${column('post_id')} and ${isPostVisible(reader)})`;
  if (reader.kind === 'editor') return onVisiblePost;
  // Few threads contain hidden comments; only in those are the ancestors checked.
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
 * SQL condition: the comment itself hides neither itself nor its replies from the reader. Does not
 * check its ancestors.
 */
export function isCommentOpen(reader: Reader, comments: string): RawBuilder<boolean> {
  if (reader.kind === 'editor') return sql<boolean>`true`;
  const approved = sql.ref<boolean>(`${comments}.is_approved`);
  if (reader.kind === 'public') return approved;
  return sql<boolean>`(${approved} or ${sql.ref(`${comments}.author_id`)} is not distinct from ${reader.id})`;
}
