import type { Page } from '#schemas/paging.js';
import type { ProjectMemberListQuery } from '#schemas/project-members.js';
import type { ProjectRole } from '#schemas/projects.js';
import type { ActingContext } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { readPage } from '#src/lists/paging.js';
import { deleteInvitationsBy } from '#src/work/stores/project-invitations.js';
import * as store from '#src/work/stores/project-members.js';
import { emitProject } from './events.js';
import { assertRole, lockProject, requireProject } from './project-access.js';

/**
 * Returns a page of the members of a project.
 *
 * @throws ApiError not_found; InvalidRequest if the cursor is invalid
 */
export async function listMembers(
  context: ActingContext,
  id: number,
  query: ProjectMemberListQuery,
): Promise<Page<store.MemberRow>> {
  await requireProject(context, id);
  return readPage(query, {
    list: (slice) => store.listMembers(context.db, id, slice),
    count: () => store.countMembers(context.db, id),
    sortKey: ({ joined_at }) => joined_at,
  });
}

/**
 * Gives a member another role, as an owner.
 *
 * @throws ApiError as `lockProject`; not_found if the user is not a member; last_owner
 */
export function changeMember(
  context: ActingContext,
  projectId: number,
  userId: number,
  role: ProjectRole,
): Promise<store.MemberRow> {
  return inTransaction(context, async (trx) => {
    const project = await lockProject(trx, projectId, 'owner', { whenArchived: true });
    const before = await requireMember(trx, projectId, userId);
    if (before.role === role) return before;
    if (before.role === 'owner') await assertOtherOwner(trx, projectId, userId);
    await store.updateMember(trx.db, projectId, userId, role);
    if (before.role === 'owner') await deleteInvitationsBy(trx.db, projectId, userId);
    await record(trx, {
      action: 'project.change_member',
      id: projectId,
      before: { user_id: userId, role: before.role },
      after: { user_id: userId, role },
    });
    const after = { ...before, role };
    // Both, so that the event says whose role it is.
    const states = { before: { role: before.role }, after: { user: after.user, role } };
    await emitProject(trx, 'project.member_changed', project, states);
    return after;
  });
}

/**
 * Removes a member, as an owner, or lets the viewer leave.
 *
 * @throws ApiError as `lockProject`; not_found if the user is not a member; last_owner
 */
export function removeMember(
  context: ActingContext,
  projectId: number,
  userId: number,
): Promise<void> {
  return inTransaction(context, async (trx) => {
    const project = await lockProject(trx, projectId, 'viewer', { whenArchived: true });
    const isLeaving = userId === trx.viewer.id;
    if (!isLeaving) assertRole(project, 'owner');
    const before = await requireMember(trx, projectId, userId);
    const { role } = before;
    if (role === 'owner') await assertOtherOwner(trx, projectId, userId);
    await store.deleteMember(trx.db, projectId, userId);
    if (role === 'owner') await deleteInvitationsBy(trx.db, projectId, userId);
    await record(trx, {
      action: isLeaving ? 'project.leave' : 'project.remove_member',
      id: projectId,
      before: { user_id: userId, role },
    });
    // The event names who is gone.
    const after = { user: before.user, role: null };
    await emitProject(trx, 'project.member_removed', project, { after });
  });
}

async function requireMember(
  trx: ActingContext,
  projectId: number,
  userId: number,
): Promise<store.MemberRow> {
  const member = await store.findMember(trx.db, projectId, userId);
  if (member === null) throw new ApiError('not_found');
  return member;
}

async function assertOtherOwner(
  trx: ActingContext,
  projectId: number,
  userId: number,
): Promise<void> {
  if (!(await store.hasOtherOwner(trx.db, projectId, userId))) throw new ApiError('last_owner');
}
