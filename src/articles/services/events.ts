import type { EventType } from '#schemas/events.js';
import type { Context } from '#src/access/context.js';
import { hasScope, type Viewer } from '#src/access/viewer.js';
import type { LockedComment } from '#src/articles/stores/comment-changes.js';
import type { FullComment } from '#src/articles/stores/comments.js';
import * as store from '#src/articles/stores/event-states.js';
import type { FullPost } from '#src/articles/stores/posts.js';
import type { EventAudience, EventPolicy, VisiblePart } from '#src/events/event-policy.js';
import { emit } from '#src/events/events.js';
import { isEditor } from './policy.js';

/** A post that is gone, or no longer public. */
type PostHead = Pick<FullPost, 'id'> & {
  version: number | null;
  author_id: number | null;
  isPublic: boolean;
};

/** Emits the events of a new or changed post; nothing if it has not changed. */
export async function emitPost(
  trx: Context,
  after: FullPost,
  before: FullPost | null,
): Promise<void> {
  const [isPublic, wasPublic] = [after, before].map((post) => post?.status === 'published');
  if (before === null) return emitWhole(trx, 'post.created', after);
  if (isPublic && !wasPublic) return emitWhole(trx, 'post.published', after);
  if (before.version === after.version) return;
  if (wasPublic && !isPublic) {
    const { id, version, author } = after;
    const head = { id, version, author_id: author?.id ?? null, isPublic: true };
    await emitPostHead(trx, 'post.unpublished', head);
  }
  await emit(trx, { ...eventOf('post.changed', after), before, after });
}

/** Emits an event with all fields of the post. */
export function emitWhole(
  trx: Context,
  type: 'post.created' | 'post.published' | 'post.restored',
  after: FullPost,
): Promise<void> {
  return emit(trx, { ...eventOf(type, after), after });
}

function eventOf(type: EventType, { id, version, status, author }: FullPost) {
  return {
    type,
    resourceId: id,
    version,
    topics: topicsOfPost(id),
    isPublic: status === 'published',
    userId: author?.id ?? null,
  };
}

/** Emits an event that shows nothing of the post. */
export function emitPostHead(
  trx: Context,
  type: EventType,
  { id, version, author_id, isPublic }: PostHead,
): Promise<void> {
  const topics = topicsOfPost(id);
  return emit(trx, { type, resourceId: id, version, topics, isPublic, userId: author_id });
}

/** A comment whose fields are not shown, with its version after the change; null if it is gone. */
type CommentHead = Pick<LockedComment, 'id' | 'post_id' | 'author_id' | 'is_approved'> & {
  version: number | null;
};

/** Emits the event of an edited comment, which others may no longer see. */
export async function emitChangedComment(
  trx: Context,
  before: LockedComment,
  after: FullComment,
): Promise<void> {
  if (before.is_approved && !after.is_approved) {
    await emitCommentHeads(trx, 'comment.hidden', [{ ...before, version: after.version }]);
  }
  await emitComments(trx, 'comment.changed', [after]);
}

/** Emits events of comments with all of their fields. */
export function emitComments(
  trx: Context,
  type: EventType,
  comments: readonly FullComment[],
): Promise<void> {
  const events = comments.map((after) => {
    const { id, post_id, version, author, is_approved: isPublic } = after;
    const topics = [`post:${post_id}`] as const;
    const userId = author?.id ?? null;
    return { type, resourceId: id, version, topics, isPublic, userId, after };
  });
  return emit(trx, ...events);
}

/** Emits events that show nothing of the comments. */
export function emitCommentHeads(
  trx: Context,
  type: EventType,
  comments: readonly CommentHead[],
): Promise<void> {
  const events = comments.map((comment) => {
    const { id, post_id, version, author_id: userId, is_approved: isPublic } = comment;
    const topics = [`post:${post_id}`] as const;
    return { type, resourceId: id, version, topics, isPublic, userId };
  });
  return emit(trx, ...events);
}

/** Who may see the events of posts: of drafts their author and editors, of others everyone. */
export const postEvents: EventPolicy<ReadonlyMap<number, store.PostState>> = {
  load: (db, events) => store.findPostStates(db, idsOf(events)),
  visiblePart(viewer, event, states) {
    const reader = readerWithScope(viewer);
    const state = states.get(event.resourceId);
    if (!mayKnow(reader, event)) return null;
    if (!event.hasChanges) return 'all';
    if (state === undefined) return null;
    if (isAuthorOrEditor(reader, state.author_id)) return 'all';
    return state.is_published ? partOf(event, state) : null;
  },
};

/** Who may see the events of comments: those who may see the comment, and its post. */
export const commentEvents: EventPolicy<ReadonlyMap<number, store.CommentState>> = {
  load: (db, events) => store.findCommentStates(db, idsOf(events)),
  visiblePart(viewer, event, states) {
    const reader = readerWithScope(viewer);
    const state = states.get(event.resourceId);
    if (!mayKnow(reader, event)) return null;
    if (state === undefined) return !event.hasChanges && isEditor(reader) ? 'all' : null;
    if (!state.is_post_published && !isAuthorOrEditor(reader, state.post_author_id)) return null;
    if (!event.hasChanges) return 'all';
    if (!state.is_deleted && isAuthorOrEditor(reader, state.author_id)) return 'all';
    return state.is_visible ? partOf(event, state) : null;
  },
};

function idsOf(events: readonly EventAudience[]): number[] {
  return [...new Set(events.map(({ resourceId }) => resourceId))];
}

/** What a later version has replaced is shown to nobody who could not read it otherwise. */
function partOf({ version }: EventAudience, state: { version: number }): VisiblePart {
  return version === state.version ? 'all' : 'head';
}

function topicsOfPost(id: number) {
  return ['posts', `post:${id}`] as const;
}

/** A key without the scope sees what everyone sees. */
function readerWithScope(viewer: Viewer | null): Viewer | null {
  return viewer !== null && hasScope(viewer, 'posts:read') ? viewer : null;
}

function mayKnow(reader: Viewer | null, { isPublic, userId }: EventAudience): boolean {
  return isPublic || isAuthorOrEditor(reader, userId);
}

function isAuthorOrEditor(reader: Viewer | null, authorId: number | null): boolean {
  return reader !== null && (isEditor(reader) || reader.id === authorId);
}
