import { mayDo, type Viewer } from '#src/access/viewer.js';
import type { Reader } from '#src/articles/stores/visibility.js';
import { ApiError } from '#src/errors.js';

/**
 * Whether the viewer may see and change the content of others, which the delete permission implies.
 */
export function isEditor(viewer: Viewer | null): boolean {
  return viewer !== null && mayDo(viewer, 'delete');
}

/** Returns the visibility of posts and comments for the viewer. */
export function readerOf(viewer: Viewer | null): Reader {
  if (viewer === null) return { kind: 'public' };
  return { kind: isEditor(viewer) ? 'editor' : 'author', id: viewer.id };
}

/**
 * Allows the author and editors.
 *
 * @param refusal the code of the error for anyone else
 * @throws ApiError with this code
 */
export function assertMayEdit(
  viewer: Viewer,
  { author_id }: { author_id: number | null },
  refusal: 'forbidden' | 'not_your_post_to_change' | 'not_your_post_to_delete' = 'forbidden',
): void {
  if (author_id !== viewer.id && !isEditor(viewer)) throw new ApiError(refusal);
}
