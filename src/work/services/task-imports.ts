import { generateNKeysBetween } from 'fractional-indexing';
import { definitions } from '#schemas/index.js';
import { MAX_LABELS_PER_PROJECT, ProjectLabelCreate } from '#schemas/project-labels.js';
import { MAX_TASKS_PER_PROJECT, type Status } from '#schemas/project-tasks.js';
import { TaskLine } from '#schemas/task-lines.js';
import type { Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { fold } from '#src/lib/fold.js';
import { toTimestamp } from '#src/lib/timestamps.js';
import { compileSchema, type ErrorItem, type Validator } from '#src/lib/validation/index.js';
import { findLastPosition } from '#src/work/stores/positions.js';
import { insertNumberedTasks, type NewTaskValues } from '#src/work/stores/project-task-changes.js';
import { isTimeZone, lockProjectRow } from '#src/work/stores/projects.js';
import * as store from '#src/work/stores/task-files.js';
import { emitProject, emitProjectTasks } from './events.js';
import { insertRecorded } from './project-labels.js';
import { assertFits, type RenderedDescription, renderedDescription } from './task-values.js';

/** A task of a file, with the HTML and the words of its description. */
export type ReadTask = TaskLine & RenderedDescription;

export interface TasksImported {
  created: number;
  /** The number of tasks left out because the project has one with the same number. */
  existing: number;
  /** Assignees in the file who are not members: they are left out. Unknown creators become null. */
  unknownUsers: string[];
  newLabels: string[];
}

/** Number of tasks per statement. */
const BATCH = 200;

/** The color of labels that an import creates. */
const LABEL_COLOR = '#808080';

// A value that passes has the type of the schema.
const validateTask = compileSchema(TaskLine, { definitions }) as Validator<TaskLine>;
const validateLabel = compileSchema(ProjectLabelCreate, { definitions });

/**
 * Checks what a file contains, and renders the descriptions.
 *
 * @param values one value for each task
 * @throws InvalidRequest with the errors of all tasks, after `body` and the index of each; ApiError
 *   too_many_project_tasks; errors of `renderText`
 */
export async function checkTasks(context: Context, values: unknown[]): Promise<ReadTask[]> {
  if (values.length > MAX_TASKS_PER_PROJECT) throw new ApiError('too_many_project_tasks');
  const errors: ErrorItem[] = [];
  const tasks: TaskLine[] = [];
  const isZone = await timeZones(context, values);
  for (const [index, value] of values.entries()) {
    try {
      tasks.push(checkTask(value, index, isZone));
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
      errors.push(...error.items);
    }
  }
  if (errors.length > 0) throw new InvalidRequest(errors);
  const rendered: ReadTask[] = [];
  for (const task of tasks) {
    rendered.push({ ...task, ...(await renderedDescription(context, task.description)) });
  }
  return rendered;
}

/**
 * Creates tasks in a project: all of them, or none. A task whose number the project has is left out,
 * so the same file can be imported again. Columns may exceed their limits. Nobody is notified.
 *
 * @throws ApiError not_found; project_archived; too_many_project_tasks; too_many_labels
 */
export function importTasks(
  context: Context,
  projectId: number,
  tasks: readonly ReadTask[],
): Promise<TasksImported> {
  return inTransaction(context, async (trx) => {
    if (!(await lockProjectRow(trx.db, projectId))) throw new ApiError('not_found');
    const known = await store.findKnownNames(trx.db, projectId);
    if (known.archived_at !== null) throw new ApiError('project_archived');
    const fresh = await withoutExisting(trx, projectId, tasks);
    if (known.count + fresh.length > MAX_TASKS_PER_PROJECT) {
      throw new ApiError('too_many_project_tasks');
    }
    const newLabels = await createLabels(trx, projectId, fresh, known);
    const values = await valuesOf(trx, projectId, fresh, known);
    for (let done = 0; done < values.length; done += BATCH) {
      const batch = values.slice(done, done + BATCH);
      const inserted = await insertNumberedTasks(trx.db, projectId, batch);
      const events = inserted.map((after) => ({ id: after.id, after }));
      await emitProjectTasks(trx, 'task.created', projectId, ...events);
    }
    const created = values.length;
    if (created > 0) {
      const after = { project_id: projectId, created };
      await record(trx, { action: 'task.import', id: null, after });
    }
    return {
      created,
      existing: tasks.length - created,
      unknownUsers: unknownUsers(fresh, known),
      newLabels,
    };
  });
}

/** @throws InvalidRequest */
function checkTask(value: unknown, index: number, isZone: ReadonlyMap<string, boolean>): TaskLine {
  const loc = ['body', index] as const;
  const refuse = (items: ErrorItem[], field: string[] = []) =>
    new InvalidRequest(items.map((item) => ({ ...item, loc: [...loc, ...field, ...item.loc] })));
  const result = validateTask(value);
  if ('errors' in result) throw refuse(result.errors);
  const task = result.value;
  const { start_on, due_on, recurrence, time_zone, labels } = task;
  assertFits({ start_on, due_on, recurrence }, loc);
  for (const name of labels) {
    const label = validateLabel({ name });
    if ('errors' in label) throw refuse(label.errors, ['labels']);
  }
  if (time_zone !== null && isZone.get(time_zone) !== true) {
    throw new InvalidRequest([valueError('unknown_time_zone', [...loc, 'time_zone'], time_zone)]);
  }
  return task;
}

/** Returns whether each text that is given as a time zone is one. */
async function timeZones(
  { db }: Context,
  values: readonly unknown[],
): Promise<Map<string, boolean>> {
  const known = new Map<string, boolean>();
  for (const value of values) {
    const zone = (value as { time_zone?: unknown } | null)?.time_zone;
    if (typeof zone === 'string' && !known.has(zone)) known.set(zone, await isTimeZone(db, zone));
  }
  return known;
}

async function withoutExisting(
  { db }: Context,
  projectId: number,
  tasks: readonly ReadTask[],
): Promise<ReadTask[]> {
  const taken = await store.findNumbers(
    db,
    projectId,
    tasks.flatMap(({ number }) => number ?? []),
  );
  return tasks.filter(({ number }) => {
    if (number === null) return true;
    if (taken.has(number)) return false;
    taken.add(number);
    return true;
  });
}

/** Creates the labels that the project does not have, and adds them to those that it knows. */
async function createLabels(
  trx: Context,
  projectId: number,
  tasks: readonly ReadTask[],
  { labels, version }: store.KnownNames,
): Promise<string[]> {
  const created: string[] = [];
  for (const name of tasks.flatMap((task) => task.labels)) {
    const folded = fold(name.trim());
    if (labels.has(folded)) continue;
    if (labels.size >= MAX_LABELS_PER_PROJECT) throw new ApiError('too_many_labels');
    const label = await insertRecorded(trx, projectId, { name: name.trim(), color: LABEL_COLOR });
    labels.set(folded, label.id);
    created.push(label.name);
  }
  if (created.length > 0) {
    await emitProject(trx, 'project.labelled', { id: projectId, version });
  }
  return created;
}

/** Returns the rows to insert: last in their columns, in the order of the file. */
async function valuesOf(
  { db, now }: Context,
  projectId: number,
  tasks: readonly ReadTask[],
  { members, labels, time_zone, last_number }: store.KnownNames,
): Promise<(NewTaskValues & { number: number })[]> {
  const statuses = new Set(tasks.map(({ status }) => status));
  const positions = new Map<Status, string[]>();
  for (const status of statuses) {
    const count = tasks.filter((task) => task.status === status).length;
    const last = await findLastPosition(db, { projectId, status, exceptId: null });
    positions.set(status, generateNKeysBetween(last, null, count));
  }
  const idsIn = (known: ReadonlyMap<string, number>, names: readonly string[]) => [
    ...new Set(names.flatMap((name) => known.get(fold(name.trim())) ?? [])),
  ];
  let next = Math.max(last_number, ...tasks.map(({ number }) => number ?? 0)) + 1;
  return tasks.map((task) => {
    const { number, assignees, creator, checklist, created_at, completed_at, ...others } = task;
    const created = created_at === null ? now : toTimestamp(created_at);
    const completed = completed_at === null ? created : toTimestamp(completed_at);
    const { labels: names, ...values } = others;
    return {
      ...values,
      number: number ?? next++,
      summary: values.summary.trim(),
      position: positions.get(values.status)?.shift() ?? '',
      assignee_ids: idsIn(members, assignees),
      label_ids: idsIn(labels, names),
      time_zone: values.time_zone ?? time_zone,
      checklist: checklist.map((item, index) => ({ ...item, id: index + 1 })),
      creator_id: idsIn(members, creator === null ? [] : [creator])[0] ?? null,
      created_at: created.toISOString(),
      completed_at: values.status === 'done' ? completed.toISOString() : null,
    };
  });
}

function unknownUsers(tasks: readonly ReadTask[], { members }: store.KnownNames): string[] {
  const names = new Set(tasks.flatMap(({ assignees }) => assignees));
  return [...names].filter((name) => !members.has(fold(name.trim()))).sort();
}
