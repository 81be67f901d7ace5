import type { Page } from '#schemas/paging.js';
import {
  MAX_INVITATIONS_PER_PROJECT,
  PROJECT_INVITATION_DAYS,
  type ProjectInvitation,
  type ProjectInvitationCreate,
  type ProjectInvitationListQuery,
} from '#schemas/project-invitations.js';
import { MAX_MEMBERS_PER_PROJECT } from '#schemas/project-members.js';
import type { ProjectRole } from '#schemas/projects.js';
import type { ActingContext } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import { REDACTED } from '#src/lib/redact.js';
import { readPage } from '#src/lists/paging.js';
import { assertRoomForJob } from '#src/queue/jobs.js';
import { enqueue } from '#src/queue/store.js';
import { mailThrottles, throttled } from '#src/throttling/throttling.js';
import * as store from '#src/work/stores/project-invitations.js';
import * as members from '#src/work/stores/project-members.js';
import * as projects from '#src/work/stores/projects.js';
import { emitProject } from './events.js';
import { notify } from './notifications.js';
import { assertRole, lockProject, requireProject } from './project-access.js';
import { assertRoomForProject } from './project-changes.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Returns a page of the open invitations to a project, as an owner.
 *
 * @throws ApiError not_found; project_role_required; InvalidRequest if the cursor is invalid
 */
export async function listInvitations(
  context: ActingContext,
  projectId: number,
  query: ProjectInvitationListQuery,
): Promise<Page<ProjectInvitation>> {
  assertRole(await requireProject(context, projectId), 'owner');
  return readInvitations(context, { projectId }, query);
}

/**
 * Returns a page of the open invitations of the viewer: by username, or to the confirmed address.
 *
 * @throws InvalidRequest if the cursor is invalid
 */
export function listMyInvitations(
  context: ActingContext,
  query: ProjectInvitationListQuery,
): Promise<Page<ProjectInvitation>> {
  return readInvitations(context, { userId: context.viewer.id }, query);
}

/**
 * Invites a user by username, or by a mail to an address, as an owner. An earlier invitation of the
 * same invitee is replaced.
 *
 * @param canMail whether the service sends mail
 * @throws InvalidRequest unless exactly one of username and address is given, or if there is no such
 *   user; ApiError as `lockProject`;
 *   already_member; too_many_invitations; mail_not_configured; too_many_mails; too_busy
 */
export async function invite(
  context: ActingContext,
  projectId: number,
  body: ProjectInvitationCreate,
  { canMail }: { canMail: boolean },
): Promise<ProjectInvitation> {
  const { username, email, role } = body;
  if ((username === undefined) === (email === undefined)) {
    throw new InvalidRequest([valueError('username_or_email', ['body'], { username, email })]);
  }
  // Whoever may not invite must learn nothing, and cost no mail.
  assertRole(await requireProject(context, projectId), 'owner');
  if (username !== undefined) {
    const userId = await members.findUserId(context.db, username);
    if (userId === null) {
      throw new InvalidRequest([valueError('unknown_user', ['body', 'username'], username)]);
    }
    return inviteUser(context, projectId, userId, role);
  }
  if (email === undefined || !canMail) throw new ApiError('mail_not_configured');
  await assertRoomForJob(context);
  return throttled(context, mailThrottles(email, context.address), () =>
    insert(context, projectId, { user_id: null, email, role }),
  );
}

/**
 * Invites a user, who gets a notification: without a mail if their mailbox had many, so that strangers
 * cannot flood it.
 */
async function inviteUser(
  context: ActingContext,
  projectId: number,
  user_id: number,
  role: ProjectRole,
): Promise<ProjectInvitation> {
  const values = { user_id, email: null, role };
  try {
    const throttles = mailThrottles(`user:${user_id}`, context.address);
    return await throttled(context, throttles, () => insert(context, projectId, values));
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'too_many_mails')) throw error;
    return insert({ ...context, canMail: false }, projectId, values);
  }
}

/**
 * Withdraws an invitation, as an owner.
 *
 * @throws ApiError as `lockProject`; not_found if the project has no such invitation
 */
export function withdrawInvitation(
  context: ActingContext,
  projectId: number,
  id: number,
): Promise<void> {
  return inTransaction(context, async (trx) => {
    await lockProject(trx, projectId, 'owner', { whenArchived: true });
    const invitation = await store.findInvitation(trx.db, id);
    if (invitation?.project.id !== projectId) throw new ApiError('not_found');
    await store.deleteInvitation(trx.db, id);
    await record(trx, { action: 'project.withdraw_invitation', id: projectId });
  });
}

/**
 * Makes the viewer a member of the project that they are invited to.
 *
 * @throws ApiError not_found if they have no such invitation; already_member; too_many_projects;
 *   too_many_members
 */
