import type { Scope } from '#schemas/scopes.js';
import { ApiError } from '#src/errors.js';
import { hasScope, isAdministrator, type Viewer } from './viewer.js';

/**
 * Allows the owner of a resource and administrators.
 *
 * @param ownerId id of the owner; null if the resource does not exist
 * @throws ApiError not_found; forbidden if the resource belongs to someone else
 */
export function assertOwner(viewer: Viewer, ownerId: number | null): void {
  if (ownerId === null) throw new ApiError('not_found');
  if (ownerId !== viewer.id && !isAdministrator(viewer)) throw new ApiError('forbidden');
}

/**
 * Requires the scope if the viewer acts on their own user through an operation for all users, so
 * that such operations do not bypass the scopes of an API key.
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
