import type { AuthorOfPosts, PostMonth, TagOfPosts } from '#schemas/post-statistics.js';
import * as store from '#src/articles/stores/post-statistics.js';
import { listPosts, type PostRow } from '#src/articles/stores/posts.js';
import type { CachedContext, Read } from '#src/cache/shared-reads.js';

/** A list that is whole. */
interface List<Item> {
  items: Item[];
}

/** The published posts that were read most often; of those read as often the newer ones first. */
export function listPopularPosts(
  { sharedReads }: CachedContext,
  limit: number,
): Promise<Read<List<PostRow>>> {
  const slice = { sort: 'view_count', descending: true, limit } as const;
  return sharedReads.read('list', ['popular posts', limit], async (db, reader) => ({
    items: await listPosts(db, { reader, status: 'published' }, slice),
  }));
}

/** Each month (UTC) in which posts were published, with their number, the newest first. */
export function countPostsByMonth({ sharedReads }: CachedContext): Promise<Read<List<PostMonth>>> {
  return sharedReads.read('list', ['posts by month'], async (db) => ({
    items: await store.countPostsByMonth(db),
  }));
}

/** The users with the most posts. Posts whose author is gone are nobody's. */
export function countPostsByAuthor(
  { sharedReads }: CachedContext,
  limit: number,
): Promise<Read<List<AuthorOfPosts>>> {
  return sharedReads.read('list', ['posts by author', limit], async (db) => ({
    items: await store.countPostsByAuthor(db, limit),
  }));
}

/** The tags with the most posts. */
export function countPostsByTag(
  { sharedReads }: CachedContext,
  limit: number,
): Promise<Read<List<TagOfPosts>>> {
  return sharedReads.read('list', ['posts by tag', limit], async (db) => ({
    items: await store.countPostsByTag(db, limit),
  }));
}
