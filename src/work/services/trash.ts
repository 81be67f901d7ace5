import { deleteEventsOfProject } from '#src/events/events.js';
import type { TrashBin } from '#src/trash/trash-bin.js';
import * as projects from '#src/work/stores/deleted-projects.js';
import * as store from '#src/work/stores/deleted-tasks.js';
import { updateProjectTask } from '#src/work/stores/project-task-changes.js';
import { findProjectTask } from '#src/work/stores/project-tasks.js';
import { findTask } from '#src/work/stores/tasks.js';
import { emitProject, emitProjectTasks, emitTasks } from './events.js';
import { positionAfter } from './positions.js';

/** Deleted tasks: those of a user, and those of projects. */
export const taskTrash: TrashBin = {
  list: (db, viewer, slice) => store.listDeletedTasks(db, viewer.id, slice),
  count: (db, viewer) => store.countDeletedTasks(db, viewer.id),
  lock: (trx, id, viewer) => store.lockDeletedTask(trx, viewer?.id ?? null, id),
  async restore(trx, id) {
    const { owner_id, project_id } = await store.restoreTask(trx.db, id);
    if (project_id === null) {
      const after = await requireRow(findTask(trx.db, owner_id, id));
      await emitTasks(trx, 'task.restored', owner_id, { id, after });
    } else {
      const restored = await requireRow(findProjectTask(trx.db, project_id, id));
      // Another task may have its place by now.
      const position = await positionAfter(trx, project_id, restored.status, undefined, restored);
      const after = await updateProjectTask(trx.db, restored, { position });
      await emitProjectTasks(trx, 'task.restored', project_id, { id, after });
    }
    return {};
  },
  async purge(trx, id) {
    const { owner_id, project_id } = await store.purgeTask(trx.db, id);
    if (project_id === null) await emitTasks(trx, 'task.purged', owner_id, { id });
    else await emitProjectTasks(trx, 'task.purged', project_id, { id });
  },
  findExpired: store.findExpiredTasks,
};

/** Deleted projects with their tasks, which only their owners may restore. */
export const projectTrash: TrashBin = {
  list: (db, viewer, slice) => projects.listDeletedProjects(db, viewer.id, slice),
  count: (db, viewer) => projects.countDeletedProjects(db, viewer.id),
  lock: (trx, id, viewer) => projects.lockDeletedProject(trx, viewer?.id ?? null, id),
  async restore(trx, id) {
    const version = await projects.restoreProject(trx.db, id, trx.now);
    await emitProject(trx, 'project.restored', { id, version });
    return {};
  },
  async purge(trx, id) {
    await deleteEventsOfProject(trx.db, id);
    await projects.purgeProject(trx.db, id);
  },
  findExpired: projects.findExpiredProjects,
};

async function requireRow<T>(row: Promise<T | null>): Promise<T> {
  const found = await row;
  if (found === null) throw new TypeError('A restored task is not found');
  return found;
}
