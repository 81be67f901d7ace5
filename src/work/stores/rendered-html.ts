import type { Database } from '#src/db/database.js';
import type { Source } from '#src/markdown/re-renderer.js';

/** Counts the tasks that have a description, including the trash. */
export async function countTaskSources(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('tasks')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('description', '<>', '')
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Returns the descriptions of tasks with an id greater than `after`, ordered by id, including the
 * trash.
 */
export function listTaskSources(db: Database, after: number, limit: number): Promise<Source[]> {
  return db
    .selectFrom('tasks')
    .select(['id', 'description as content'])
    .where('description', '<>', '')
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/**
 * Stores the HTML of a description, unless the description has changed or the HTML is the same.
 *
 * @returns whether the row was updated
 */
export async function replaceDescriptionHtml(
  db: Database,
  { id, content }: Source,
  description_html: string,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('tasks')
    .set({ description_html })
    .where('id', '=', id)
    .where('description', '=', content)
    .where('description_html', '<>', description_html)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Counts the comments on tasks. */
export async function countTaskCommentSources(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('task_comments')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Returns the comments on tasks with an id greater than `after`, ordered by id, including those on
 * tasks in the trash.
 */
export function listTaskCommentSources(
  db: Database,
  after: number,
  limit: number,
): Promise<Source[]> {
  return db
    .selectFrom('task_comments')
    .select(['id', 'content'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/**
 * Stores the HTML of a comment on a task, unless the comment has changed or the HTML is the same.
 *
 * @returns whether the row was updated
 */
export async function replaceTaskCommentHtml(
  db: Database,
  { id, content }: Source,
  content_html: string,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('task_comments')
    .set({ content_html })
    .where('id', '=', id)
    .where('content', '=', content)
    .where('content_html', '<>', content_html)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
