import type { AuditAction } from '#schemas/audit.js';
import type { CommentModeration, CommentsModerated, Moderation } from '#schemas/comments.js';
import type { Precondition } from '#src/access/preconditions.js';
import type { Origin, Viewer } from '#src/access/viewer.js';
import * as store from '#src/articles/stores/comment-changes.js';
import type { FullComment } from '#src/articles/stores/comments.js';
import { record } from '#src/audit/audit.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import { lockForChange, readBack, trashed } from './comment-changes.js';
import { readerOf } from './policy.js';

interface Decision {
  action: AuditAction;
  isDone(comment: store.LockedComment): boolean;
  values(origin: Origin, viewer: Viewer): store.CommentValues;
}

const DECISIONS: Record<Moderation, Decision> = {
  approve: {
    action: 'comment.approve',
    isDone: ({ is_approved }) => is_approved,
    values: () => ({ is_approved: true, rejected_at: null }),
  },
  reject: {
    action: 'comment.reject',
    isDone: ({ rejected_at }) => rejected_at !== null,
    values: ({ now }) => ({ is_approved: false, rejected_at: now.toISOString() }),
  },
  delete: { action: 'comment.delete', isDone: () => false, values: trashed },
};

/**
 * Shows a comment to everyone, or to its author and to editors alone. One of which this was decided
 * already stays as it is.
 *
 * @throws ApiError not_found; precondition_failed
 */
export function decide(
  db: Database,
  origin: Origin,
  viewer: Viewer,
  id: number,
  verdict: Exclude<Moderation, 'delete'>,
  precondition: Precondition,
): Promise<FullComment> {
  return inTransaction(db, async (trx) => {
    const comment = await lockForChange(trx, viewer, id, precondition);
    await apply(trx, origin, viewer, verdict, [comment]);
    return readBack(trx, id);
  });
}

/** Does the same with many comments, as far as they are there and it is not done already. */
export function moderateComments(
  db: Database,
  origin: Origin,
  viewer: Viewer,
  { ids, action }: CommentModeration,
): Promise<CommentsModerated> {
  return inTransaction(db, async (trx) => {
    const comments = await store.lockComments(trx, ids, readerOf(viewer));
    const changed = new Set(await apply(trx, origin, viewer, action, comments));
    const found = new Set(comments.map(({ id }) => id));
    return {
      changed: ids.filter((id) => changed.has(id)),
      unchanged: ids.filter((id) => found.has(id) && !changed.has(id)),
      missing: ids.filter((id) => !found.has(id)),
    };
  });
}

/** @returns the ids of the comments with which it was not done yet */
async function apply(
  trx: Database,
  origin: Origin,
  viewer: Viewer,
  moderation: Moderation,
  comments: store.LockedComment[],
): Promise<number[]> {
  const { action, isDone, values } = DECISIONS[moderation];
  const ids = comments.filter((comment) => !isDone(comment)).map(({ id }) => id);
  if (ids.length === 0) return ids;
  await store.updateComments(trx, ids, values(origin, viewer));
  await record(trx, origin, ...ids.map((id) => ({ action, id })));
  return ids;
}
