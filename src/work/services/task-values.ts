import type { ProjectTaskUpdate } from '#schemas/project-tasks.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { hashOfText } from '#src/audit/audit.js';
import { InvalidRequest, valueError } from '#src/errors.js';
import type { ErrorItem } from '#src/lib/validation/index.js';
import { renderText } from '#src/markdown/rendering.js';
import { isRecurrence } from '#src/work/lib/recurrence.js';
import { findLabelsAmong } from '#src/work/stores/project-labels.js';
import { findMembersAmong } from '#src/work/stores/project-members.js';
import type { ProjectTaskValues } from '#src/work/stores/project-task-changes.js';
import type { ProjectTaskRow } from '#src/work/stores/project-tasks.js';
import { isTimeZone } from '#src/work/stores/projects.js';
import { descriptionVector } from '#src/work/stores/task-vectors.js';

/** The maximum size of the HTML of a description in bytes: a bulk change reads a hundred of them. */
const MAX_DESCRIPTION_HTML = 256 * 1024;

/** The last day that ends before the year 10,000 in all time zones. */
export const LAST_DAY = '9999-12-30';

/**
 * @param loc where the values stand in the request
 * @throws InvalidRequest if dates and rule of a task do not fit together
 */
export function assertFits(
  { start_on, due_on, recurrence }: ProjectTaskUpdate,
  loc: readonly (string | number)[] = ['body'],
): void {
  const refuse = (
    field: string,
    reason: 'start_after_due' | 'recurrence_without_due' | 'unusable_recurrence',
    value: unknown,
  ) => new InvalidRequest([valueError(reason, [...loc, field], value)]);
  if (due_on && due_on > LAST_DAY) {
    throw new InvalidRequest([valueError('outside_limits', [...loc, 'due_on'], due_on)]);
  }
  if (start_on && due_on && start_on > due_on)
    throw refuse('start_on', 'start_after_due', start_on);
  if (!recurrence) return;
  if (!isRecurrence(recurrence)) throw refuse('recurrence', 'unusable_recurrence', recurrence);
  if (!due_on) throw refuse('recurrence', 'recurrence_without_due', recurrence);
}

/**
 * @param loc where the values stand in the request
 * @throws InvalidRequest if a user is not a member, or a label does not exist
 */
export async function assertKnown(
  { db }: ActingContext,
  projectId: number,
  { assignee_ids = [], label_ids = [] }: Pick<ProjectTaskUpdate, 'assignee_ids' | 'label_ids'>,
  loc: readonly string[] = ['body'],
): Promise<void> {
  const items: ErrorItem[] = [];
  if (assignee_ids.length > 0) {
    const members = await findMembersAmong(db, projectId, assignee_ids);
    assignee_ids.forEach((id, index) => {
      if (!members.has(id))
        items.push(valueError('not_a_member', [...loc, 'assignee_ids', index], id));
    });
  }
  if (label_ids.length > 0) {
    const labels = await findLabelsAmong(db, projectId, label_ids);
    label_ids.forEach((id, index) => {
      if (!labels.has(id))
        items.push(valueError('unknown_label', [...loc, 'label_ids', index], id));
    });
  }
  if (items.length > 0) throw new InvalidRequest(items);
}

/**
 * Returns what a request writes, with the HTML and the words of its description. Must not be called in
 * a transaction.
 *
 * @throws InvalidRequest if the time zone is unknown; errors of `renderText`
 */
export async function readWritten<T extends ProjectTaskUpdate>(
  context: ActingContext,
  body: T,
): Promise<T & RenderedDescription> {
  const { summary, description = '', time_zone } = body;
  if (time_zone !== undefined && !(await isTimeZone(context.db, time_zone))) {
    throw new InvalidRequest([valueError('unknown_time_zone', ['body', 'time_zone'], time_zone)]);
  }
  return {
    ...body,
    ...(summary !== undefined && { summary: summary.trim() }),
    ...(await renderedDescription(context, description)),
  };
}

/** What is stored of a description besides its source. */
export type RenderedDescription = Pick<ProjectTaskValues, 'description_html' | 'described'>;

/** Returns a description as safe HTML, and its words. @throws errors of `renderText` */
export async function renderedDescription(
  context: Pick<Context, 'viewer' | 'address'>,
  text: string,
): Promise<RenderedDescription> {
  const { html, words } = await renderText(context, {
    field: 'description',
    text,
    most: MAX_DESCRIPTION_HTML,
  });
  return { description_html: html, described: descriptionVector(words) };
}

/** Returns the fields of a task that people write. */
export function writtenFields(task: ProjectTaskRow): Required<ProjectTaskUpdate> {
  const { summary, description, priority, assignee_ids, label_ids } = task;
  const { start_on, due_on, time_zone, estimate, recurrence } = task;
  return {
    summary,
    description,
    priority,
    assignee_ids,
    label_ids,
    start_on,
    due_on,
    time_zone,
    estimate,
    recurrence,
  };
}

/** Returns the fields for the audit log. Administrators need not be members: texts are left out. */
export function auditable(task: ProjectTaskRow): Record<string, unknown> {
  const { summary, description, ...fields } = writtenFields(task);
  return {
    ...fields,
    summary_sha256: hashOfText(summary),
    description_sha256: hashOfText(description),
    checklist_sha256: hashOfText(JSON.stringify(task.checklist)),
  };
}
