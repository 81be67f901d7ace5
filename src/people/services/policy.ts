import type { UserUpdate } from '#schemas/users.js';
import type { Context } from '#src/access/context.js';
import { beyond, isAdministratorMask, type Mask } from '#src/access/permissions.js';
import { isAdministrator, type Viewer } from '#src/access/viewer.js';
import { ApiError } from '#src/errors.js';
import type { FullUser } from '#src/people/stores/users.js';

/** Fields that only administrators may change, because they decide who can sign in, and as whom. */
const ADMIN_FIELDS = ['username', 'email', 'is_active'] as const;

/** What a change concerns. Whoever has the email address of a user can set their password. */
type Change = 'profile' | 'identity' | 'email';

/** Returns whether the changes concern more than the profile. */
export function kindOfChange(changes: UserUpdate): Change {
  if (changes.email !== undefined) return 'email';
  return ADMIN_FIELDS.some((field) => changes[field] !== undefined) ? 'identity' : 'profile';
}

/** @throws ApiError admin_required if anyone but an administrator changes an administered field */
export function assertMayChangeFields({ viewer }: Context, changes: UserUpdate): void {
  if (kindOfChange(changes) !== 'profile' && !isAdministrator(viewer)) {
    throw new ApiError('admin_required');
  }
}

/**
 * Requires the viewer to have the permissions that they grant. An API key grants no administrator
 * permissions at all: whoever finds it must not be able to keep what it can do.
 *
 * @param before the permissions that the user already has
 * @throws ApiError key_cannot_administer; beyond_own_permissions
 */
export function assertGrantable({ viewer }: Context, granted: Mask, before: Mask = 0): void {
  if (isKey(viewer) && isAdministratorMask(granted)) throw new ApiError('key_cannot_administer');
  if (beyond(granted, before | (viewer?.permissions ?? 0)) !== 0) {
    throw new ApiError('beyond_own_permissions');
  }
}

/**
 * Protects administrators from those who have fewer permissions, who could otherwise remove all who
 * may grant them, and from API keys. A key changes nothing but the profile of its own user either,
 * and nobody's email address, by which the password can be reset: whoever finds it must not take
 * over accounts, nor outlive its deletion under another name or role.
 *
 * @throws ApiError key_cannot_administer; beyond_own_permissions
 */
export function assertMayChangeUser(
  { viewer }: Context,
  { id, permissions }: FullUser,
  change: Change,
): void {
  const isOwn = viewer?.id === id;
  const isForbidden = isOwn ? change !== 'profile' : isAdministratorMask(permissions);
  if (isKey(viewer) && (change === 'email' || isForbidden)) {
    throw new ApiError('key_cannot_administer');
  }
  if (viewer === null || isOwn || !isAdministratorMask(permissions)) return;
  if (beyond(permissions, viewer.permissions) !== 0) throw new ApiError('beyond_own_permissions');
}

function isKey(viewer: Viewer | null): boolean {
  return viewer?.credential.kind === 'key';
}
