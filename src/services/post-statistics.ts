import type { Database } from '../db/database.js';
import { listPosts, type PostRow } from '../stores/posts.js';

/** The published posts that were read most often; of those read as often the newer ones first. */
export function listPopularPosts(db: Database, limit: number): Promise<PostRow[]> {
  const filter = { reader: { kind: 'public' }, status: 'published' } as const;
  return listPosts(db, filter, { sort: 'view_count', descending: true, limit });
}
