import type { ActingContext } from '#src/access/context.js';
import { ApiError } from '#src/errors.js';
import { findTaskHeads, findTaskOfMember, type TaskHead } from '#src/work/stores/task-relations.js';

/** Which task of which project, as in a path. */
export interface TaskKey {
  id: number;
  task_id: number;
}

/**
 * Returns a task of a project that the viewer is a member of.
 *
 * @throws ApiError not_found
 */
export async function requireTask(
  { db, viewer }: ActingContext,
  { id, task_id }: TaskKey,
): Promise<TaskHead> {
  const task = await findTaskOfMember(db, viewer.id, { projectId: id, taskId: task_id });
  if (task === null) throw new ApiError('not_found');
  return task;
}

/** Returns a task of a project. @throws ApiError not_found */
export async function findTaskOf(
  { db }: Pick<ActingContext, 'db'>,
  { id, task_id }: TaskKey,
): Promise<TaskHead> {
  const task = (await findTaskHeads(db, id, [task_id])).get(task_id);
  if (task === undefined) throw new ApiError('not_found');
  return task;
}
