import { MAX_COMMENTS_PER_AUTHOR } from '#schemas/comments.js';
import { MAX_POSTS_PER_AUTHOR } from '#schemas/posts.js';
import type { Context } from '#src/access/context.js';
import { hasWritten } from '#src/articles/stores/quotas.js';
import { lockUser } from '#src/db/lock-user.js';
import { ApiError } from '#src/errors.js';

const QUOTAS = {
  posts: { most: MAX_POSTS_PER_AUTHOR, refusal: 'too_many_posts' },
  comments: { most: MAX_COMMENTS_PER_AUTHOR, refusal: 'too_many_comments' },
} as const;

/**
 * Must be called first in the transaction that creates a post or comment of the viewer. Imports
 * have no viewer and no limit.
 *
 * @throws ApiError too_many_posts or too_many_comments
 */
export async function assertQuota(
  { db, viewer }: Context,
  table: keyof typeof QUOTAS,
): Promise<void> {
  if (viewer === null) return;
  const { most, refusal } = QUOTAS[table];
  await lockUser(db, viewer.id);
  if (await hasWritten(db, table, viewer.id, most)) throw new ApiError(refusal);
}
