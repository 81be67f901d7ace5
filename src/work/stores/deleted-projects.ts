import { sql } from 'kysely';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';
import type { DeletedRow } from '#src/trash/trash-bin.js';

/** Returns a slice of the projects in the trash that the user owns. */
export function listDeletedProjects(
  db: Database,
  ownerId: number,
  slice: Slice<'deleted_at'>,
): Promise<DeletedRow[]> {
  const found = selectDeleted(db, ownerId)
    .select(['projects.id', 'name as title'])
    // Typed without null, because every row in the trash has the column.
    .select(sql<string>`projects.deleted_at`.as('deleted_at'))
    .select([
      authorIn('project_members.user_id').as('author'),
      authorIn('projects.deleted_by').as('deleted_by'),
    ]);
  return cut(found, slice, sql.ref('projects.deleted_at')).execute();
}

/** Counts them, like `countRows`. */
export function countDeletedProjects(db: Database, ownerId: number): Promise<number> {
  return countRows(db, selectDeleted(db, ownerId).select('projects.id'));
}

/**
 * Locks a project in the trash until the transaction ends. Returns false if there is none.
 *
 * @param ownerId null for a project of anyone
 */
export async function lockDeletedProject(
  trx: Database,
  ownerId: number | null,
  id: number,
): Promise<boolean> {
  const row = await trx
    .selectFrom('projects')
    .select('id')
    .where('id', '=', id)
    .where('deleted_at', 'is not', null)
    .$if(ownerId !== null, (query) =>
      query.where(({ exists, selectFrom }) =>
        exists(
          selectFrom('project_members')
            .select('user_id')
            .whereRef('project_id', '=', 'projects.id')
            .where('user_id', '=', ownerId)
            .where('role', '=', 'owner'),
        ),
      ),
    )
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Takes a project out of the trash. Returns its version. */
export async function restoreProject(trx: Database, id: number, now: Date): Promise<number> {
  const { version } = await trx
    .updateTable('projects')
    .set({ deleted_at: null, deleted_by: null, updated_at: now.toISOString() })
    .where('id', '=', id)
    .returning('version')
    .executeTakeFirstOrThrow();
  return version;
}

/** Deletes a project with all that belongs to it. */
export async function purgeProject(trx: Database, id: number): Promise<void> {
  await trx.deleteFrom('projects').where('id', '=', id).execute();
}

/** Returns the ids of projects that were deleted before `before`, oldest first. */
export async function findExpiredProjects(
  db: Database,
  before: Date,
  limit: number,
): Promise<number[]> {
  const expired = await db
    .selectFrom('projects')
    .select('id')
    .where('deleted_at', '<', before.toISOString())
    .orderBy('deleted_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return expired.map(({ id }) => id);
}

function selectDeleted(db: Database, ownerId: number) {
  return db
    .selectFrom('projects')
    .innerJoin('project_members', 'project_members.project_id', 'projects.id')
    .where('project_members.user_id', '=', ownerId)
    .where('project_members.role', '=', 'owner')
    .where('deleted_at', 'is not', null);
}
