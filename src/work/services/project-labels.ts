import type { Page } from '#schemas/paging.js';
import {
  MAX_LABELS_PER_PROJECT,
  type ProjectLabelCreate,
  type ProjectLabelListQuery,
  type ProjectLabelUpdate,
} from '#schemas/project-labels.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import { hashOfText, record, recordDifference } from '#src/audit/audit.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, duplicate } from '#src/errors.js';
import { differences } from '#src/lib/differences.js';
import { entityTag } from '#src/lib/entity-tag.js';
import { readPage } from '#src/lists/paging.js';
import * as store from '#src/work/stores/project-labels.js';
import { emitProject } from './events.js';
import { lockProject, requireProject } from './project-access.js';

/**
 * Returns a page of the labels of a project.
 *
 * @throws ApiError not_found; InvalidRequest if the cursor is invalid
 */
export async function listLabels(
  context: ActingContext,
  projectId: number,
  query: ProjectLabelListQuery,
): Promise<Page<store.LabelRow>> {
  await requireProject(context, projectId);
  return readPage(query, {
    list: (slice) => store.listLabels(context.db, projectId, slice),
    count: () => store.countLabels(context.db, projectId),
    sortKey: ({ sort_key }) => sort_key,
    isSortKey: store.isLabelSortKey,
  });
}

/** @throws ApiError not_found */
export async function readLabel(
  context: ActingContext,
  projectId: number,
  id: number,
): Promise<store.LabelRow> {
  await requireProject(context, projectId);
  const label = await store.findLabel(context.db, projectId, id);
  if (label === null) throw new ApiError('not_found');
  return label;
}

/** @throws ApiError as `lockProject`; too_many_labels; duplicate */
export function createLabel(
  context: ActingContext,
  projectId: number,
  { name, color }: ProjectLabelCreate,
): Promise<store.LabelRow> {
  const written = { name: name.trim(), color };
  return claimingName(written.name, () =>
    inTransaction(context, async (trx) => {
      const project = await lockProject(trx, projectId, 'member');
      if ((await store.countLabels(trx.db, projectId)) >= MAX_LABELS_PER_PROJECT) {
        throw new ApiError('too_many_labels');
      }
      const label = await insertRecorded(trx, projectId, written);
      await emitProject(trx, 'project.labelled', project);
      return label;
    }),
  );
}

/**
 * Inserts a label into a locked project. The caller checks the limit and emits `project.labelled`.
 *
 * @throws DatabaseError if the project has a label of this name
 */
export async function insertRecorded(
  trx: Context,
  projectId: number,
  written: { name: string; color: string },
): Promise<store.LabelRow> {
  const created_at = trx.now.toISOString();
  const label = await store.insertLabel(trx.db, { ...written, project_id: projectId, created_at });
  await record(trx, { action: 'label.create', id: label.id, after: auditable(label) });
  return label;
}

/** @throws ApiError as `lockProject`; not_found; precondition_failed; duplicate */
export function changeLabel(
  context: ActingContext,
  projectId: number,
  id: number,
  body: ProjectLabelUpdate,
): Promise<store.LabelRow> {
  const written = body.name === undefined ? body : { ...body, name: body.name.trim() };
  return claimingName(written.name, () =>
    inTransaction(context, async (trx) => {
      const project = await lockProject(trx, projectId, 'member');
      const before = await lockForChange(trx, projectId, id);
      const changes = differences(writtenFields(before), written);
      if (Object.keys(changes).length === 0) return before;
      const updated_at = trx.now.toISOString();
      const after = await store.updateLabel(trx.db, id, { ...changes, updated_at });
      const states = { before: auditable(before), after: auditable(after) };
      await recordDifference(trx, { action: 'label.change', id }, states);
      await emitProject(trx, 'project.labelled', project);
      return after;
    }),
  );
}

/** Deletes a label, which its tasks lose. @throws ApiError as `changeLabel` */
export function deleteLabel(context: ActingContext, projectId: number, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    const project = await lockProject(trx, projectId, 'member');
    const before = await lockForChange(trx, projectId, id);
    await store.deleteLabel(trx.db, projectId, id, trx.now);
    await record(trx, { action: 'label.delete', id, before: auditable(before) });
    await emitProject(trx, 'project.labelled', project);
  });
}

export function labelTag({ version }: store.LabelRow): string {
  return entityTag(version, 'full');
}

async function lockForChange(
  trx: ActingContext,
  projectId: number,
  id: number,
): Promise<store.LabelRow> {
  const label = await store.findLabel(trx.db, projectId, id);
  if (label === null) throw new ApiError('not_found');
  await assertUnchanged(trx, label, () => labelTag(label));
  return label;
}

async function claimingName<T>(name: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (toPostgresFailure(error)?.kind !== 'duplicate') throw error;
    throw duplicate([{ loc: ['body', 'name'], input: name }]);
  }
}

function writtenFields({ name, color }: store.LabelRow): Required<ProjectLabelUpdate> {
  return { name, color };
}

/** Returns the fields for the audit log. Administrators need not be members: the name is left out. */
function auditable({ name, color }: store.LabelRow): Record<string, unknown> {
  return { name_sha256: hashOfText(name), color };
}
