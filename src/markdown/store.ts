import type { Database } from '#src/db/database.js';
import { INDEXED_KINDS, type IndexedKind } from './re-renderer.js';

/** Where the re-rendering of stored texts goes on: after this text of this kind. */
export interface Progress {
  kind: IndexedKind;
  after_id: number;
}

/**
 * Begins to re-render with this version of the renderer, unless it or a later one has begun.
 *
 * @returns where to go on, or null if nothing is left to do for this version
 */
export async function beginReRendering(db: Database, version: number): Promise<Progress | null> {
  await db
    .updateTable('rerendering')
    .set({ version, kind: INDEXED_KINDS[0], after_id: 0 })
    .where('version', '<', version)
    .execute();
  const row = await db
    .selectFrom('rerendering')
    .select(['kind', 'after_id'])
    .where('version', '=', version)
    .executeTakeFirst();
  return row === undefined || row.kind === null ? null : { kind: row.kind, after_id: row.after_id };
}

/** Stores how far the re-rendering with this version is; null when it is done. */
export async function saveProgress(
  db: Database,
  version: number,
  progress: Progress | null,
): Promise<void> {
  await db
    .updateTable('rerendering')
    .set(progress ?? { kind: null, after_id: 0 })
    .where('version', '=', version)
    .execute();
}
