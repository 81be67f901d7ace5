import { type CommentCreate, EDIT_WINDOW_MINUTES } from '#schemas/comments.js';
import { MAX_COMMENT_HTML } from '#schemas/rendered-html.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import * as store from '#src/articles/stores/comment-changes.js';
import { type FullComment, findComment } from '#src/articles/stores/comments.js';
import { hashOfText, record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import {
  type Client,
  isRenderedAtOnce,
  NotRenderedError,
  renderText,
} from '#src/markdown/rendering.js';
import { showsSomething } from '#src/markdown/sanitize-html.js';
import { textVector } from '#src/search/search-sql.js';
import { commentTag } from './comments.js';
import { emitChangedComment, emitCommentHeads, emitComments } from './events.js';
import { assertMayEdit, isEditor, readerOf } from './policy.js';
import { assertQuota } from './quotas.js';

const MINUTE_MS = 60_000;

/**
 * Creates a comment by the viewer. Comments by editors are approved immediately, all others are
 * pending.
 *
 * @throws ApiError not_found if the post is not visible to the viewer; too_many_comments; InvalidRequest if the parent
 *   comment is not visible or belongs to another post, or if nothing of the comment is shown; the
 *   errors of `renderText`
 */
export async function createComment(
  context: ActingContext,
  post: number,
  { content, parent_id }: CommentCreate,
): Promise<FullComment> {
  // Nothing expensive is rendered in vain. Outside of a transaction, a lock ends with its statement.
  if (!isRenderedAtOnce(content)) await holdPlace(context, post, parent_id);
  const text = await visibleComment(context, content);
  return inTransaction(context, async (trx) => {
    await assertQuota(trx, 'comments');
    const place = await holdPlace(trx, post, parent_id);
    const id = await store.insertComment(trx.db, {
      ...place,
      ...text,
      post_id: post,
      parent_id,
      author_id: context.viewer.id,
      is_approved: isEditor(context.viewer),
      created_at: context.now.toISOString(),
      updated_at: context.now.toISOString(),
    });
    const created = await readBack(trx, id);
    await emitComments(trx, 'comment.created', [created]);
    return created;
  });
}

/**
 * Edits the viewer's own comment. Unless the viewer is an editor, it becomes pending, even if it
 * was approved or rejected before.
 *
 * @throws ApiError not_found; forbidden if it belongs to someone else; edit_window_over;
 *   precondition_failed; InvalidRequest if nothing of the comment is shown; the errors of
 *   `renderText`
 */
export async function editComment(
  context: ActingContext,
  id: number,
  content: string,
): Promise<FullComment> {
  const assertMay = (comment: store.LockedComment) => {
    if (comment.author_id !== context.viewer.id) throw new ApiError('forbidden');
    assertStillEditable(context, comment);
  };
  // Outside of a transaction, the lock ends with its statement.
  const known = await lockForChange(context, id, assertMay);
  const text = content === known.content ? null : await visibleComment(context, content);
  const work = async (trx: ActingContext) => {
    const before = await lockForChange(trx, id, assertMay);
    if (content === before.content) return readBack(trx, id);
    if (text === null) throw new NotRenderedError(content);
    const verdict = isEditor(context.viewer) ? {} : PENDING;
    const updated_at = context.now.toISOString();
    await store.updateComments(trx.db, [id], { ...text, ...verdict, updated_at });
    const after = await readBack(trx, id);
    const states = { before: auditable(before), after: auditable(after) };
    await record(trx, { action: 'comment.change', id, ...states });
    await emitChangedComment(trx, before, after);
    return after;
  };
  try {
    return await inTransaction(context, work);
  } catch (error) {
    if (!(error instanceof NotRenderedError)) throw error;
    // Another edit has replaced the same content meanwhile. The transaction has ended, so nobody
    // waits for its connection while the content is rendered.
    return editComment(context, id, content);
  }
}

/**
 * Moves a comment to the trash: authors their own, editors any.
 *
 * @throws ApiError not_found; forbidden; precondition_failed
 */
export function deleteComment(context: ActingContext, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    const before = await lockForChange(trx, id, (comment) =>
      assertMayEdit(context.viewer, comment),
    );
    await store.updateComments(trx.db, [id], trashValues(context));
    await record(trx, { action: 'comment.delete', id, before: auditable(before) });
    await emitCommentHeads(trx, 'comment.deleted', [{ ...before, version: null }]);
  });
}

/** Values of a pending comment. */
const PENDING = { is_approved: false, rejected_at: null };

/** Returns the values that move a comment to the trash. */
export function trashValues({ now, viewer }: ActingContext): store.CommentValues {
  return { deleted_at: now.toISOString(), deleted_by: viewer.id };
}

/**
 * Returns the comment, locked, after checking permission and `If-Match`.
 *
 * @param assertMay throws if the viewer may not change the comment
 */
export async function lockForChange(
  trx: ActingContext,
  id: number,
  assertMay: (comment: store.LockedComment) => void = () => undefined,
): Promise<store.LockedComment> {
  const comment = await store.lockComment(trx.db, id, readerOf(trx.viewer));
  if (comment === null) throw new ApiError('not_found');
  assertMay(comment);
  await assertUnchanged(trx, comment, async () => commentTag(await readBack(trx, id)));
  return comment;
}

/**
 * Returns the place of a new comment, and keeps the post and the parent from being deleted until
 * the transaction ends.
 */
async function holdPlace({ db, viewer }: ActingContext, post: number, parent_id: number | null) {
  const reader = readerOf(viewer);
  if (!(await store.holdPost(db, post, reader))) throw new ApiError('not_found');
  if (parent_id === null) return {};
  const place = await store.holdParent(db, parent_id, post, reader);
  if (place !== null) return place;
  throw new InvalidRequest([valueError('unanswerable_comment', ['body', 'parent_id'], parent_id)]);
}

/** Returns the comment in its new state, within the transaction that changed it. */
export async function readBack(trx: Context, id: number): Promise<FullComment> {
  const comment = await findComment(trx.db, id, { kind: 'editor' });
  if (comment === null) throw new ApiError('not_found');
  return comment;
}

function assertStillEditable({ now }: Context, { created_at }: store.LockedComment): void {
  if (now.getTime() - Date.parse(created_at) <= EDIT_WINDOW_MINUTES * MINUTE_MS) return;
  throw new ApiError('edit_window_over', { parameters: { minutes: String(EDIT_WINDOW_MINUTES) } });
}

/**
 * Returns the content, rendered HTML and search vector by column.
 *
 * @throws the errors of `renderText`
 */
export async function renderedComment(client: Client, content: string) {
  const source = { field: 'content', text: content, most: MAX_COMMENT_HTML };
  const { html, words } = await renderText(client, source);
  return { content, content_html: html, search: textVector(words) };
}

/** @throws InvalidRequest if nothing of the comment is shown; the errors of `renderText` */
async function visibleComment(client: Client, content: string) {
  const rendered = await renderedComment(client, content);
  if (showsSomething(rendered.content_html)) return rendered;
  throw new InvalidRequest([valueError('invisible_comment', ['body', 'content'], content)]);
}

/** Returns the fields of a comment for the audit log, with a hash instead of the content. */
function auditable({ content, is_approved }: Pick<store.LockedComment, 'content' | 'is_approved'>) {
  return { content_sha256: hashOfText(content), is_approved };
}
