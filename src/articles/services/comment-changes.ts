import { type CommentCreate, EDIT_WINDOW_MINUTES } from '#schemas/comments.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import * as store from '#src/articles/stores/comment-changes.js';
import { type FullComment, findComment } from '#src/articles/stores/comments.js';
import { commentVector } from '#src/articles/stores/search-vectors.js';
import { hashOfText, record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { commentTag } from './comments.js';
import { assertMayEdit, isEditor, readerOf } from './policy.js';
import { render } from './rendering.js';

const MINUTE_MS = 60_000;

/**
 * Writes a comment of the viewer. That of an editor is approved at once, every other waits.
 *
 * @throws ApiError not_found if there is no post that the viewer may see; InvalidRequest if there is
 *   no comment on it to reply to
 */
export async function createComment(
  context: ActingContext,
  post: number,
  { content, parent_id }: CommentCreate,
): Promise<FullComment> {
  const reader = readerOf(context.viewer);
  const text = await writtenComment(content);
  return inTransaction(context, async (trx) => {
    if (!(await store.holdPost(trx.db, post, reader))) throw new ApiError('not_found');
    const place = parent_id === null ? {} : await store.holdParent(trx.db, parent_id, post, reader);
    if (place === null) {
      const loc = ['body', 'parent_id'];
      throw new InvalidRequest([valueError('unanswerable_comment', loc, parent_id)]);
    }
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
    return readBack(trx, id);
  });
}

/**
 * Gives the viewer's own comment another text. Unless the viewer is an editor, it then waits to be
 * approved, again too.
 *
 * @throws ApiError not_found; forbidden if it is somebody else's; edit_window_over;
 *   precondition_failed
 */
export async function editComment(
  context: ActingContext,
  id: number,
  content: string,
): Promise<FullComment> {
  const text = await writtenComment(content);
  return inTransaction(context, async (trx) => {
    const before = await lockForChange(trx, id, (comment) => {
      if (comment.author_id !== context.viewer.id) throw new ApiError('forbidden');
      assertStillEditable(context, comment);
    });
    if (content === before.content) return readBack(trx, id);
    const verdict = isEditor(context.viewer) ? {} : WAITING;
    const updated_at = context.now.toISOString();
    await store.updateComments(trx.db, [id], { ...text, ...verdict, updated_at });
    const after = await readBack(trx, id);
    const states = { before: auditable(before), after: auditable(after) };
    await record(trx, { action: 'comment.change', id, ...states });
    return after;
  });
}

/**
 * Puts the comment into the trash: authors their own, editors all.
 *
 * @throws ApiError not_found; forbidden; precondition_failed
 */
export function deleteComment(context: ActingContext, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    const before = await lockForChange(trx, id, (comment) =>
      assertMayEdit(context.viewer, comment),
    );
    await store.updateComments(trx.db, [id], trashed(context));
    await record(trx, { action: 'comment.delete', id, before: auditable(before) });
  });
}

/** What makes a comment wait for a decision. */
const WAITING = { is_approved: false, rejected_at: null };

/** What makes a comment one that is in the trash. */
export function trashed({ now, viewer }: ActingContext): store.CommentValues {
  return { deleted_at: now.toISOString(), deleted_by: viewer.id };
}

/**
 * Locks the comment, and makes sure that the viewer may do this and has seen it as it is.
 *
 * @param assertMay throws if the viewer may not
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

/** The comment as it has become, in the transaction that made it so. */
export async function readBack(trx: Context, id: number): Promise<FullComment> {
  const comment = await findComment(trx.db, id, { kind: 'editor' });
  if (comment === null) throw new ApiError('not_found');
  return comment;
}

function assertStillEditable({ now }: Context, { created_at }: store.LockedComment): void {
  if (now.getTime() - Date.parse(created_at) <= EDIT_WINDOW_MINUTES * MINUTE_MS) return;
  throw new ApiError('edit_window_over', { parameters: { minutes: String(EDIT_WINDOW_MINUTES) } });
}

/** A text, with what is made of it, by the columns that keep it. @throws ApiError too_busy */
export async function writtenComment(content: string) {
  const { html, text } = await render(content);
  return { content, content_html: html, search: commentVector(text) };
}

/** What the audit log keeps of a comment: of its text only by what it can be recognised. */
function auditable({ content, is_approved }: Pick<store.LockedComment, 'content' | 'is_approved'>) {
  return { content_sha256: hashOfText(content), is_approved };
}
