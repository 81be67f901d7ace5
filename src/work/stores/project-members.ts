import { sql } from 'kysely';
import type { ProjectMember } from '#schemas/project-members.js';
import type { ProjectRole } from '#schemas/projects.js';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import { fold } from '#src/lib/fold.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';

/** A member, with the id of the user. */
export type MemberRow = ProjectMember & { id: number };

/** Returns a slice of the members of a project. */
export function listMembers(
  db: Database,
  projectId: number,
  slice: Slice<'joined_at'>,
): Promise<MemberRow[]> {
  const found = db
    .selectFrom(membersOf(db, projectId).as('members'))
    .select(['id', 'role', 'joined_at', 'user'])
    .$narrowType<{ user: ProjectMember['user'] }>();
  return cut(found, slice).execute();
}

/** Counts the members of a project, like `countRows`. */
export function countMembers(db: Database, projectId: number): Promise<number> {
  return countRows(db, membersOf(db, projectId));
}

/** Returns a member of a project, or null. */
export async function findMember(
  db: Database,
  projectId: number,
  userId: number,
): Promise<MemberRow | null> {
  const row = await membersOf(db, projectId)
    .where('user_id', '=', userId)
    .$narrowType<{ user: ProjectMember['user'] }>()
    .executeTakeFirst();
  return row ?? null;
}

/** Whether the project has another owner than this user. */
export async function hasOtherOwner(
  trx: Database,
  projectId: number,
  userId: number,
): Promise<boolean> {
  const owner = await trx
    .selectFrom('project_members')
    .select('user_id')
    .where('project_id', '=', projectId)
    .where('user_id', '<>', userId)
    .where('role', '=', 'owner')
    .limit(1)
    .executeTakeFirst();
  return owner !== undefined;
}

export async function insertMember(
  trx: Database,
  member: { project_id: number; user_id: number; role: ProjectRole; joined_at: string },
): Promise<void> {
  await trx.insertInto('project_members').values(member).execute();
}

export async function updateMember(
  trx: Database,
  projectId: number,
  userId: number,
  role: ProjectRole,
): Promise<void> {
  await trx
    .updateTable('project_members')
    .set({ role })
    .where('project_id', '=', projectId)
    .where('user_id', '=', userId)
    .execute();
}

export async function deleteMember(
  trx: Database,
  projectId: number,
  userId: number,
): Promise<void> {
  await trx
    .deleteFrom('project_members')
    .where('project_id', '=', projectId)
    .where('user_id', '=', userId)
    .execute();
}

/** Returns which of these users are members of the project. */
export async function findMembersAmong(
  db: Database,
  projectId: number,
  ids: readonly number[],
): Promise<Set<number>> {
  const rows = await db
    .selectFrom('project_members')
    .select('user_id')
    .where('project_id', '=', projectId)
    .where('user_id', 'in', [...ids])
    .execute();
  return new Set(rows.map(({ user_id }) => user_id));
}

function membersOf(db: Database, projectId: number) {
  return db
    .selectFrom('project_members')
    .select(['user_id as id', 'role', 'joined_at'])
    .select(authorIn('project_members.user_id').as('user'))
    .where('project_id', '=', projectId);
}

/** Returns the id of the active user with this name, or null. */
export async function findUserId(db: Database, username: string): Promise<number | null> {
  const user = await db
    .selectFrom('users')
    .select('id')
    .where('username_folded', '=', fold(username))
    .where('is_active', '=', true)
    .executeTakeFirst();
  return user?.id ?? null;
}

/** Who may see what happens in a project, and of what. */
export interface ProjectAudience {
  isDeleted: boolean;
  memberIds: ReadonlySet<number>;
  /** Those of the tasks that are outside the trash. */
  taskIds: ReadonlySet<number>;
}

/** Returns the audience of each of these projects; those that are gone are missing. */
export async function findAudiences(
  db: Database,
  projectIds: readonly number[],
  taskIds: readonly number[],
): Promise<Map<number, ProjectAudience>> {
  const { rows } = await sql<{
    id: number;
    is_deleted: boolean;
    member_ids: number[];
    task_ids: number[];
  }>`
    select id, deleted_at is not null as is_deleted,
      array(select user_id from project_members where project_id = projects.id) as member_ids,
      array(
        select tasks.id from tasks
        where tasks.project_id = projects.id and tasks.id = any(${taskIds}::integer[])
          and tasks.deleted_at is null) as task_ids
    from projects where id = any(${projectIds}::integer[])`.execute(db);
  return new Map(
    rows.map(({ id, is_deleted: isDeleted, member_ids, task_ids }) => {
      return [id, { isDeleted, memberIds: new Set(member_ids), taskIds: new Set(task_ids) }];
    }),
  );
}
