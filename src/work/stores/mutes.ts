import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** Which task of which project. */
export interface MutedTask {
  projectId: number;
  taskId: number;
}

/** Whether a member has muted the project. */
export async function isProjectMuted(
  db: Database,
  projectId: number,
  userId: number,
): Promise<boolean> {
  const row = await db
    .selectFrom('project_members')
    .select('muted_at')
    .where('project_id', '=', projectId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row !== undefined && row.muted_at !== null;
}

/** Sets whether a member has muted the project. @param mutedAt null if not */
export async function setProjectMuted(
  trx: Database,
  projectId: number,
  userId: number,
  mutedAt: string | null,
): Promise<void> {
  await sql`
    update project_members set muted_at = ${mutedAt}::timestamptz
    where project_id = ${projectId} and user_id = ${userId}
      and (muted_at is null) <> ${mutedAt === null}::boolean`.execute(trx);
}

/** Whether a user has muted the task. */
export async function isTaskMuted(db: Database, taskId: number, userId: number): Promise<boolean> {
  const row = await db
    .selectFrom('task_mutes')
    .select('task_id')
    .where('task_id', '=', taskId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether a user has muted at least `count` tasks, also of projects in the trash. */
export async function hasMutedTasks(db: Database, userId: number, count: number): Promise<boolean> {
  const { rows } = await sql`
    select from task_mutes where user_id = ${userId} offset ${count - 1} limit 1`.execute(db);
  return rows.length > 0;
}

/** Mutes a task for a member of its project, which must be locked. */
export async function insertTaskMute(
  trx: Database,
  { projectId, taskId }: MutedTask,
  user_id: number,
  created_at: string,
): Promise<void> {
  await trx
    .insertInto('task_mutes')
    .values({ task_id: taskId, project_id: projectId, user_id, created_at })
    .execute();
}

/** Ends that a user has muted a task. */
export async function deleteTaskMute(trx: Database, taskId: number, userId: number): Promise<void> {
  await trx
    .deleteFrom('task_mutes')
    .where('task_id', '=', taskId)
    .where('user_id', '=', userId)
    .execute();
}
