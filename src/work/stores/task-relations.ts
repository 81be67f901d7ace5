import { sql } from 'kysely';
import type {
  RelatedTask,
  RelationKind,
  RelationOfTasks,
  TaskRelation,
} from '#schemas/task-relations.js';
import type { Database } from '#src/db/database.js';

/** What relations need to know of a task. */
export type TaskHead = RelatedTask & { version: number };

const HEAD = ['tasks.id', 'number', 'summary', 'status', 'version'] as const;

/** Returns a task of a project that the user is a member of, or null. */
export async function findTaskOfMember(
  db: Database,
  userId: number,
  { projectId, taskId }: { projectId: number; taskId: number },
): Promise<TaskHead | null> {
  const row = await db
    .selectFrom('tasks')
    .innerJoin('projects', 'projects.id', 'tasks.project_id')
    .innerJoin('project_members', 'project_members.project_id', 'projects.id')
    .select(['tasks.id', 'tasks.number', 'tasks.summary', 'tasks.status', 'tasks.version'])
    .where('tasks.id', '=', taskId)
    .where('projects.id', '=', projectId)
    .where('user_id', '=', userId)
    .where('projects.deleted_at', 'is', null)
    .where('tasks.deleted_at', 'is', null)
    // Typed without null, because every task of a project has these columns.
    .$castTo<TaskHead>()
    .executeTakeFirst();
  return row ?? null;
}

/** Returns these tasks of a project, except those in the trash, by id. */
export async function findTaskHeads(
  db: Database,
  projectId: number,
  ids: readonly number[],
): Promise<Map<number, TaskHead>> {
  const rows = await db
    .selectFrom('tasks')
    .select(HEAD)
    .where('project_id', '=', projectId)
    .where('id', 'in', [...ids])
    .where('deleted_at', 'is', null)
    // Typed without null, because every task of a project has these columns.
    .$castTo<TaskHead>()
    .execute();
  return new Map(rows.map((task) => [task.id, task]));
}

/** Returns the relations of a task to tasks that are not in the trash, oldest first. */
export async function listRelations(db: Database, taskId: number): Promise<TaskRelation[]> {
  const { rows } = await sql<TaskRelation>`
    select kind, direction, found.created_at, jsonb_build_object(
      'id', tasks.id, 'number', number, 'summary', summary, 'status', status) as task
    from (
      select kind, 'outgoing' as direction, other_id as found_id, created_at
      from task_relations where task_id = ${taskId}
      union all
      select kind, case kind when 'relates' then 'outgoing' else 'incoming' end, task_id, created_at
      from task_relations where other_id = ${taskId}) found
    join tasks on tasks.id = found_id and tasks.deleted_at is null
    order by found.created_at, tasks.id, kind`.execute(db);
  return rows;
}

export async function hasRelation(
  db: Database,
  { task_id, kind, other_id }: RelationOfTasks,
): Promise<boolean> {
  const row = await db
    .selectFrom('task_relations')
    .select('task_id')
    .where('task_id', '=', task_id)
    .where('kind', '=', kind)
    .where('other_id', '=', other_id)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether a task has at least `count` relations, in both directions, also to deleted tasks. */
export async function hasRelations(db: Database, taskId: number, count: number): Promise<boolean> {
  const { rows } = await sql`
    select from (
      select from task_relations where task_id = ${taskId}
      union all select from task_relations where other_id = ${taskId}) found
    offset ${count - 1} limit 1`.execute(db);
  return rows.length > 0;
}

/** Returns the number of the task that this one is a subtask of, also if it is deleted, or null. */
export async function findParentNumber(db: Database, taskId: number): Promise<number | null> {
  const row = await db
    .selectFrom('task_relations')
    .innerJoin('tasks', 'tasks.id', 'other_id')
    .select('number')
    .where('task_id', '=', taskId)
    .where('kind', '=', 'subtask')
    .executeTakeFirst();
  return row?.number ?? null;
}

/**
 * Follows relations of one kind from a task, also through deleted tasks.
 *
 * @param most the maximum number of tasks that are visited
 * @returns whether they lead to `toId`, and the number of visited tasks
 */
export async function followRelations(
  db: Database,
  kind: RelationKind,
  { fromId, toId }: { fromId: number; toId: number },
  most: number,
): Promise<{ isReached: boolean; count: number }> {
  // Each task is visited once, and PostgreSQL goes no further than the limit.
  const { rows } = await sql<{ isReached: boolean; count: number }>`
    with recursive reached (id) as (
      select ${fromId}::integer
      union
      select other_id from task_relations join reached on task_id = reached.id
      where kind = ${kind})
    select coalesce(bool_or(id = ${toId}), false) as "isReached", count(*)::integer as count
    from (select id from reached limit ${most}) visited`.execute(db);
  return rows[0] ?? { isReached: false, count: 0 };
}

/** Inserts a relation. The project must be locked. */
export async function insertRelation(
  trx: Database,
  relation: RelationOfTasks & { created_at: string },
): Promise<void> {
  await trx.insertInto('task_relations').values(relation).execute();
}

/** Deletes a relation. Returns whether there was one. */
export async function deleteRelation(
  trx: Database,
  { task_id, kind, other_id }: RelationOfTasks,
): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('task_relations')
    .where('task_id', '=', task_id)
    .where('kind', '=', kind)
    .where('other_id', '=', other_id)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}
