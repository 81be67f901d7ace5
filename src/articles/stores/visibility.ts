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
 * SQL condition: the comment is visible to the reader. It is not deleted and its post is visible;
 * pending and rejected comments are visible only to their author and editors. Comments above it
 * have no influence. `comments` is the table's name or alias.
 */
export function isCommentVisible(reader: Reader, comments = 'comments'): RawBuilder<boolean> {
  return sql<boolean>`(not ${isCommentGone(reader, comments)} and ${isOnVisiblePost(reader, comments)})`;
}

/** SQL condition: the post of the comment is visible to the reader. */
export function isOnVisiblePost(reader: Reader, comments = 'comments'): RawBuilder<boolean> {
  const isPostOf = sql<boolean>`posts.id = ${sql.ref(`${comments}.post_id`)}`;
  // Every comment has a post, and the index of the trash is small.
  if (reader.kind === 'editor') {
    return sql<boolean>`not exists (
      select from posts where ${isPostOf} and posts.deleted_at is not null)`;
  }
  return sql<boolean>`exists (select from posts where ${isPostOf} and ${isPostVisible(reader)})`;
}

/**
 * SQL condition: of the comment, the reader sees at most its place in the thread. It is deleted, or
 * not approved and neither the reader's own nor the reader an editor. Not null for any row, and in a
 * form that matches an index.
 */
export function isCommentGone(reader: Reader, comments: string): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${comments}.${name}`);
  const isDeleted = sql<boolean>`${column('deleted_at')} is not null`;
  if (reader.kind === 'editor') return sql<boolean>`(${isDeleted})`;
  const isGone = sql<boolean>`(${isDeleted} or not ${column('is_approved')})`;
  if (reader.kind === 'public') return isGone;
  return sql<boolean>`(${isGone}
    and (${isDeleted} or ${column('author_id')} is distinct from ${reader.id}))`;
}
