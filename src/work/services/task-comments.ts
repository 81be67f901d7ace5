import type { Page } from '#schemas/paging.js';
import { MAX_COMMENT_HTML } from '#schemas/rendered-html.js';
import {
  MAX_COMMENTS_PER_TASK,
  MAX_MENTIONS,
  type TaskComment,
  type TaskCommentListQuery,
  type TaskCommentParams,
} from '#schemas/task-comments.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import { hashOfText, record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { eraseEventsOf } from '#src/events/events.js';
import { contentTag } from '#src/lib/entity-tag.js';
import { withinPageBytes } from '#src/lists/page-bytes.js';
import { readPage } from '#src/lists/paging.js';
import { renderText } from '#src/markdown/rendering.js';
import { showsSomething } from '#src/markdown/sanitize-html.js';
import { mentionedNames } from '#src/work/lib/mentions.js';
import * as store from '#src/work/stores/task-comments.js';
import { taskCommentVector } from '#src/work/stores/task-vectors.js';
import { addWatchers } from '#src/work/stores/task-watchers.js';
import { emitTaskComment } from './events.js';
import { notify } from './notifications.js';
import { assertRole, lockProject, requireWritable } from './project-access.js';
import { findTaskOf, requireTask, type TaskKey } from './task-access.js';

/**
 * Returns a page of the comments on a task.
 *
 * @throws ApiError not_found; InvalidRequest if the cursor is invalid
 */
export async function listTaskComments(
  context: ActingContext,
  key: TaskKey,
  query: TaskCommentListQuery,
): Promise<Page<TaskComment>> {
  await requireTask(context, key);
  const page = await readPage(query, {
    list: (slice) => store.listTaskComments(context.db, key.task_id, slice),
    count: () => store.countTaskComments(context.db, key.task_id),
    sortKey: ({ created_at }) => created_at,
  });
  return withinPageBytes(page, { content: '', content_html: '' });
}

/** @throws ApiError not_found */
export async function readTaskComment(
  context: ActingContext,
  params: TaskCommentParams,
): Promise<store.TaskCommentRow> {
  await requireTask(context, params);
  return requireComment(context, params);
}

/**
 * Creates a comment by the viewer, who watches the task from then on, as do the mentioned members.
 * Those who watch it are notified.
 *
 * @throws InvalidRequest if nothing of the comment is shown; ApiError as `lockProject`; not_found;
 *   too_many_task_comments; errors of `renderText`
 */
export async function createTaskComment(
  context: ActingContext,
  key: TaskKey,
  content: string,
): Promise<store.TaskCommentRow> {
  // Whoever may not write costs no rendering.
  await requireWritable(context, key.id);
  const text = await visibleText(context, key.id, content);
  return inTransaction(context, async (trx) => {
    await lockProject(trx, key.id, 'member');
    await findTaskOf(trx, key);
    if ((await store.countTaskComments(trx.db, key.task_id)) >= MAX_COMMENTS_PER_TASK) {
      throw new ApiError('too_many_task_comments');
    }
    const comment = await store.insertTaskComment(trx.db, {
      ...text,
      mention_ids: await findMentioned(trx, key.id, content),
      task_id: key.task_id,
      author_id: trx.viewer.id,
      created_at: trx.now.toISOString(),
    });
    await addToWatchers(trx, key, [trx.viewer.id, ...comment.mentions]);
    await emitTaskComment(trx, 'task_comment.created', key, { id: comment.id, after: comment });
    const about = { project_id: key.id, task_id: key.task_id, comment_id: comment.id };
    await notify(
      trx,
      { ...about, kind: 'mentioned', user_ids: comment.mentions },
      { ...about, kind: 'commented', watchers: true },
    );
    return comment;
  });
}

/**
 * Changes the viewer's own comment. Members who are mentioned now watch the task from then on,
 * and are notified.
 *
 * @throws InvalidRequest if nothing of the comment is shown; ApiError as `lockProject`; not_found;
 *   forbidden if it belongs to someone else; precondition_failed; errors of `renderText`
 */
