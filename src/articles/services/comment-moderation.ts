import type { AuditAction } from '#schemas/audit.js';
import type {
  CommentModeration,
  CommentsModerated,
  ModeratedComment,
  Moderation,
} from '#schemas/comments.js';
import type { EventType } from '#schemas/events.js';
import type { ActingContext } from '#src/access/context.js';
import * as store from '#src/articles/stores/comment-changes.js';
import { type FullComment, findComments } from '#src/articles/stores/comments.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, valueError } from '#src/errors.js';
import { lockForChange, readBack, trashValues } from './comment-changes.js';
import { commentTag } from './comments.js';
import { emitCommentHeads, emitComments } from './events.js';
import { readerOf } from './policy.js';

const EVENTS = {
  approve: 'comment.approved',
  reject: 'comment.rejected',
  delete: 'comment.deleted',
} as const satisfies Record<Moderation, EventType>;

interface Decision {
  action: AuditAction;
  isDone(comment: store.LockedComment): boolean;
  values(context: ActingContext): store.CommentValues;
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
  delete: { action: 'comment.delete', isDone: () => false, values: trashValues },
};

/**
 * Approves a comment, or rejects it, which hides it from all but its author and editors. A repeated
 * decision changes nothing.
 *
 * @throws ApiError not_found; precondition_failed
 */
export function decide(
  context: ActingContext,
  id: number,
  verdict: Exclude<Moderation, 'delete'>,
): Promise<FullComment> {
  return inTransaction(context, async (trx) => {
    const comment = await lockForChange(trx, id);
    await apply(trx, verdict, [comment]);
    return readBack(trx, id);
  });
}

/**
 * Applies an action to many comments, all of them or none. Missing comments, and those it was
 * applied to before, are skipped and reported.
 *
 * @throws ApiError precondition_failed if any comment is no longer in the version that the
 *   moderator has read, naming each of them
 */
export function moderateComments(
  context: ActingContext,
  { comments: read, action }: CommentModeration,
): Promise<CommentsModerated> {
  const ids = [...new Set(read.map(({ id }) => id))];
  return inTransaction(context, async (trx) => {
    const comments = await store.lockComments(trx.db, ids, readerOf(context.viewer));
    await assertAsRead(trx, comments, read);
    const changed = new Set(await apply(trx, action, comments));
    const found = new Set(comments.map(({ id }) => id));
    return {
      changed: ids.filter((id) => changed.has(id)),
      unchanged: ids.filter((id) => found.has(id) && !changed.has(id)),
      missing: ids.filter((id) => !found.has(id)),
    };
  });
}

async function assertAsRead(
  trx: ActingContext,
  comments: store.LockedComment[],
  read: ModeratedComment[],
): Promise<void> {
  const versions = new Map(comments.map(({ id, version }) => [id, version]));
  const stale = read.flatMap(({ id, version }, index) =>
    (versions.get(id) ?? version) === version ? [] : [{ id, version, index }],
  );
  const [first] = stale;
  if (first === undefined) return;
  throw new ApiError('precondition_failed', {
    // As for a single comment; of several, the tag of the first.
    headers: { etag: commentTag(await readBack(trx, first.id)) },
    errors: stale.map(({ version, index }) =>
      valueError('comment_changed', ['body', 'comments', index, 'version'], version),
    ),
  });
}

/** @returns the ids of the changed comments */
async function apply(
  trx: ActingContext,
  moderation: Moderation,
  comments: store.LockedComment[],
): Promise<number[]> {
  const { action, isDone, values } = DECISIONS[moderation];
  const ids = comments.filter((comment) => !isDone(comment)).map(({ id }) => id);
  if (ids.length === 0) return ids;
  await store.updateComments(trx.db, ids, values(trx));
  await record(trx, ...ids.map((id) => ({ action, id })));
  await emitDecision(
    trx,
    moderation,
    comments.filter(({ id }) => ids.includes(id)),
  );
  return ids;
}

/** An approved comment is new to its readers, with all of its fields. */
async function emitDecision(
  trx: ActingContext,
  moderation: Moderation,
  comments: store.LockedComment[],
): Promise<void> {
  const type = EVENTS[moderation];
  if (moderation !== 'approve') {
    // The update has raised the version by one.
    const versionOf = ({ version }: store.LockedComment) =>
      moderation === 'delete' ? null : version + 1;
    const heads = comments.map((comment) => ({ ...comment, version: versionOf(comment) }));
    return emitCommentHeads(trx, type, heads);
  }
  const ids = comments.map(({ id }) => id);
  await emitComments(trx, type, await findComments(trx.db, ids, { kind: 'editor' }));
}
