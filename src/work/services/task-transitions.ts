import { type Status, type TaskTransition, TRANSITIONS } from '#schemas/project-tasks.js';
import type { ActingContext } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { nextDay, shiftedDay } from '#src/work/lib/recurrence.js';
import { updateProjectTask } from '#src/work/stores/project-task-changes.js';
import * as store from '#src/work/stores/project-tasks.js';
import type { ProjectRow } from '#src/work/stores/projects.js';
import { descriptionVectorOf } from '#src/work/stores/task-vectors.js';
import { limitsOf } from './boards.js';
import { emitProjectTasks } from './events.js';
import { notify } from './notifications.js';
import { positionAfter } from './positions.js';
import { assertRole, lockProject } from './project-access.js';
import { insert, lockForChange, type NewTask } from './project-task-changes.js';
import { notificationsOfTask } from './task-notifications.js';
import { auditable, LAST_DAY } from './task-values.js';

/**
 * Moves a task to another status, to a place in its column. A repeating task that is done is followed
 * by the next one.
 *
 * @throws InvalidRequest if the column has no task `after_id`; ApiError as `lockProject`; not_found;
 *   precondition_failed; transition_not_allowed; column_full; project_role_required if someone else
 *   than an owner forces it; too_many_project_tasks if the next one has no room
 */
export function transitionTask(
  context: ActingContext,
  projectId: number,
  id: number,
  body: TaskTransition,
): Promise<store.ProjectTaskRow> {
  return inTransaction(context, async (trx) => {
    const project = await lockProject(trx, projectId, 'member');
    const before = await lockForChange(trx, projectId, id);
    const after = await transition(trx, project, before, body);
    await notify(trx, ...notificationsOfTask(before, after));
    return after;
  });
}

/**
 * Moves a task of a locked project. The caller notifies users: those of the next task of a repeating
 * one hear of the move of this one.
 *
 * @throws ApiError as `transitionTask`
 */
export async function transition(
  trx: ActingContext,
  project: ProjectRow,
  before: store.ProjectTaskRow,
  { status, after_id, force }: TaskTransition,
): Promise<store.ProjectTaskRow> {
  const { id, status: from } = before;
  const allowed = TRANSITIONS[from];
  if (!allowed.includes(status)) {
    const parameters = { from, to: status, allowed: allowed.join(', ') };
    throw new ApiError('transition_not_allowed', { parameters });
  }
  await assertRoom(trx, project, status, force);
  const updated_at = trx.now.toISOString();
  const repeated = status === 'done' ? followingTask(before) : null;
  const after = await updateProjectTask(trx.db, before, {
    status,
    position: await positionAfter(trx, project.id, status, after_id, before),
    completed_at: status === 'done' ? updated_at : null,
    // The next one repeats instead, so that none is created twice.
    ...(repeated !== null && { recurrence: null }),
    updated_at,
  });
  await record(trx, { action: 'task.transition', id, before: { status: from }, after: { status } });
  await emitProjectTasks(trx, 'task.transitioned', project.id, { id, before, after });
  if (repeated !== null) {
    const next = await insert(trx, project.id, repeated);
    await record(trx, { action: 'task.create', id: next.id, after: auditable(next) });
  }
  return after;
}

/** Returns the task that follows a repeating one; null if there is none. */
function followingTask(task: store.ProjectTaskRow): NewTask | null {
  const { due_on, start_on, recurrence } = task;
  const next = recurrence === null || due_on === null ? null : nextDay(recurrence, due_on);
  if (next === null || due_on === null || next > LAST_DAY) return null;
  return {
    summary: task.summary,
    description: task.description,
    description_html: task.description_html,
    described: descriptionVectorOf(task.id),
    priority: task.priority,
    assignee_ids: task.assignee_ids,
    label_ids: task.label_ids,
    start_on: start_on === null ? null : shiftedDay(start_on, due_on, next),
    due_on: next,
    time_zone: task.time_zone,
    estimate: task.estimate,
    recurrence,
    checklist: task.checklist.map((item) => ({ ...item, done: false })),
  };
}

/** @throws ApiError column_full; project_role_required */
async function assertRoom(
  trx: ActingContext,
  project: ProjectRow,
  status: Status,
  force: boolean,
): Promise<void> {
  const limit = limitsOf(project)[status] ?? null;
  if (limit === null) return;
  if (force) return assertRole(project, 'owner');
  const count = await store.countProjectTasks(trx.db, project.id, { status });
  if (count < limit) return;
  throw new ApiError('column_full', { parameters: { column: status, limit: String(limit) } });
}
