import type { Permission, Role } from '#schemas/roles.js';
import type { Scope } from '#schemas/scopes.js';
import { allows, isAdministratorMask, type Mask } from './permissions.js';

/** The credential that authenticated a request. */
export type Credential =
  /** A session cookie, with the id of the session. */
  | { kind: 'session'; id: number }
  /** An access token, with the id of its session. */
  | { kind: 'token'; id: number; expiresAt: Date }
  /** An API key, which is limited to its scopes. */
  | { kind: 'key'; id: number; scopes: readonly Scope[] };

/** A reader who is not authenticated, and sees only public content. */
export interface Anonymous {
  kind: 'public';
}

/** The authenticated user of a request. */
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

/** Whether the viewer's credential has the scope; only API keys are limited. */
export function hasScope({ credential }: Viewer, scope: Scope): boolean {
  return credential.kind !== 'key' || credential.scopes.includes(scope);
}

export function mayDo(viewer: Viewer, permission: Permission): boolean {
  return allows(viewer.permissions, permission);
}
