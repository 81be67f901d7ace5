import {
  type CommentListQuery,
  type CommentNode,
  type CommentTreeQuery,
  MAX_COMMENTS,
  MAX_LEVELS,
} from '#schemas/comments.js';
import { MAX_PAGE_BYTES, type Page } from '#schemas/paging.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { flatten, growTree } from '#src/articles/lib/comment-tree.js';
import * as threads from '#src/articles/stores/comment-threads.js';
import * as store from '#src/articles/stores/comments.js';
import type { Reader } from '#src/articles/stores/visibility.js';
import type { Database } from '#src/db/database.js';
import { ApiError } from '#src/errors.js';
import { contentTag } from '#src/lib/entity-tag.js';
import { readPage } from '#src/lists/paging.js';
import { readerOf } from './policy.js';

/** Returns the entity tag of a comment, which also changes with the author's name. */
export function commentTag(comment: store.FullComment): string {
  return contentTag(comment.version, comment);
}

/**
 * @param expected the post of the comment, if the caller knows it
 * @throws ApiError not_found if the comment is not visible to the viewer, or on another post
 */
export async function readComment(
  context: Context,
  id: number,
  expected: { post?: number } = {},
): Promise<store.FullComment> {
  const comment = await store.findComment(context.db, id, readerOf(context.viewer));
  const { post = comment?.post_id } = expected;
  if (comment === null || comment.post_id !== post) throw new ApiError('not_found');
  return comment;
}

/**
 * Returns a page of the comments visible to the viewer, across all threads.
 *
 * @throws InvalidRequest if the cursor is invalid
 */
export function listComments(
  context: ActingContext,
  { page, size, cursor, sort, ...exact }: CommentListQuery,
): Promise<Page<store.FullComment>> {
  const filter = { ...exact, reader: readerOf(context.viewer) };
  return readPage(
    { page, size, cursor, sort },
    {
      list: (slice) => store.listComments(context.db, filter, slice),
      count: () => store.countComments(context.db, filter),
      sortKey: ({ created_at }) => created_at,
    },
  );
}

/**
 * Returns a page of a post's top-level comments, with the replies below them. Takes three
 * statements, however many comments there are.
 *
 * @throws ApiError not_found if the post is not visible to the viewer; InvalidRequest if the cursor
 *   is invalid
 */
export async function listThreads(
  context: Context,
  post: number,
  query: CommentTreeQuery,
): Promise<Page<CommentNode>> {
  const reader = readerOf(context.viewer);
  const place = await threads.findThreadsOf(context.db, post, reader, isCounted(query));
  return readThreads(context.db, reader, place, query);
}

/**
 * Returns a page of the replies to a comment, with the replies below them, like `listThreads`.
 *
 * @throws ApiError not_found if the comment is not shown to the viewer; InvalidRequest if the
 *   cursor is invalid
 */
export async function listReplies(
  context: Context,
  comment: number,
  query: CommentTreeQuery,
): Promise<Page<CommentNode>> {
  const reader = readerOf(context.viewer);
  const place = await threads.findRepliesTo(context.db, comment, reader, isCounted(query));
  return readThreads(context.db, reader, place, query);
}

function isCounted({ cursor }: CommentTreeQuery): boolean {
  return cursor === undefined;
}

async function readThreads(
  db: Database,
  reader: Reader,
  place: threads.FoundPlace | null,
  { form, ...request }: CommentTreeQuery,
): Promise<Page<CommentNode>> {
  if (place === null) throw new ApiError('not_found');
  const page = await readPage(request, {
    list: (slice) => threads.listThreads(db, place, reader, slice),
    count: async () => place.total ?? 0,
    sortKey: ({ created_at }) => created_at,
  });
  const tops = page.items.map(({ bytes_so_far: _, ...comment }) => comment);
  const ids = tops.map(({ id }) => id);
  const limits = {
    levels: form === 'tree' ? MAX_LEVELS : MAX_COMMENTS,
    limit: MAX_COMMENTS - ids.length,
    bytes: MAX_PAGE_BYTES - (page.items.at(-1)?.bytes_so_far ?? 0),
  };
  const { rows, count } =
    limits.bytes > 0 && tops.some(({ has_replies }) => has_replies)
      ? await threads.listBeneath(db, place.post_id, ids, reader, limits)
      : { rows: [], count: 0 };
  const roots = growTree(tops, rows, count);
  return { ...page, items: form === 'tree' ? roots : flatten(roots) };
}