export async function changeTaskComment(
  context: ActingContext,
  params: TaskCommentParams,
  content: string,
): Promise<store.TaskCommentRow> {
  await requireWritable(context, params.id);
  assertIsAuthor(context, await requireComment(context, params));
  const text = await visibleText(context, params.id, content);
  return inTransaction(context, async (trx) => {
    await lockProject(trx, params.id, 'member');
    await findTaskOf(trx, params);
    const before = await requireComment(trx, params);
    assertIsAuthor(trx, before);
    await assertUnchanged(trx, before, () => taskCommentTag(before));
    if (content === before.content) return before;
    const { id } = before;
    const after = await store.updateTaskComment(trx.db, id, {
      ...text,
      mention_ids: await findMentioned(trx, params.id, content),
      updated_at: trx.now.toISOString(),
    });
    const added = after.mentions.filter((user) => !before.mentions.includes(user));
    if (added.length > 0) await addToWatchers(trx, params, added);
    const states = { before: auditable(before), after: auditable(after) };
    await record(trx, { action: 'task_comment.change', id, ...states });
    await emitTaskComment(trx, 'task_comment.changed', params, { id, before, after });
    const about = { project_id: params.id, task_id: params.task_id, comment_id: id };
    await notify(trx, { ...about, kind: 'mentioned', user_ids: added });
    return after;
  });
}

/**
 * Deletes a comment permanently, also from the events about it: authors their own, owners any.
 *
 * @throws ApiError as `lockProject`; not_found; precondition_failed
 */
export function deleteTaskComment(
  context: ActingContext,
  params: TaskCommentParams,
): Promise<void> {
  return inTransaction(context, async (trx) => {
    const project = await lockProject(trx, params.id, 'member');
    await findTaskOf(trx, params);
    const before = await requireComment(trx, params);
    if (before.author?.id !== trx.viewer.id) assertRole(project, 'owner');
    await assertUnchanged(trx, before, () => taskCommentTag(before));
    const { id } = before;
    await store.deleteTaskComment(trx.db, id);
    await eraseEventsOf(trx.db, {
      projectId: params.id,
      resource: 'task_comment',
      resourceId: id,
    });
    await record(trx, { action: 'task_comment.delete', id, before: auditable(before) });
    await emitTaskComment(trx, 'task_comment.deleted', params, { id });
  });
}

/** Returns the entity tag of a comment, which also changes with the author's name. */
export function taskCommentTag(comment: store.TaskCommentRow): string {
  return contentTag(comment.version, comment);
}

async function requireComment(
  { db }: ActingContext,
  { task_id, comment_id }: TaskCommentParams,
): Promise<store.TaskCommentRow> {
  const comment = await store.findTaskComment(db, task_id, comment_id);
  if (comment === null) throw new ApiError('not_found');
  return comment;
}

function assertIsAuthor({ viewer }: ActingContext, { author }: store.TaskCommentRow): void {
  if (author?.id !== viewer.id) throw new ApiError('forbidden');
}

/** What is stored of a comment besides its source. */
type RenderedTaskComment = Pick<store.TaskCommentValues, 'content_html' | 'search_vector'>;

/** Returns a comment as safe HTML, and its words. @throws errors of `renderText` */
export async function renderedTaskComment(
  context: Pick<Context, 'viewer' | 'address'>,
  projectId: number,
  text: string,
): Promise<RenderedTaskComment> {
  const { html, words } = await renderText(context, {
    field: 'content',
    text,
    most: MAX_COMMENT_HTML,
  });
  return { content_html: html, search_vector: taskCommentVector(words, projectId) };
}

/** @throws InvalidRequest if nothing of the comment is shown; the errors of `renderText` */
async function visibleText(
  context: ActingContext,
  projectId: number,
  content: string,
): Promise<RenderedTaskComment & { content: string }> {
  const rendered = await renderedTaskComment(context, projectId, content);
  if (showsSomething(rendered.content_html)) return { content, ...rendered };
  throw new InvalidRequest([valueError('invisible_comment', ['body', 'content'], content)]);
}

function findMentioned(trx: ActingContext, projectId: number, content: string): Promise<number[]> {
  return store.findMembersNamed(trx.db, projectId, mentionedNames(content), MAX_MENTIONS);
}

function addToWatchers(
  trx: ActingContext,
  { id, task_id }: TaskKey,
  userIds: readonly number[],
): Promise<void> {
  const task = { projectId: id, taskId: task_id };
  return addWatchers(trx.db, task, userIds, trx.now.toISOString());
}

/** Returns the fields for the audit log. Administrators need not be members: texts are left out. */
function auditable({ content, mentions }: store.TaskCommentRow) {
  return { content_sha256: hashOfText(content), mentions };
}
