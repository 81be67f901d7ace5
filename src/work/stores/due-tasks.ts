import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** A task that is due. */
export interface DueTask {
  id: number;
  project_id: number;
  due_at: string;
  assignee_ids: number[];
}

/**
 * Returns tasks with assignees that are due after `after`, up to `until`, and not finished, at most
 * `most` of them; those that are due first come first. None of archived or deleted projects.
 *
 * @param after a time, and the id of a task that is due then
 */
export async function listDueTasks(
  db: Database,
  after: { at: string; id: number },
  until: Date,
  most: number,
): Promise<DueTask[]> {
  const { rows } = await sql<DueTask>`
    select tasks.id, tasks.project_id, tasks.due_at, tasks.assignee_ids
    from tasks join projects on projects.id = tasks.project_id
    where (tasks.due_at, tasks.id) > (${after.at}::timestamptz, ${after.id}::integer)
      and tasks.due_at <= ${until.toISOString()}
      and tasks.project_id is not null and tasks.deleted_at is null
      and tasks.status not in ('done', 'cancelled') and tasks.assignee_ids <> '{}'
      and projects.deleted_at is null and projects.archived_at is null
    order by tasks.due_at, tasks.id limit ${most}`.execute(db);
  return rows;
}
