import { type RawBuilder, sql } from 'kysely';
import type { TaskComment, TaskCommentSort } from '#schemas/task-comments.js';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';

export interface TaskCommentRow extends TaskComment {
  version: number;
}

/** The values of a comment that are written. */
export interface TaskCommentValues {
  content: string;
  content_html: string;
  search_vector: RawBuilder<string>;
  mention_ids: number[];
  updated_at: string;
}

const COLUMNS = [
  'id',
  'content',
  'content_html',
  'mention_ids as mentions',
  'version',
  'created_at',
  'updated_at',
] as const;

/** Returns a slice of the comments on a task. */
export function listTaskComments(
  db: Database,
  taskId: number,
  slice: Slice<TaskCommentSort>,
): Promise<TaskCommentRow[]> {
  return cut(selectComments(db, taskId), slice).execute();
}

/** Counts the comments on a task, like `countRows`. */
export function countTaskComments(db: Database, taskId: number): Promise<number> {
  return countRows(db, db.selectFrom('task_comments').select('id').where('task_id', '=', taskId));
}

/** Returns a comment on a task, or null. */
export async function findTaskComment(
  db: Database,
  taskId: number,
  id: number,
): Promise<TaskCommentRow | null> {
  return (await selectComments(db, taskId).where('id', '=', id).executeTakeFirst()) ?? null;
}

/** Inserts a comment. Its project must be locked. */
export function insertTaskComment(
  trx: Database,
  values: Omit<TaskCommentValues, 'updated_at'> & {
    task_id: number;
    author_id: number;
    created_at: string;
  },
): Promise<TaskCommentRow> {
  return trx
    .insertInto('task_comments')
    .values({ ...values, updated_at: values.created_at })
    .returning(COLUMNS)
    .returning(authorIn('task_comments.author_id').as('author'))
    .executeTakeFirstOrThrow();
}

/** Changes a comment. Its project must be locked. */
export function updateTaskComment(
  trx: Database,
  id: number,
  values: TaskCommentValues,
): Promise<TaskCommentRow> {
  return trx
    .updateTable('task_comments')
    .set(values)
    .where('id', '=', id)
    .returning(COLUMNS)
    .returning(authorIn('task_comments.author_id').as('author'))
    .executeTakeFirstOrThrow();
}

export async function deleteTaskComment(trx: Database, id: number): Promise<void> {
  await trx.deleteFrom('task_comments').where('id', '=', id).execute();
}

/** Returns the ids of the members of a project who have these folded names, in the order of names. */
export async function findMembersNamed(
  db: Database,
  projectId: number,
  names: readonly string[],
  most: number,
): Promise<number[]> {
  if (names.length === 0) return [];
  const { rows } = await sql<{ id: number }>`
    select users.id from project_members join users on users.id = project_members.user_id
    where project_id = ${projectId} and username_folded = any(${names}::text[])
    order by array_position(${names}::text[], username_folded) limit ${most}`.execute(db);
  return rows.map(({ id }) => id);
}

function selectComments(db: Database, taskId: number) {
  return db
    .selectFrom('task_comments')
    .select(COLUMNS)
    .select(authorIn('task_comments.author_id').as('author'))
    .where('task_id', '=', taskId);
}
