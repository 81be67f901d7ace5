import {
  MAX_TASKS_PER_PROJECT,
  type ProjectTaskCreate,
  type ProjectTaskUpdate,
  type TaskMove,
} from '#schemas/project-tasks.js';
import type { ActingContext } from '#src/access/context.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import { record, recordDifference } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { differences } from '#src/lib/differences.js';
import {
  insertProjectTask,
  type ProjectTaskValues,
  updateProjectTask,
} from '#src/work/stores/project-task-changes.js';
import * as store from '#src/work/stores/project-tasks.js';
import { deleteTask } from '#src/work/stores/tasks.js';
import { emitProjectTasks } from './events.js';
import { notify } from './notifications.js';
import { lastPosition, positionAfter } from './positions.js';
import { lockProject, requireWritable } from './project-access.js';
import { projectTaskTag } from './project-tasks.js';
import { notificationsOfTask } from './task-notifications.js';
import {
  assertFits,
  assertKnown,
  auditable,
  type RenderedDescription,
  readWritten,
  writtenFields,
} from './task-values.js';

type Written = ProjectTaskUpdate & Partial<RenderedDescription>;

/**
 * Creates a task, last in the column `todo`.
 *
 * @throws InvalidRequest if a value does not fit the project; ApiError as `lockProject`;
 *   too_many_project_tasks; errors of `renderText`
 */
export async function createProjectTask(
  context: ActingContext,
  projectId: number,
  body: ProjectTaskCreate,
): Promise<store.ProjectTaskRow> {
  // Whoever may not write costs no rendering.
  const { time_zone } = await requireWritable(context, projectId);
  const written = { ...(await readWritten(context, body)), time_zone: body.time_zone ?? time_zone };
  return inTransaction(context, async (trx) => {
    await lockProject(trx, projectId, 'member');
    assertFits(written);
    await assertKnown(trx, projectId, written);
    const task = await insert(trx, projectId, { ...written, checklist: [] });
    await record(trx, { action: 'task.create', id: task.id, after: auditable(task) });
    await notify(trx, ...notificationsOfTask(null, task));
    return task;
  });
}

/**
 * Changes the given fields of a task.
 *
 * @throws InvalidRequest if a value does not fit the project or the task; ApiError as `lockProject`;
 *   not_found; precondition_failed; errors of `renderText`
 */
export async function changeProjectTask(
  context: ActingContext,
  projectId: number,
  id: number,
  body: ProjectTaskUpdate,
): Promise<store.ProjectTaskRow> {
  await requireWritable(context, projectId);
  const written = await readWritten(context, body);
  return inTransaction(context, async (trx) => {
    await lockProject(trx, projectId, 'member');
    const before = await lockForChange(trx, projectId, id);
    await assertKnown(trx, projectId, written);
    const after = await write(trx, projectId, before, written);
    await notify(trx, ...notificationsOfTask(before, after));
    return after;
  });
}

/**
 * Moves a task within its column, unless it is at this place already.
 *
 * @throws InvalidRequest if the column has no task `after_id`; ApiError as `lockProject`; not_found;
 *   precondition_failed
 */
export function moveTask(
  context: ActingContext,
  projectId: number,
  id: number,
  { after_id }: TaskMove,
): Promise<store.ProjectTaskRow> {
  return inTransaction(context, async (trx) => {
    await lockProject(trx, projectId, 'member');
    const before = await lockForChange(trx, projectId, id);
    const position = await positionAfter(trx, projectId, before.status, after_id, before);
    if (position === before.position) return before;
    const updated_at = trx.now.toISOString();
    const after = await updateProjectTask(trx.db, before, { position, updated_at });
    await record(trx, { action: 'task.move', id });
    await emitProjectTasks(trx, 'task.moved', projectId, { id, before, after });
    return after;
  });
}

/**
 * Moves a task to the trash.
 *
 * @throws ApiError as `lockProject`; not_found; precondition_failed
 */
export function deleteProjectTask(
  context: ActingContext,
  projectId: number,
  id: number,
): Promise<void> {
  return inTransaction(context, async (trx) => {
    await lockProject(trx, projectId, 'member');
    const before = await lockForChange(trx, projectId, id);
    const deleted_at = trx.now.toISOString();
    await deleteTask(trx.db, id, { deleted_at, deleted_by: trx.viewer.id });
    await record(trx, { action: 'task.delete', id, before: auditable(before) });
    await emitProjectTasks(trx, 'task.deleted', projectId, { id });
  });
}

/** Returns a task in a locked project. @throws ApiError not_found; precondition_failed */
export async function lockForChange(
  trx: ActingContext,
  projectId: number,
  id: number,
): Promise<store.ProjectTaskRow> {
  const task = await store.findProjectTask(trx.db, projectId, id);
  if (task === null) throw new ApiError('not_found');
  await assertUnchanged(trx, task, () => projectTaskTag(task));
  return task;
}

/**
 * Writes fields of a task in a locked project, unless they have these values already. The caller
 * notifies users.
 *
 * @param written users and labels must be known to be the project's
 * @throws InvalidRequest if dates and rule do not fit together
 */
export async function write(
  trx: ActingContext,
  projectId: number,
  before: store.ProjectTaskRow,
  written: Written & Pick<Partial<ProjectTaskValues>, 'checklist'>,
): Promise<store.ProjectTaskRow> {
  const { description_html, described, ...fields } = written;
  const changes = differences({ ...writtenFields(before), checklist: before.checklist }, fields);
  if (Object.keys(changes).length === 0) return before;
  assertFits({ ...writtenFields(before), ...changes });
  const updated_at = trx.now.toISOString();
  const rendered = changes.description === undefined ? {} : { description_html, described };
  const values = { ...changes, ...rendered, updated_at } as Partial<ProjectTaskValues>;
  const after = await updateProjectTask(trx.db, before, values);
  const states = { before: auditable(before), after: auditable(after) };
  await recordDifference(trx, { action: 'task.change', id: before.id }, states);
  await emitProjectTasks(trx, 'task.changed', projectId, { id: before.id, before, after });
  return after;
}

/** The values of a new task that do not follow from its place. */
export type NewTask = Pick<
  ProjectTaskValues,
  | 'summary'
  | 'description'
  | 'description_html'
  | 'described'
  | 'priority'
  | 'assignee_ids'
  | 'label_ids'
  | 'start_on'
  | 'due_on'
  | 'time_zone'
  | 'estimate'
  | 'recurrence'
  | 'checklist'
>;

/** Inserts a task, last in the column `todo` of a locked project. @throws ApiError too_many_project_tasks */
export async function insert(
  trx: ActingContext,
  projectId: number,
  values: NewTask,
): Promise<store.ProjectTaskRow> {
  if (await store.hasProjectTasks(trx.db, projectId, MAX_TASKS_PER_PROJECT)) {
    throw new ApiError('too_many_project_tasks');
  }
  const task = await insertProjectTask(trx.db, projectId, {
    ...values,
    status: 'todo',
    position: await lastPosition(trx, projectId, 'todo'),
    completed_at: null,
    creator_id: trx.viewer.id,
    created_at: trx.now.toISOString(),
  });
  await emitProjectTasks(trx, 'task.created', projectId, { id: task.id, after: task });
  return task;
}
