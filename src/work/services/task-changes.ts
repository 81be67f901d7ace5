import {
  MAX_SUMMARY,
  MAX_TASKS_PER_OWNER,
  type Task,
  type TaskCreate,
  type TasksPurged,
  type TaskUpdate,
} from '#schemas/tasks.js';
import type { ActingContext } from '#src/access/context.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import { hashOfText, record, recordDifference } from '#src/audit/audit.js';
import { lockUser } from '#src/db/lock-user.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { isAtMost } from '#src/lib/code-points.js';
import { differences } from '#src/lib/differences.js';
import { isVisible } from '#src/lib/visible-text.js';
import * as store from '#src/work/stores/tasks.js';
import { emitTasks } from './events.js';
import { taskTag } from './tasks.js';

/**
 * Creates a task of the viewer.
 *
 * @throws InvalidRequest if the summary is empty or too long; ApiError too_many_tasks
 */
export function createTask(context: ActingContext, body: TaskCreate): Promise<store.TaskRow> {
  const { viewer, now } = context;
  const { completed, ...written } = { ...body, summary: readSummary(body.summary) };
  return inTransaction(context, async (trx) => {
    // Concurrent requests could otherwise exceed the limit together.
    await lockUser(trx.db, viewer.id);
    if (await store.hasTasks(trx.db, viewer.id, MAX_TASKS_PER_OWNER)) {
      throw new ApiError('too_many_tasks');
    }
    const created_at = now.toISOString();
    const task = await store.insertTask(trx.db, {
      ...written,
      owner_id: viewer.id,
      completed_at: completed ? created_at : null,
      created_at,
      updated_at: created_at,
    });
    await record(trx, { action: 'task.create', id: task.id, after: auditable(task) });
    await emitTasks(trx, 'task.created', viewer.id, { id: task.id, after: task });
    return task;
  });
}

/**
 * Changes the given fields of a task of the viewer.
 *
 * @throws InvalidRequest if the summary is empty or too long; ApiError not_found; precondition_failed
 */
export function changeTask(
  context: ActingContext,
  id: number,
  body: TaskUpdate,
): Promise<store.TaskRow> {
  const { summary } = body;
  const written = summary === undefined ? body : { ...body, summary: readSummary(summary) };
  return inTransaction(context, async (trx) => {
    const before = await lockForChange(trx, id);
    return change(trx, before, differences(writtenFields(before), written));
  });
}

/**
 * Completes a task of the viewer, or reopens a completed one.
 *
 * @throws ApiError not_found; precondition_failed
 */
export function flipTask(context: ActingContext, id: number): Promise<store.TaskRow> {
  return inTransaction(context, async (trx) => {
    const before = await lockForChange(trx, id);
    return change(trx, before, { completed: !before.completed });
  });
}

/**
 * Moves a task of the viewer to the trash.
 *
 * @throws ApiError not_found; precondition_failed
 */
export function deleteTask(context: ActingContext, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    const before = await lockForChange(trx, id);
    const deleted_at = trx.now.toISOString();
    await store.deleteTask(trx.db, id, { deleted_at, deleted_by: trx.viewer.id });
    await record(trx, { action: 'task.delete', id, before: auditable(before) });
    await emitTasks(trx, 'task.deleted', trx.viewer.id, { id });
  });
}

/** Deletes the completed tasks of the viewer permanently, outside the trash. */
export function purgeCompletedTasks(context: ActingContext): Promise<TasksPurged> {
  return inTransaction(context, async (trx) => {
    const { id: ownerId } = trx.viewer;
    const ids = await store.deleteCompletedTasks(trx.db, ownerId);
    const removed = ids.length;
    if (removed > 0) {
      await record(trx, { action: 'task.purge_completed', id: null, after: { removed } });
      await emitTasks(trx, 'task.purged', ownerId, ...ids.map((id) => ({ id })));
    }
    return { removed };
  });
}

async function change(
  trx: ActingContext,
  before: store.TaskRow,
  changes: TaskUpdate,
): Promise<store.TaskRow> {
  if (Object.keys(changes).length === 0) return before;
  const { completed, ...values } = changes;
  const updated_at = trx.now.toISOString();
  const after = await store.updateTask(trx.db, before.id, {
    ...values,
    ...(completed !== undefined && { completed_at: completed ? updated_at : null }),
    updated_at,
  });
  const states = { before: auditable(before), after: auditable(after) };
  await recordDifference(trx, { action: 'task.change', id: before.id }, states);
  await emitTasks(trx, 'task.changed', trx.viewer.id, { id: before.id, before, after });
  return after;
}

async function lockForChange(trx: ActingContext, id: number): Promise<store.TaskRow> {
  const task = await store.lockTask(trx.db, trx.viewer.id, id);
  if (task === null) throw new ApiError('not_found');
  await assertUnchanged(trx, task, () => taskTag(task));
  return task;
}

function writtenFields({ summary, completed, priority, due_on }: Task): Required<TaskUpdate> {
  return { summary, completed, priority, due_on };
}

/** Returns the fields for the audit log, which administrators read: personal tasks are private. */
function auditable(task: Task): Record<string, unknown> {
  const { summary, ...fields } = writtenFields(task);
  return { summary_sha256: hashOfText(summary), ...fields };
}

function readSummary(sent: string): string {
  const summary = sent.trim();
  const refuse = (reason: 'task_summary_empty' | 'task_summary_too_long') =>
    new InvalidRequest([valueError(reason, ['body', 'summary'], sent)]);
  if (!isVisible(summary)) throw refuse('task_summary_empty');
  if (!isAtMost(summary, MAX_SUMMARY)) throw refuse('task_summary_too_long');
  return summary;
}
