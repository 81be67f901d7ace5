import { MAX_MUTED_TASKS, type Mute } from '#schemas/mutes.js';
import type { ActingContext } from '#src/access/context.js';
import { lockUser } from '#src/db/lock-user.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import * as store from '#src/work/stores/mutes.js';
import { lockProject, requireProject } from './project-access.js';
import { findTaskOf, requireTask, type TaskKey } from './task-access.js';

/** Whether the viewer has muted a project. @throws ApiError not_found */
export async function readProjectMute(context: ActingContext, id: number): Promise<Mute> {
  await requireProject(context, id);
  return { is_muted: await store.isProjectMuted(context.db, id, context.viewer.id) };
}

/**
 * Mutes a project for the viewer, or ends that. Idempotent. Concerns only the viewer, so it is
 * possible in an archived project.
 *
 * @throws ApiError not_found
 */
export function setProjectMuted(
  context: ActingContext,
  id: number,
  isMuted: boolean,
): Promise<void> {
  return inTransaction(context, async (trx) => {
    await lockProject(trx, id, 'viewer', { whenArchived: true });
    const mutedAt = isMuted ? trx.now.toISOString() : null;
    await store.setProjectMuted(trx.db, id, trx.viewer.id, mutedAt);
  });
}

/** Whether the viewer has muted a task. @throws ApiError not_found */
export async function readTaskMute(context: ActingContext, key: TaskKey): Promise<Mute> {
  await requireTask(context, key);
  return { is_muted: await store.isTaskMuted(context.db, key.task_id, context.viewer.id) };
}

/**
 * Mutes a task for the viewer, or ends that. Idempotent. Possible in an archived project.
 *
 * @throws ApiError not_found; too_many_muted_tasks
 */
export function setTaskMuted(
  context: ActingContext,
  key: TaskKey,
  isMuted: boolean,
): Promise<void> {
  return inTransaction(context, async (trx) => {
    const { db, viewer, now } = trx;
    await lockProject(trx, key.id, 'viewer', { whenArchived: true });
    await findTaskOf(trx, key);
    if (!isMuted) return store.deleteTaskMute(db, key.task_id, viewer.id);
    if (await store.isTaskMuted(db, key.task_id, viewer.id)) return;
    // Concurrent requests could otherwise exceed the limit together.
    await lockUser(db, viewer.id);
    if (await store.hasMutedTasks(db, viewer.id, MAX_MUTED_TASKS)) {
      throw new ApiError('too_many_muted_tasks');
    }
    const task = { projectId: key.id, taskId: key.task_id };
    await store.insertTaskMute(db, task, viewer.id, now.toISOString());
  });
}
