import { mayDo, type Viewer } from '#src/access/viewer.js';
import type { Reader } from '#src/articles/stores/visibility.js';
import { ApiError } from '#src/errors.js';

/** Editors see and change what others wrote: whoever may delete. */
export function isEditor(viewer: Viewer | null): boolean {
  return viewer !== null && mayDo(viewer, 'delete');
}

/** Through whose eyes articles and comments are read. */
export function readerOf(viewer: Viewer | null): Reader {
  if (viewer === null) return { kind: 'public' };
  return isEditor(viewer) ? { kind: 'editor' } : { kind: 'author', id: viewer.id };
}

/**
 * Passes whoever wrote it, and editors.
 *
 * @throws ApiError forbidden
 */
export function assertMayEdit(viewer: Viewer, { author_id }: { author_id: number | null }): void {
  if (author_id !== viewer.id && !isEditor(viewer)) throw new ApiError('forbidden');
}
