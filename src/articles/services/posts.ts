import { MAX_COUNTED, type Page } from '#schemas/paging.js';
import type { PostListQuery, PostOrder } from '#schemas/post-queries.js';
import * as store from '#src/articles/stores/posts.js';
import type { Reader } from '#src/articles/stores/visibility.js';
import { type CachedContext, type Key, ownRead, type Read } from '#src/cache/shared-reads.js';
import type { Database } from '#src/db/database.js';
import { ApiError } from '#src/errors.js';
import { contentTag } from '#src/lib/entity-tag.js';
import { readPage } from '#src/lists/paging.js';
import { readSearch, type SearchContext } from '#src/lists/searches.js';
import { canonicalQuery } from '#src/search/search-queries.js';
import { readerOf } from './policy.js';

const ORDERS: Record<PostOrder, store.PostSort | `-${store.PostSort}`> = {
  newest: '-listed_at',
  oldest: 'listed_at',
  popular: '-view_count',
  title: 'title',
};

/** Returns the entity tag of a post, which also changes with its author, topics and counts. */
export function postTag(post: store.FullPost): string {
  return contentTag(post.version, post);
}

/**
 * Returns a page of the posts that match the query and are visible to the viewer.
 *
 * @throws InvalidRequest if the cursor is invalid; ApiError too_busy if too many are searching
 */
export async function listPosts(
  context: CachedContext & SearchContext,
  query: PostListQuery,
): Promise<Read<Page<store.PostRow>>> {
  const { db, viewer, sharedReads, runSearch } = context;
  const isSearch = store.isPostSearch(query);
  const load = (connection: Database, reader: Reader) => readPosts(connection, reader, query);
  if (query.status === 'draft') {
    const read = (connection: Database) => load(connection, readerOf(viewer));
    return ownRead(await (isSearch ? runSearch(db, read) : read(db)));
  }
  if (!isSearch) return sharedReads.read('list', ['posts', query], load);
  const key = { ...query, q: canonicalQuery(query.q ?? '') };
  return readSearch(context, ['posts', key], load);
}

/**
 * Returns a page of the posts visible to the reader, bypassing the cache.
 *
 * @throws InvalidRequest if the cursor is invalid
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
      ...(store.isPostSearch(filter) && { most: MAX_COUNTED }),
    },
  );
}

/** @throws ApiError not_found if the post is not visible to the viewer */
export function readPost(context: CachedContext, id: number): Promise<Read<store.FullPost>> {
  return readOne(context, ['post', id], (db, reader) => store.findPost(db, id, reader));
}

/**
 * Returns the post with this current or former slug. If it is a former one, the post's `slug`
 * differs.
 *
 * @throws ApiError not_found if the post is not visible to the viewer
 */
export function readPostBySlug(
  context: CachedContext,
  slug: string,
): Promise<Read<store.FullPost>> {
  return readOne(context, ['post by slug', slug], (db, reader) =>
    store.findPostBySlug(db, slug, reader),
  );
}

/** Reads public posts through the cache, also for viewers who may see more. */
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

/** Returns the start of the month and of the next month, in UTC. */
function periodOf(month: string): [Date, Date] {
  const begin = new Date(`${month}-01T00:00:00.000Z`);
  const end = new Date(begin);
  end.setUTCMonth(end.getUTCMonth() + 1);
  return [begin, end];
}
