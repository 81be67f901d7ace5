import { type RawBuilder, sql } from 'kysely';
import type { LabelSort, ProjectLabel } from '#schemas/project-labels.js';
import type { Database } from '#src/db/database.js';
import { withFolded } from '#src/db/folded-columns.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';

export interface LabelRow extends ProjectLabel {
  version: number;
}

/** A label in a list, with its sort key. */
export type ListedLabel = LabelRow & { sort_key: string };

const COLUMNS = ['id', 'name', 'color', 'version', 'created_at', 'updated_at'] as const;

const SORT_COLUMNS: Record<LabelSort, RawBuilder<string>> = {
  name: sql`project_labels.name_folded`,
  created_at: sql`project_labels.created_at`,
};

/** Whether the key is valid for this sort order, to check cursors. */
export function isLabelSortKey(key: string | number, sort: LabelSort): boolean {
  return typeof key === 'string' && (sort === 'name' || isTimestamp(key));
}

/** Returns a slice of the labels of a project. */
export function listLabels(
  db: Database,
  projectId: number,
  slice: Slice<LabelSort>,
): Promise<ListedLabel[]> {
  const column = SORT_COLUMNS[slice.sort];
  const found = selectLabels(db, projectId).select(column.as('sort_key'));
  return cut(found, slice, column).execute();
}

/** Counts the labels of a project, like `countRows`. */
export function countLabels(db: Database, projectId: number): Promise<number> {
  return countRows(db, selectLabels(db, projectId));
}

/** Returns a label of a project, or null. */
export async function findLabel(
  db: Database,
  projectId: number,
  id: number,
): Promise<LabelRow | null> {
  return (await selectLabels(db, projectId).where('id', '=', id).executeTakeFirst()) ?? null;
}

/** @throws DatabaseError if the project has a label of this name */
export function insertLabel(
  trx: Database,
  values: { project_id: number; name: string; color: string; created_at: string },
): Promise<LabelRow> {
  return trx
    .insertInto('project_labels')
    .values(withFolded({ ...values, updated_at: values.created_at }))
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
}

/** @throws DatabaseError if the project has another label of this name */
export function updateLabel(
  trx: Database,
  id: number,
  values: { name?: string; color?: string; updated_at: string },
): Promise<LabelRow> {
  return trx
    .updateTable('project_labels')
    .set(withFolded(values))
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
}

/** Deletes a label, and takes it off all tasks of its project. */
export async function deleteLabel(
  trx: Database,
  projectId: number,
  id: number,
  now: Date,
): Promise<void> {
  await trx.deleteFrom('project_labels').where('id', '=', id).execute();
  await sql`
    update tasks set label_ids = array_remove(label_ids, ${id}), updated_at = ${now.toISOString()}
    where project_id = ${projectId} and label_ids @> array[${id}::integer]`.execute(trx);
}

/** Returns which of these labels are the project's. */
export async function findLabelsAmong(
  db: Database,
  projectId: number,
  ids: readonly number[],
): Promise<Set<number>> {
  const rows = await db
    .selectFrom('project_labels')
    .select('id')
    .where('project_id', '=', projectId)
    .where('id', 'in', [...ids])
    .execute();
  return new Set(rows.map(({ id }) => id));
}

function selectLabels(db: Database, projectId: number) {
  return db.selectFrom('project_labels').select(COLUMNS).where('project_id', '=', projectId);
}
