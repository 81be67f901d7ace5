import type { Page } from '#schemas/paging.js';
import type { PostListQuery, PostOrder } from '#schemas/posts.js';
import * as store from '#src/articles/stores/posts.js';
import type { Reader } from '#src/articles/stores/visibility.js';
import { type CachedContext, type Key, ownRead, type Read } from '#src/cache/shared-reads.js';
import type { Database } from '#src/db/database.js';
import { ApiError } from '#src/errors.js';
import { contentTag } from '#src/lib/entity-tag.js';
import { readPage } from '#src/lists/paging.js';
import { readerOf } from './policy.js';

const ORDERS: Record<PostOrder, store.PostSort | `-${store.PostSort}`> = {
  newest: '-listed_at',
  oldest: 'listed_at',
  popular: '-view_count',
  title: 'title',
};

/** The entity tag of a post: its version, and what is shown of others beside it. */
export function postTag(post: store.FullPost): string {
  return contentTag(post.version, post);
}

/**
 * One page of the posts that the query asks for, as far as the viewer may see them.
 *
 * @throws InvalidRequest if the cursor is not one of ours
 */
export async function listPosts(
  { db, viewer, sharedReads }: CachedContext,
  query: PostListQuery,
): Promise<Read<Page<store.PostRow>>> {
  if (query.status === 'draft') return ownRead(await readPosts(db, readerOf(viewer), query));
  return sharedReads.read('list', ['posts', query], (db, reader) => readPosts(db, reader, query));
}

/**
 * One page of the posts that this reader may see, out of the database.
 *
 * @throws InvalidRequest if the cursor is not one of ours
 */
export function readPosts(
  db: Database,
  reader: Reader,
  { page, size, cursor, sort, month, ...exact }: PostListQuery,
): Promise<Page<store.PostRow>> {
  const filter = {
    ...exact,
    reader,
    period: month === undefined ? undefined : periodOf(month),
  };
  return readPage(
    { page, size, cursor, sort: ORDERS[sort] },
    {
      list: (slice) => store.listPosts(db, filter, slice),
      count: () => store.countPosts(db, filter),
      sortKey: (post) => post.sort_key,
      isSortKey: store.isPostSortKey,
    },
  );
}

/** @throws ApiError not_found if there is no post with this number that the viewer may see */
export function readPost(context: CachedContext, id: number): Promise<Read<store.FullPost>> {
  return readOne(context, ['post', id], (db, reader) => store.findPost(db, id, reader));
}

/**
 * The post with this slug, be it the present one or one that it had: they can be told apart by the
 * slug of the answer.
 *
 * @throws ApiError not_found if there is none that the viewer may see
 */
export function readPostBySlug(
  context: CachedContext,
  slug: string,
): Promise<Read<store.FullPost>> {
  return readOne(context, ['post by slug', slug], (db, reader) =>
    store.findPostBySlug(db, slug, reader),
  );
}

/** What everyone may see comes from where it is kept, also for those who may see more. */
async function readOne(
  { db, viewer, sharedReads }: CachedContext,
  key: Key,
  find: (db: Database, reader: Reader) => Promise<store.FullPost | null>,
): Promise<Read<store.FullPost>> {
  try {
    return await sharedReads.read(
      'item',
      key,
      async (db, reader) => found(await find(db, reader)),
      postTag,
    );
  } catch (error) {
    const mayBeDraft = viewer !== null && error instanceof ApiError && error.code === 'not_found';
    if (!mayBeDraft) throw error;
    return ownRead(found(await find(db, readerOf(viewer))), postTag);
  }
}

function found(post: store.FullPost | null): store.FullPost {
  if (post === null) throw new ApiError('not_found');
  return post;
}

/** From the first moment of the month to the first of the next, in UTC. */
function periodOf(month: string): [Date, Date] {
  const begin = new Date(`${month}-01T00:00:00.000Z`);
  const end = new Date(begin);
  end.setUTCMonth(end.getUTCMonth() + 1);
  return [begin, end];
}