export async function acceptInvitation(
  context: ActingContext,
  id: number,
): Promise<projects.ProjectRow> {
  return accept(context, (trx) => store.findOpenInvitation(trx.db, trx.viewer.id, id, trx.now));
}

/**
 * Makes the viewer a member of the project that a mail invites to. Whoever has the token of the mail
 * may use it.
 *
 * @throws ApiError as `acceptInvitation`, but InvalidRequest if the token is unknown or expired
 */
export async function acceptInvitationByToken(
  context: ActingContext,
  token: string,
): Promise<projects.ProjectRow> {
  return accept(context, async (trx) => {
    const found = await store.findInvitationByToken(trx.db, hashSecret(token), trx.now);
    if (found !== null) return found;
    throw new InvalidRequest([valueError('unusable_token', ['body', 'token'], REDACTED)]);
  });
}

/** Deletes an invitation of the viewer. @throws ApiError not_found */
export function declineInvitation(context: ActingContext, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    const found = await store.findOpenInvitation(trx.db, trx.viewer.id, id, trx.now);
    if (found === null) throw new ApiError('not_found');
    await store.deleteInvitation(trx.db, id);
  });
}

function readInvitations(
  { db, now }: ActingContext,
  of: store.InvitationsOf,
  query: ProjectInvitationListQuery,
): Promise<Page<ProjectInvitation>> {
  return readPage(query, {
    list: (slice) => store.listInvitations(db, of, now, slice),
    count: () => store.countInvitations(db, of, now),
    sortKey: ({ created_at }) => created_at,
  });
}

function insert(
  context: ActingContext,
  projectId: number,
  values: { user_id: number | null; email: string | null; role: ProjectRole },
): Promise<ProjectInvitation> {
  const { user_id, email, role } = values;
  return inTransaction(context, async (trx) => {
    await lockProject(trx, projectId, 'owner');
    if (user_id !== null && (await members.findMember(trx.db, projectId, user_id)) !== null) {
      throw new ApiError('already_member');
    }
    await store.deleteInvitationOf(trx.db, { project_id: projectId, user_id, email });
    const open = await store.countInvitations(trx.db, { projectId }, trx.now);
    if (open >= MAX_INVITATIONS_PER_PROJECT) throw new ApiError('too_many_invitations');
    const id = await store.insertInvitation(trx.db, {
      ...values,
      project_id: projectId,
      invited_by: trx.viewer.id,
      created_at: trx.now.toISOString(),
      expires_at: new Date(trx.now.getTime() + PROJECT_INVITATION_DAYS * DAY_MS).toISOString(),
    });
    if (email !== null) {
      const { language } = trx;
      await enqueue(trx.db, 'invite_to_project', { invitationId: id, to: email, language });
    }
    if (user_id !== null) {
      const user_ids = [user_id];
      await notify(trx, { kind: 'invited', project_id: projectId, invitation_id: id, user_ids });
    }
    const invitation = await store.findInvitation(trx.db, id);
    if (invitation === null) throw new TypeError('An invitation is gone before it is read');
    await record(trx, { action: 'project.invite', id: projectId, after: { user_id, role } });
    return invitation;
  });
}

function accept(
  context: ActingContext,
  find: (trx: ActingContext) => Promise<store.OpenInvitation | null>,
): Promise<projects.ProjectRow> {
  const { viewer, now } = context;
  return inTransaction(context, async (trx) => {
    // The project is locked before the rest is decided, but known only from the invitation.
    const asked = await find(trx);
    if (asked === null) throw new ApiError('not_found');
    const { project_id } = asked;
    const known = await projects.lockProject(trx.db, viewer.id, project_id, { isInvited: true });
    const found = await find(trx);
    if (found === null) throw new ApiError('not_found');
    if (known !== null) throw new ApiError('already_member');
    await assertRoomForProject(trx, viewer.id);
    if ((await members.countMembers(trx.db, project_id)) >= MAX_MEMBERS_PER_PROJECT) {
      throw new ApiError('too_many_members');
    }
    const { id, role } = found;
    const joined_at = now.toISOString();
    await members.insertMember(trx.db, { project_id, user_id: viewer.id, role, joined_at });
    await store.deleteInvitation(trx.db, id);
    await record(trx, { action: 'project.join', id: project_id, after: { role } });
    const project = await projects.findProject(trx.db, viewer.id, project_id);
    if (project === null) throw new ApiError('not_found');
    const { user } = (await members.findMember(trx.db, project_id, viewer.id)) ?? {};
    const after = { user, role, joined_at };
    await emitProject(trx, 'project.member_added', project, { after });
    return project;
  });
}
