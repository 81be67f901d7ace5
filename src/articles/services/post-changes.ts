import type { AuditAction } from '#schemas/audit.js';
import type { PostCreate, PostStatus, PostUpdate } from '#schemas/posts.js';
import { MAX_POST_HTML } from '#schemas/rendered-html.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import * as store from '#src/articles/stores/post-changes.js';
import { replaceTags } from '#src/articles/stores/post-tags.js';
import {
  contentVector,
  type PostHead,
  postVector,
  STORED_CONTENT,
  titleVector,
} from '#src/articles/stores/post-vectors.js';
import { type FullPost, findPost } from '#src/articles/stores/posts.js';
import { hashOfText, record, recordDifference } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { differences } from '#src/lib/differences.js';
import { fold } from '#src/lib/fold.js';
import { type Client, NotRenderedError, renderText } from '#src/markdown/rendering.js';
import { emitPost, emitPostHead } from './events.js';
import { assertMayEdit, readerOf } from './policy.js';
import { claimAskedSlug, insertPost, publishPost } from './post-publication.js';
import { postTag } from './posts.js';
import { assertQuota } from './quotas.js';

/** Properties of a new post that its author does not write. */
export interface PostProvenance {
  authorId: number | null;
  /** The rendered content. */
  text: RenderedText;
  /** Time of creation and publication; default: now. */
  at?: Date;
  /** Path of the imported file. */
  sourcePath?: string;
  /** Whether the slug was made from the name of the file. */
  isSlugDerived?: boolean;
}

/**
 * Creates a post with the viewer as author.
 *
 * @throws ApiError duplicate if a published post, or another draft of the author, has the slug;
 *   too_many_posts; InvalidRequest if the category does not exist; the errors of `renderText`
 */
export async function createPost(context: Context, post: PostCreate): Promise<FullPost> {
  const text = await renderedText(context, post.content);
  const authorId = context.viewer?.id ?? null;
  return inTransaction(context, (trx) => writePost(trx, post, { authorId, text }));
}

/** Creates a post in an open transaction, with content rendered before. @throws like `createPost` */
export async function writePost(
  trx: Context,
  { tags, slug, status, ...post }: PostCreate,
  { authorId, text, at = trx.now, sourcePath, isSlugDerived: isDerived = false }: PostProvenance,
): Promise<FullPost> {
  await assertQuota(trx, 'posts');
  await assertCategory(trx, post.category_id);
  const { columns, words } = text;
  const values = {
    ...post,
    ...columns,
    ...searchablePost({ ...post, tags }, words),
    author_id: authorId,
    published_at: status === 'published' ? at.toISOString() : null,
    source_path: sourcePath ?? null,
    created_at: at.toISOString(),
    updated_at: trx.now.toISOString(),
  };
  const id = await insertPost(trx, values, slug === undefined ? null : { slug, isDerived });
  await replaceTags(trx.db, { ...values, id }, tags, trx.now);
  const created = await readBack(trx, id);
  await record(trx, { action: 'post.create', id, after: auditable(created) });
  await emitPost(trx, created, null);
  return created;
}

/**
 * Replaces the post, or updates the given fields. Slug and status change only if they are given. The
 * last 50 slugs under which the post was published still lead to it.
 *
 * @throws ApiError not_found; forbidden if it belongs to someone else; precondition_failed;
 *   duplicate if another published post has or had the slug, or another draft of the author has it;
 *   InvalidRequest if the category does not exist; the errors of `renderText`
 */
export async function changePost(
  context: ActingContext,
  id: number,
  { status, ...fields }: PostUpdate,
): Promise<FullPost> {
  if (status !== undefined && Object.keys(fields).length === 0)
    return setPostStatus(context, id, status);
  const apply = (text: RenderedText | null) =>
    change(context, id, 'post.change', async (trx, post) => {
      const isChanged = await applyChanges(trx, post, fields, text);
      if (status === undefined) return isChanged;
      const locked = isChanged ? await store.lockPost(trx.db, id, { kind: 'editor' }) : post.locked;
      if (locked === null) throw new ApiError('not_found');
      return (await applyStatus(trx, locked, status)) || isChanged;
    });
  try {
    return await apply(await textFor(context, id, fields));
  } catch (error) {
    if (!(error instanceof NotRenderedError)) throw error;
    return apply(await renderedText(context, error.text));
  }
}

/** Renders new content, after checking that the viewer may edit; null if the content is the same. */
async function textFor(
  context: ActingContext,
  id: number,
  { content }: PostUpdate,
): Promise<RenderedText | null> {
  if (content === undefined) return null;
  // Outside of a transaction, the lock ends with its statement.
  const before = await lockForChange(context, id);
  return before.content === content ? null : renderedText(context, content);
}

/** A locked post: the columns needed for a change, and the post as readers see it. */
export interface PostToChange {
  locked: store.LockedPost;
  before: FullPost;
}

/**
 * Applies changes to a locked post.
 *
 * @param text the rendered content; null if there is no new content
 * @returns false if nothing changed
 * @throws NotRenderedError if `text` is null and the content is new
 */
export async function applyChanges(
  trx: Context,
  { locked, before }: PostToChange,
  { tags, ...given }: Omit<PostUpdate, 'status'>,
  text: RenderedText | null,
): Promise<boolean> {
  const current = writtenFields(before);
  const isTagged = tags !== undefined && !isSameSet(tags, current.tags);
  const changed = differences(current, given);
  if (!isTagged && Object.keys(changed).length === 0) return false;
  await assertCategory(trx, changed.category_id);
  if (changed.slug !== undefined) await claimAskedSlug(trx, locked, changed.slug);
  if (isTagged) await replaceTags(trx.db, locked, tags, trx.now);
  if (changed.content !== undefined && text === null) throw new NotRenderedError(changed.content);
  const rendered = changed.content === undefined ? null : text;
  const head = { ...locked, ...changed, tags: tags ?? current.tags };
  await store.updatePost(trx.db, locked.id, {
    ...changed,
    ...(changed.slug === undefined ? {} : { slug_base: null }),
    ...rendered?.columns,
    ...searchablePost(head, rendered?.words ?? null),
    updated_at: trx.now.toISOString(),
  });
  return true;
}

