import { type RawBuilder, sql } from 'kysely';
import type { Database } from '#src/db/database.js';

export const KINDS = ['tag', 'post', 'comment'] as const;
export type Kind = (typeof KINDS)[number];

/** Where the re-rendering of stored texts goes on: after this text of this kind. */
export interface Progress {
  kind: Kind;
  after_id: number;
}

/** A tag, whose name is indexed with its posts. */
export interface TagName {
  id: number;
  name: string;
}

/**
 * Begins to re-render with this version of the renderer, unless it or a later one has begun.
 *
 * @returns where to go on, or null if nothing is left to do for this version
 */
export async function beginReRendering(db: Database, version: number): Promise<Progress | null> {
  await db
    .updateTable('rerendering')
    .set({ version, kind: KINDS[0], after_id: 0 })
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

/** Returns tags with an id greater than `after`, ordered by id. */
export function listTagNames(db: Database, after: number, limit: number): Promise<TagName[]> {
  return db
    .selectFrom('tags')
    .select(['id', 'name'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Stores the words of a tag, unless its name has changed. Returns whether they were others. */
export async function replaceSearchWords(
  db: Database,
  { id, name }: TagName,
  words: string,
): Promise<boolean> {
  const isOther: RawBuilder<boolean> = sql`search_words is distinct from ${words}`;
  const { numUpdatedRows } = await db
    .updateTable('tags')
    .set({ search_words: words })
    .where('id', '=', id)
    .where('name', '=', name)
    .where(isOther)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
