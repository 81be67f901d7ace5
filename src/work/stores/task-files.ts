import { sql } from 'kysely';
import type { Status } from '#schemas/project-tasks.js';
import type { TaskLine } from '#schemas/task-lines.js';
import type { Database } from '#src/db/database.js';

/** A task as in a file, with its place in the column. */
export interface ExportedTask {
  id: number;
  position: string;
  task: TaskLine;
}

/** Returns the id of the project that has or had this key and is not in the trash, or null. */
export async function findProjectId(db: Database, key: string): Promise<number | null> {
  const row = await db
    .selectFrom('project_keys')
    .innerJoin('projects', 'projects.id', 'project_keys.project_id')
    .select('projects.id')
    .where('project_keys.key', '=', key)
    .where('projects.deleted_at', 'is', null)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Lets all further statements of the transaction see the same state. Must be its first statement. */
export async function takeSnapshot(trx: Database): Promise<void> {
  await sql`set transaction isolation level repeatable read, read only`.execute(trx);
}

/** Returns the tasks of a column that follow another one, in their order, at most `most`. */
export async function listExportedTasks(
  db: Database,
  { projectId, status }: { projectId: number; status: Status },
  after: Pick<ExportedTask, 'id' | 'position'> | null,
  most: number,
): Promise<ExportedTask[]> {
  const { rows } = await sql<ExportedTask>`
    select tasks.id, tasks.position, json_build_object(
      'number', tasks.number,
      'summary', tasks.summary,
      'description', tasks.description,
      'status', tasks.status,
      'priority', tasks.priority,
      'assignees', array(
        select username from unnest(tasks.assignee_ids) with ordinality as assignee (id, n)
        join users on users.id = assignee.id order by n),
      'labels', array(
        select name from unnest(tasks.label_ids) with ordinality as label (id, n)
        join project_labels on project_labels.id = label.id order by n),
      'start_on', tasks.start_on,
      'due_on', tasks.due_on,
      'time_zone', tasks.time_zone,
      'estimate', tasks.estimate,
      'recurrence', tasks.recurrence,
      'checklist', coalesce((
        select jsonb_agg(item - 'id' order by n)
        from jsonb_array_elements(tasks.checklist) with ordinality as items (item, n)), '[]'),
      'creator', (select username from users where users.id = tasks.creator_id),
      'created_at', tasks.created_at,
      'completed_at', tasks.completed_at
    ) as task
    from tasks
    where project_id = ${projectId} and status = ${status} and deleted_at is null
      and (${after?.position ?? null}::text is null
        or (position, id) > (${after?.position ?? ''}, ${after?.id ?? 0}::integer))
    order by position, id limit ${most}::integer`.execute(db);
  return rows;
}

/** What a project needs to know of the names in a file. */
export interface KnownNames {
  version: number;
  archived_at: string | null;
  time_zone: string;
  last_number: number;
  /** The number of its tasks, including those in the trash. */
  count: number;
  /** The ids of its members by their folded usernames. */
  members: Map<string, number>;
  /** The ids of its labels by their folded names. */
  labels: Map<string, number>;
}

/** Returns what a locked project needs to know. */
export async function findKnownNames(trx: Database, projectId: number): Promise<KnownNames> {
  type Pairs = [name: string, id: number][];
  const { rows } = await sql<
    Omit<KnownNames, 'members' | 'labels'> & { members: Pairs; labels: Pairs }
  >`
    select version, archived_at, time_zone, last_number,
      (select count(*)::integer from tasks where project_id = projects.id) as count,
      (select coalesce(jsonb_agg(jsonb_build_array(username_folded, users.id)), '[]')
        from project_members join users on users.id = user_id
        where project_id = projects.id) as members,
      (select coalesce(jsonb_agg(jsonb_build_array(name_folded, project_labels.id)), '[]')
        from project_labels where project_id = projects.id) as labels
    from projects where id = ${projectId}`.execute(trx);
  const [known] = rows;
  if (known === undefined) throw new Error('The project must be locked');
  return { ...known, members: new Map(known.members), labels: new Map(known.labels) };
}

/** Returns which of these numbers tasks of the project have, including those in the trash. */
export async function findNumbers(
  trx: Database,
  projectId: number,
  numbers: readonly number[],
): Promise<Set<number>> {
  const { rows } = await sql<{ number: number }>`
    select number from tasks
    where project_id = ${projectId} and number = any(${numbers}::integer[])`.execute(trx);
  return new Set(rows.map(({ number }) => number));
}