/**
 * Publishes a draft, or makes a published post a draft again. If a published post has the slug by
 * now, the draft gets another one, unless its author has asked for it.
 *
 * @throws like `changePost`
 */
export function setPostStatus(
  context: ActingContext,
  id: number,
  status: PostStatus,
): Promise<FullPost> {
  const action = status === 'published' ? 'post.publish' : 'post.unpublish';
  return change(context, id, action, (trx, { locked }) => applyStatus(trx, locked, status));
}

/** Sets the status of a locked post. Returns false if the post already has it. */
async function applyStatus(
  trx: Context,
  locked: store.LockedPost,
  status: PostStatus,
): Promise<boolean> {
  const isPublished = status === 'published';
  if (isPublished === (locked.published_at !== null)) return false;
  const now = trx.now.toISOString();
  const values = { published_at: isPublished ? now : null, updated_at: now };
  if (isPublished) await publishPost(trx, locked, values);
  else await store.updatePost(trx.db, locked.id, values);
  return true;
}

/** Moves the post to the trash. @throws like `changePost` */
export function deletePost(context: ActingContext, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    const post = await lockForChange(trx, id, 'not_your_post_to_delete');
    const { title, slug, author_id, published_at } = post;
    await store.updatePost(trx.db, id, {
      deleted_at: context.now.toISOString(),
      deleted_by: context.viewer.id,
    });
    await record(trx, { action: 'post.delete', id, before: { title, slug } });
    const head = { id, version: null, author_id, isPublic: published_at !== null };
    await emitPostHead(trx, 'post.deleted', head);
  });
}

function change(
  context: ActingContext,
  id: number,
  action: AuditAction,
  write: (trx: Context, post: PostToChange) => Promise<boolean>,
): Promise<FullPost> {
  return inTransaction(context, async (trx) => {
    const locked = await lockForChange(trx, id);
    const before = await readBack(trx, id);
    if (!(await write(trx, { locked, before }))) return before;
    const after = await readBack(trx, id);
    const states = { before: auditable(before), after: auditable(after) };
    await recordDifference(trx, { action, id }, states);
    await emitPost(trx, after, before);
    return after;
  });
}

/**
 * Returns the post, after checking permission and `If-Match`. In a transaction, the post stays
 * locked until its end.
 */
async function lockForChange(
  trx: ActingContext,
  id: number,
  refusal: 'not_your_post_to_change' | 'not_your_post_to_delete' = 'not_your_post_to_change',
): Promise<store.LockedPost> {
  const post = await store.lockPost(trx.db, id, readerOf(trx.viewer));
  if (post === null) throw new ApiError('not_found');
  assertMayEdit(trx.viewer, post, refusal);
  await assertUnchanged(trx, post, async () => postTag(await readBack(trx, id)));
  return post;
}

async function assertCategory(trx: Context, id: number | null | undefined): Promise<void> {
  if (id === null || id === undefined || (await store.holdCategory(trx.db, id))) return;
  throw new InvalidRequest([valueError('dangling_reference', ['body', 'category_id'], id)]);
}

async function readBack(trx: Context, id: number): Promise<FullPost> {
  const post = await findPost(trx.db, id, { kind: 'editor' });
  if (post === null) throw new ApiError('not_found');
  return post;
}

/** The rendered content of a post. */
export interface RenderedText {
  columns: Pick<store.PostValues, 'content_html' | 'content_text' | 'excerpt' | 'reading_minutes'>;
  /** The words of the content, for its search vector. */
  words: string;
}

/** Renders the content of a post. @throws the errors of `renderText` */
export async function renderedText(client: Client, content: string): Promise<RenderedText> {
  const source = { field: 'content', text: content, most: MAX_POST_HTML };
  const { html, text, excerpt, readingMinutes, words } = await renderText(client, source);
  const derived = { excerpt, reading_minutes: readingMinutes };
  return { columns: { content_html: html, content_text: text, ...derived }, words };
}

/** Returns the search columns of a post. @param words those of its content; null if unchanged */
export function searchablePost({ title, summary, tags }: PostHead, words: string | null) {
  const content = words === null ? STORED_CONTENT : contentVector(words);
  return {
    search: postVector({ title, summary, tags }, content),
    content_search: words === null ? STORED_CONTENT : null,
    title_search: titleVector(title),
  };
}

/** Returns the editable fields of a post except its status. New fields must be added here. */
function writtenFields(post: FullPost): Required<Omit<PostUpdate, 'status'>> {
  const { title, slug, content, summary, category_id, tags } = post;
  return { title, slug, content, summary, category_id, tags: tags.map(({ name }) => name) };
}

/** Returns the fields of a post for the audit log, with a hash instead of the content. */
export function auditable(post: FullPost): Record<string, unknown> {
  const { content, ...fields } = writtenFields(post);
  return { ...fields, status: post.status, content_sha256: hashOfText(content) };
}

function isSameSet(one: string[], other: string[]): boolean {
  const keys = (names: string[]) =>
    JSON.stringify([...new Set(names.map((name) => fold(name.trim())))].sort());
  return keys(one) === keys(other);
}
