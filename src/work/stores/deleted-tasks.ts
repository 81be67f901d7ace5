import { sql } from 'kysely';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';
import type { DeletedRow } from '#src/trash/trash-bin.js';

/** What a task in the trash belongs to: a user or a project. */
export type TaskOwner =
  | { owner_id: number; project_id: null }
  | { owner_id: null; project_id: number };

/**
 * Returns a slice of the deleted tasks that the user may restore: personal ones, and those of projects
 * in which the user may write.
 */
export function listDeletedTasks(
  db: Database,
  userId: number,
  slice: Slice<'deleted_at'>,
): Promise<DeletedRow[]> {
  const found = selectDeleted(db, userId)
    .select(['id', 'summary as title'])
    // Typed without null, because every row in the trash has the column.
    .select(sql<string>`tasks.deleted_at`.as('deleted_at'))
    .select([
      sql<DeletedRow['author']>`coalesce(
        ${authorIn('tasks.owner_id')}, ${authorIn('tasks.creator_id')})`.as('author'),
      authorIn('tasks.deleted_by').as('deleted_by'),
    ]);
  return cut(found, slice, sql.ref('tasks.deleted_at')).execute();
}

/** Counts them, like `countRows`. */
export function countDeletedTasks(db: Database, userId: number): Promise<number> {
  return countRows(db, selectDeleted(db, userId).select('id'));
}

/**
 * Locks a task in the trash until the transaction ends, after its project. Returns false if there is
 * none that the user may restore.
 *
 * @param userId null for a task of anyone
 */
export async function lockDeletedTask(
  trx: Database,
  userId: number | null,
  id: number,
): Promise<boolean> {
  await sql`
    select from projects where id = (
      select project_id from tasks
      where id = ${id} and deleted_at is not null and (${userId === null} or ${isWritableBy(userId)}))
    for no key update`.execute(trx);
  const row = await trx
    .selectFrom('tasks')
    .select('id')
    .where('id', '=', id)
    .where('deleted_at', 'is not', null)
    .$if(userId !== null, (query) => query.where(isWritableBy(userId)))
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Takes a task out of the trash. Returns what it belongs to. */
export function restoreTask(trx: Database, id: number): Promise<TaskOwner> {
  return trx
    .updateTable('tasks')
    .set({ deleted_at: null, deleted_by: null })
    .where('id', '=', id)
    .returning(['owner_id', 'project_id'])
    .$castTo<TaskOwner>()
    .executeTakeFirstOrThrow();
}

/** Deletes a task permanently. Returns what it belonged to. */
export function purgeTask(trx: Database, id: number): Promise<TaskOwner> {
  return trx
    .deleteFrom('tasks')
    .where('id', '=', id)
    .returning(['owner_id', 'project_id'])
    .$castTo<TaskOwner>()
    .executeTakeFirstOrThrow();
}

/** Returns the ids of tasks deleted before `before`, oldest first. */
export async function findExpiredTasks(
  db: Database,
  before: Date,
  limit: number,
): Promise<number[]> {
  const rows = await db
    .selectFrom('tasks')
    .select('id')
    .where('deleted_at', '<', before.toISOString())
    .orderBy('deleted_at')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

function selectDeleted(db: Database, userId: number) {
  return db.selectFrom('tasks').where('deleted_at', 'is not', null).where(isWritableBy(userId));
}

function isWritableBy(userId: number | null) {
  return sql<boolean>`(tasks.owner_id = ${userId} or tasks.project_id = any(array(
    select project_id from project_members join projects on projects.id = project_id
    where user_id = ${userId} and role in ('member', 'owner')
      and projects.deleted_at is null and archived_at is null)))`;
}
