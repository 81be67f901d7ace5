import type { AuthorOfPosts, PostMonth, TagOfPosts } from '#schemas/post-statistics.js';
import * as store from '#src/articles/stores/post-statistics.js';
import { listPosts, type PostRow } from '#src/articles/stores/posts.js';
import type { CachedContext, Read } from '#src/cache/shared-reads.js';

/** A complete list. */
interface List<Item> {
  items: Item[];
}

/** Returns the most viewed published posts; with equal views, newer posts first. */
export function listPopularPosts(
  { sharedReads }: CachedContext,
  limit: number,
): Promise<Read<List<PostRow>>> {
  const slice = { sort: 'view_count', descending: true, limit } as const;
  return sharedReads.read('list', ['popular posts', limit], async (db, reader) => ({
    items: await listPosts(db, { reader, status: 'published' }, slice),
  }));
}

/** Returns the months (UTC) with published posts and their counts, newest first. */
export function countPostsByMonth({ sharedReads }: CachedContext): Promise<Read<List<PostMonth>>> {
  return sharedReads.read('list', ['posts by month'], async (db) => ({
    items: await store.countPostsByMonth(db),
  }));
}

/** Returns the users with the most posts. Posts of deleted users are not counted. */
export function countPostsByAuthor(
  { sharedReads }: CachedContext,
  limit: number,
): Promise<Read<List<AuthorOfPosts>>> {
  return sharedReads.read('list', ['posts by author', limit], async (db) => ({
    items: await store.countPostsByAuthor(db, limit),
  }));
}

/** Returns the tags with the most posts. */
export function countPostsByTag(
  { sharedReads }: CachedContext,
  limit: number,
): Promise<Read<List<TagOfPosts>>> {
  return sharedReads.read('list', ['posts by tag', limit], async (db) => ({
    items: await store.countPostsByTag(db, limit),
  }));
}
