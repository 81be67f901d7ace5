import { ApiError } from '../errors.js';
import { isAdministrator, type Viewer } from './viewer.js';

/**
 * Passes the owner of a resource, and administrators.
 *
 * @param ownerId whose it is; null if there is no such resource
 * @throws ApiError not_found, or forbidden if it is somebody else's
 */
export function assertOwner(viewer: Viewer, ownerId: number | null): void {
  if (ownerId === null) throw new ApiError('not_found');
  if (ownerId !== viewer.id && !isAdministrator(viewer)) throw new ApiError('forbidden');
}
