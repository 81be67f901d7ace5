import type { Permission, Role } from '#schemas/roles.js';
import type { Scope } from '#schemas/scopes.js';
import { allows, isAdministratorMask, type Mask } from './permissions.js';

/** How somebody proved who they are. */
export type Credential =
  /** The cookie of a session, by its number. */
  | { kind: 'session'; id: number }
  /** An access token, by the number of the sign-in that it belongs to. */
  | { kind: 'token'; id: number }
  /** An API key, which is good for its scopes only. */
  | { kind: 'key'; id: number; scopes: readonly Scope[] };

/** A reader who has not signed in: sees what is public. */
export interface Anonymous {
  kind: 'public';
}

/** The user on whose behalf a request is made. */
export interface Viewer {
  id: number;
  username: string;
  role: Role;
  permissions: Mask;
  credential: Credential;
}

export function isAdministrator(viewer: Viewer | null): boolean {
  return viewer !== null && isAdministratorMask(viewer.permissions);
}

/** Whether the viewer is known by something that is good for this: all but keys are for everything. */
export function hasScope({ credential }: Viewer, scope: Scope): boolean {
  return credential.kind !== 'key' || credential.scopes.includes(scope);
}

export function mayDo(viewer: Viewer, permission: Permission): boolean {
  return allows(viewer.permissions, permission);
}
