import {
  type ChecklistItem,
  type ChecklistItemCreate,
  type ChecklistItemUpdate,
  MAX_CHECKLIST_ITEMS,
} from '#schemas/checklists.js';
import type { ActingContext } from '#src/access/context.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import type { ProjectTaskRow } from '#src/work/stores/project-tasks.js';
import { lockProject } from './project-access.js';
import { lockForChange, write } from './project-task-changes.js';
import type { TaskKey } from './task-access.js';

/**
 * Adds an item at the end of the checklist of a task.
 *
 * @throws ApiError as `lockProject`; not_found; precondition_failed; too_many_items
 */
export function addItem(
  context: ActingContext,
  key: TaskKey,
  { text, done }: ChecklistItemCreate,
): Promise<ProjectTaskRow> {
  return changeChecklist(context, key, (items) => {
    if (items.length >= MAX_CHECKLIST_ITEMS) throw new ApiError('too_many_items');
    const id = Math.max(0, ...items.map((item) => item.id)) + 1;
    return [...items, { id, text: text.trim(), done }];
  });
}

/**
 * Changes the given fields of an item.
 *
 * @throws ApiError as `lockProject`; not_found; precondition_failed
 */
export function changeItem(
  context: ActingContext,
  key: TaskKey,
  itemId: number,
  { text, done }: ChecklistItemUpdate,
): Promise<ProjectTaskRow> {
  return changeChecklist(context, key, (items) =>
    items.with(indexOf(items, itemId), {
      ...itemAt(items, itemId),
      ...(text !== undefined && { text: text.trim() }),
      ...(done !== undefined && { done }),
    }),
  );
}

/**
 * Removes an item.
 *
 * @throws ApiError as `lockProject`; not_found; precondition_failed
 */
export function removeItem(
  context: ActingContext,
  key: TaskKey,
  itemId: number,
): Promise<ProjectTaskRow> {
  return changeChecklist(context, key, (items) => items.toSpliced(indexOf(items, itemId), 1));
}

function changeChecklist(
  context: ActingContext,
  { id, task_id }: TaskKey,
  changed: (items: readonly ChecklistItem[]) => ChecklistItem[],
): Promise<ProjectTaskRow> {
  return inTransaction(context, async (trx) => {
    await lockProject(trx, id, 'member');
    const before = await lockForChange(trx, id, task_id);
    return write(trx, id, before, { checklist: changed(before.checklist) });
  });
}

function itemAt(items: readonly ChecklistItem[], id: number): ChecklistItem {
  const item = items[indexOf(items, id)];
  if (item === undefined) throw new ApiError('not_found');
  return item;
}

function indexOf(items: readonly ChecklistItem[], id: number): number {
  const index = items.findIndex((item) => item.id === id);
  if (index < 0) throw new ApiError('not_found');
  return index;
}
