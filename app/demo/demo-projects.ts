import type { ProjectRole } from '#schemas/projects.js';
import type { Context } from '#src/access/context.js';
import { insertInvitation } from '#src/work/stores/project-invitations.js';
import { insertMember } from '#src/work/stores/project-members.js';
import { insertProject } from '#src/work/stores/projects.js';
import { loadDemoBoard } from './demo-board.js';

const DAY_MS = 24 * 60 * 60 * 1000;

interface DemoProject {
  key: string;
  name: string;
  description?: string;
  /** The administrator, unless another user is named. */
  owner?: string;
  members?: Record<string, ProjectRole>;
}

const PROJECTS: DemoProject[] = [
  {
    key: 'WEB',
    name: 'Website',
    description: 'The new public site',
    members: { alice: 'owner', bob: 'member', charlie: 'viewer' },
  },
  { key: 'OPS', name: 'Operations' },
  { key: 'TRY', name: 'Tried ideas' },
  { key: 'DOC', name: '文档', owner: 'alice' },
  { key: 'LAB', name: 'Laboratory', owner: 'bob' },
];

/** Who is invited to which project. */
const INVITATIONS: { key: string; invitee?: string }[] = [
  { key: 'DOC' },
  { key: 'LAB' },
  { key: 'WEB', invitee: 'diana' },
];

/**
 * Inserts the demo projects.
 *
 * @param users the ids of the demo users by name
 */
export async function loadDemoProjects(
  trx: Context,
  administratorId: number,
  users: ReadonlyMap<string, number | undefined>,
): Promise<void> {
  const idOf = (name: string | undefined) => users.get(name ?? '') ?? administratorId;
  const created_at = trx.now.toISOString();
  const expires_at = new Date(trx.now.getTime() + 14 * DAY_MS).toISOString();
  const projects = new Map<string, { id: number; owner: number }>();
  for (const { key, name, description = '', owner, members = {} } of PROJECTS) {
    const ownerId = idOf(owner);
    const { id } = await insertProject(trx.db, ownerId, {
      key,
      name,
      description,
      time_zone: 'Europe/Berlin',
      in_progress_limit: null,
      review_limit: null,
      created_at,
      updated_at: created_at,
    });
    projects.set(key, { id, owner: ownerId });
    for (const [member, role] of Object.entries(members)) {
      const user_id = idOf(member);
      await insertMember(trx.db, { project_id: id, user_id, role, joined_at: created_at });
    }
  }
  const website = projects.get('WEB');
  if (website !== undefined) await loadDemoBoard(trx, website.id, idOf);
  for (const { key, invitee } of INVITATIONS) {
    const { id: project_id = 0, owner: invited_by = administratorId } = projects.get(key) ?? {};
    const values = { project_id, user_id: idOf(invitee), email: null, invited_by };
    await insertInvitation(trx.db, { ...values, role: 'member', created_at, expires_at });
  }
}
