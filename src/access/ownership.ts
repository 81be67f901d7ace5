import type { Scope } from '#schemas/scopes.js';
import { ApiError } from '#src/errors.js';
import { hasScope, isAdministrator, type Viewer } from './viewer.js';

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

/**
 * Keeps a key from doing to its own user, by way of all users, what it is not good for.
 *
 * @throws ApiError insufficient_scope
 */
export function assertMayActAs(viewer: Viewer | null, userId: number, scope: Scope): void {
  if (viewer?.id === userId) assertScope(viewer, scope);
}

/** @throws ApiError insufficient_scope, with the challenge of RFC 6750, section 3.1 */
export function assertScope(viewer: Viewer, scope: Scope): void {
  if (hasScope(viewer, scope)) return;
  throw new ApiError('insufficient_scope', {
    parameters: { scope },
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}
