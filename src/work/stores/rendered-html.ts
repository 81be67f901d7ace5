import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Source } from '#src/markdown/re-renderer.js';
import type { ProjectTaskValues } from './project-task-changes.js';
import type { TaskCommentValues } from './task-comments.js';
import { taskVector } from './task-vectors.js';

/** Counts all tasks, including the trash. */
export async function countTaskSources(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('tasks')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Returns the descriptions of tasks with an id greater than `after`, ordered by id, including the
 * trash. That of a personal task is empty.
 */
export function listTaskSources(db: Database, after: number, limit: number): Promise<Source[]> {
  return db
    .selectFrom('tasks')
    .select(['id', 'description as content'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/**
 * Locks a task until the transaction ends, and returns its summary; null if its description has
 * changed or it is gone.
 */
export async function lockSummaryOf(
  trx: Database,
  { id, content }: Source,
): Promise<string | null> {
  const task = await trx
    .selectFrom('tasks')
    .select('summary')
    .where('id', '=', id)
    .where('description', '=', content)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return task?.summary ?? null;
}

/**
 * Stores HTML and words of a locked task, unless they are the same.
 *
 * @returns whether the row was updated
 */
export async function replaceTaskRendering(
  trx: Database,
  id: number,
  summary: string,
  { description_html, described }: Pick<ProjectTaskValues, 'description_html' | 'described'>,
): Promise<boolean> {
  const search_vector = taskVector(summary, described);
  const { numUpdatedRows } = await trx
    .updateTable('tasks')
    .set({ description_html, search_vector, description_vector: null })
    .where('id', '=', id)
    .where(
      sql<boolean>`(description_html, search_vector) is distinct from (${description_html}, ${search_vector})`,
    )
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

/** Returns the project of the task that a comment is on; null if the comment is gone. */
export async function findProjectOfComment(db: Database, id: number): Promise<number | null> {
  const row = await db
    .selectFrom('task_comments')
    .innerJoin('tasks', 'tasks.id', 'task_comments.task_id')
    .select('project_id')
    .where('task_comments.id', '=', id)
    .executeTakeFirst();
  return row?.project_id ?? null;
}

/**
 * Stores HTML and words of a comment on a task, unless the comment has changed or they are the same.
 *
 * @returns whether the row was updated
 */
export async function replaceTaskCommentRendering(
  db: Database,
  { id, content }: Source,
  { content_html, search_vector }: Pick<TaskCommentValues, 'content_html' | 'search_vector'>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('task_comments')
    .set({ content_html, search_vector })
    .where('id', '=', id)
    .where('content', '=', content)
    .where(
      sql<boolean>`(content_html, search_vector) is distinct from (${content_html}, ${search_vector})`,
    )
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
