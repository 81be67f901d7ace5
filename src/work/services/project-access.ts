import { PROJECT_ROLES, type ProjectRole } from '#schemas/projects.js';
import type { ActingContext } from '#src/access/context.js';
import { ApiError } from '#src/errors.js';
import * as store from '#src/work/stores/projects.js';

/**
 * Returns a project that the viewer is a member of.
 *
 * @throws ApiError not_found
 */
export async function requireProject(
  { db, viewer }: ActingContext,
  id: number,
): Promise<store.ProjectRow> {
  const project = await store.findProject(db, viewer.id, id);
  if (project === null) throw new ApiError('not_found');
  return project;
}

/**
 * Returns a project, locked until the transaction ends: its changes, those of its members and of its
 * tasks come one after the other, so that no limit, order or right is decided on what another one is
 * changing.
 *
 * @param least the lowest role that may make the change
 * @param whenArchived whether an archived project can be changed in this way
 * @throws ApiError not_found unless the viewer is a member; project_role_required; project_archived
 */
export async function lockProject(
  { db, viewer }: ActingContext,
  id: number,
  least: ProjectRole,
  { whenArchived = false }: { whenArchived?: boolean } = {},
): Promise<store.ProjectRow> {
  const project = await store.lockProject(db, viewer.id, id);
  if (project === null) throw new ApiError('not_found');
  assertRole(project, least);
  if (project.archived_at !== null && !whenArchived) throw new ApiError('project_archived');
  return project;
}

/**
 * Returns a project in which the viewer may write, before something expensive. `lockProject` decides
 * in the transaction.
 *
 * @throws ApiError not_found; project_role_required
 */
export async function requireWritable(
  context: ActingContext,
  id: number,
): Promise<store.ProjectRow> {
  const project = await requireProject(context, id);
  assertRole(project, 'member');
  return project;
}

/** @throws ApiError project_role_required */
export function assertRole({ my_role }: store.ProjectRow, least: ProjectRole): void {
  if (hasRole(my_role, least)) return;
  throw new ApiError('project_role_required', { parameters: { role: least } });
}

/** Whether a role is at least another. */
export function hasRole(role: ProjectRole, least: ProjectRole): boolean {
  return PROJECT_ROLES.indexOf(role) >= PROJECT_ROLES.indexOf(least);
}
