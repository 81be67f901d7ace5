import {
  MAX_RELATED_THROUGH_OTHERS,
  MAX_RELATIONS_PER_TASK,
  type RelationOfTasks,
  type TaskRelationParams,
  type TaskRelations,
} from '#schemas/task-relations.js';
import type { ActingContext } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import * as store from '#src/work/stores/task-relations.js';
import { emitRelation } from './events.js';
import { lockProject } from './project-access.js';
import { findTaskOf, requireTask, type TaskKey } from './task-access.js';

/** Returns all relations of a task, except to tasks in the trash. @throws ApiError not_found */
export async function listRelations(context: ActingContext, key: TaskKey): Promise<TaskRelations> {
  await requireTask(context, key);
  return { items: await store.listRelations(context.db, key.task_id) };
}

/**
 * Relates a task to another of the same project. Idempotent.
 *
 * @throws InvalidRequest if both are the same; ApiError as `lockProject`; not_found; relation_cycle;
 *   already_subtask; too_many_relations
 */
export function addRelation(context: ActingContext, params: TaskRelationParams): Promise<void> {
  const { id, task_id, other_id } = params;
  return inTransaction(context, async (trx) => {
    await lockProject(trx, id, 'member');
    const tasks = await store.findTaskHeads(trx.db, id, [task_id, other_id]);
    const task = tasks.get(task_id);
    if (task === undefined || !tasks.has(other_id)) throw new ApiError('not_found');
    if (task_id === other_id) {
      throw new InvalidRequest([valueError('same_task', ['path', 'other_id'], other_id)]);
    }
    const relation = stored(params);
    if (await store.hasRelation(trx.db, relation)) return;
    await assertAllowed(trx, relation);
    await store.insertRelation(trx.db, { ...relation, created_at: trx.now.toISOString() });
    await record(trx, { action: 'task.relate', id: task_id, after: relation });
    await emitRelation(trx, 'task.related', id, task, relation);
  });
}

/**
 * Removes a relation of a task, also to a task in the trash.
 *
 * @throws ApiError as `lockProject`; not_found if there is no such relation
 */
export function removeRelation(context: ActingContext, params: TaskRelationParams): Promise<void> {
  const { id, task_id } = params;
  return inTransaction(context, async (trx) => {
    await lockProject(trx, id, 'member');
    const task = await findTaskOf(trx, params);
    const relation = stored(params);
    if (!(await store.deleteRelation(trx.db, relation))) throw new ApiError('not_found');
    await record(trx, { action: 'task.unrelate', id: task_id, before: relation });
    await emitRelation(trx, 'task.unrelated', id, task, relation);
  });
}

/** Returns the relation as it is stored: one that goes both ways begins at the older task. */
function stored({ task_id, kind, other_id }: TaskRelationParams): RelationOfTasks {
  if (kind !== 'relates' || task_id < other_id) return { task_id, kind, other_id };
  return { task_id: other_id, kind, other_id: task_id };
}

/** @throws ApiError relation_cycle; already_subtask; too_many_relations */
async function assertAllowed(
  { db }: ActingContext,
  { task_id, kind, other_id }: RelationOfTasks,
): Promise<void> {
  if (kind !== 'relates') {
    const way = { fromId: other_id, toId: task_id };
    const most = MAX_RELATED_THROUGH_OTHERS + 1;
    const { isReached, count } = await store.followRelations(db, kind, way, most);
    if (isReached) throw new ApiError('relation_cycle');
    if (count >= most) throw new ApiError('too_many_relations');
  }
  const parent = kind === 'subtask' ? await store.findParentNumber(db, task_id) : null;
  if (parent !== null) {
    throw new ApiError('already_subtask', { parameters: { number: String(parent) } });
  }
  for (const id of [task_id, other_id]) {
    if (await store.hasRelations(db, id, MAX_RELATIONS_PER_TASK)) {
      throw new ApiError('too_many_relations');
    }
  }
}
