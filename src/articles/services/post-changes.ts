import type { AuditAction } from '#schemas/audit.js';
import type { PostCreate, PostStatus, PostUpdate } from '#schemas/posts.js';
import { assertUnchanged, type Precondition } from '#src/access/preconditions.js';
import type { Origin, Viewer } from '#src/access/viewer.js';
import { slugOf } from '#src/articles/lib/slugs.js';
import * as store from '#src/articles/stores/post-changes.js';
import { type FullPost, findPost } from '#src/articles/stores/posts.js';
import { postVector, titleVector } from '#src/articles/stores/search-vectors.js';
import { ensureTags } from '#src/articles/stores/topics.js';
import { SLUG_SUFFIX_LENGTH } from '#src/articles/stores/unique-slugs.js';
import { hashOfText, record, recordDifference } from '#src/audit/audit.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, duplicate, InvalidRequest, valueError } from '#src/errors.js';
import { assertMayEdit, readerOf } from './policy.js';
import { postTag } from './posts.js';
import { MAX_RENDERED_AT_ONCE, render } from './rendering.js';

const MAX_SLUG = 200;

/** The slug of a title that nothing can be made of, such as one of emoji. */
const NAMELESS = 'post';

/** What an import says of a post beyond what a request may. */
export interface PostOrigin {
  authorId: number | null;
  /** When it was written and published; now, if it is left out. */
  at?: Date;
  /** The file that it comes from. */
  sourcePath?: string;
  /** What is made of its content, if that is known already. */
  text?: RenderedText;
}

/**
 * Writes a post, by default that of the viewer.
 *
 * @throws ApiError duplicate if the slug that is asked for is taken; InvalidRequest if there is no
 *   such category
 */
export async function createPost(
  db: Database,
  origin: Origin,
  { tags, slug, status, ...post }: PostCreate,
  { authorId, at = origin.now, sourcePath, text: made }: PostOrigin = {
    authorId: origin.viewer?.id ?? null,
  },
): Promise<FullPost> {
  const text = made ?? (await renderedText(post.content));
  return inTransaction(db, async (trx) => {
    await assertCategory(trx, post.category_id);
    const values = {
      ...post,
      ...text,
      ...searchablePost({ ...post, ...text, tags }),
      author_id: authorId,
      published_at: status === 'published' ? at.toISOString() : null,
      source_path: sourcePath ?? null,
      created_at: at.toISOString(),
      updated_at: origin.now.toISOString(),
    };
    const id = await insert(trx, values, slug);
    await store.replaceTags(trx, id, await ensureTags(trx, tags));
    const created = await readBack(trx, id);
    await record(trx, origin, { action: 'post.create', id, after: auditable(created) });
    return created;
  });
}

/**
 * Replaces the post, or changes the fields that are given. The slug stays unless it is given, and an
 * old one leads to the new one.
 *
 * @throws ApiError not_found; forbidden if it is somebody else's; precondition_failed; duplicate if
 *   another post has or had the slug; InvalidRequest if there is no such category
 */
export async function changePost(
  db: Database,
  origin: Origin,
  viewer: Viewer,
  id: number,
  changes: PostUpdate,
  precondition: Precondition,
): Promise<FullPost> {
  const text = await textFor(db, viewer, id, changes, precondition);
  return change(db, origin, viewer, id, { precondition, action: 'post.change' }, (trx, before) =>
    applyChanges(trx, origin, before, changes, text),
  );
}

/** What is made of the content, if it is to be written; what is long only if it may be, as it looks. */
async function textFor(
  db: Database,
  viewer: Viewer,
  id: number,
  { content }: PostUpdate,
  precondition: Precondition,
): Promise<RenderedText | null> {
  if (content === undefined) return null;
  if (content.length > MAX_RENDERED_AT_ONCE) {
    const before = await inTransaction(db, (trx) => lockForChange(trx, viewer, id, precondition));
    if (before.content === content) return null;
  }
  return renderedText(content);
}

/**
 * Writes the changes of a post that is locked.
 *
 * @param text what is made of the content, if that is known already
 * @returns whether there is anything to be written
 */
export async function applyChanges(
  trx: Database,
  { now }: Pick<Origin, 'now'>,
  before: store.LockedPost,
  { tags, slug, ...changes }: PostUpdate,
  text: RenderedText | null,
): Promise<boolean> {
  const oldTags = await store.findTagNames(trx, before.id);
  const isTagged = tags !== undefined && !isSameSet(tags, oldTags);
  const changed = Object.fromEntries(
    Object.entries({ slug, ...changes }).filter(
      ([field, value]) =>
        value !== undefined && value !== before[field as keyof PostUpdate & keyof store.LockedPost],
    ),
  ) as Omit<PostUpdate, 'tags'>;
  if (!isTagged && Object.keys(changed).length === 0) return false;
  await assertCategory(trx, changed.category_id);
  if (changed.slug !== undefined && !(await store.claimSlug(trx, before.id, changed.slug))) {
    throw slugTaken(changed.slug);
  }
  if (isTagged) await store.replaceTags(trx, before.id, await ensureTags(trx, tags));
  const made = changed.content === undefined ? {} : (text ?? (await renderedText(changed.content)));
  await store.updatePost(trx, before.id, {
    ...changed,
    ...made,
    ...searchablePost({ ...before, ...changed, ...made, tags: tags ?? oldTags }),
    updated_at: now.toISOString(),
  });
  return true;
}

/** Publishes a draft, or makes a published post a draft again. @throws as `changePost` */
export function setPostStatus(
  db: Database,
  origin: Origin,
  viewer: Viewer,
  id: number,
  status: PostStatus,
  precondition: Precondition,
): Promise<FullPost> {
  const now = origin.now.toISOString();
  const [action, published_at] =
    status === 'published' ? (['post.publish', now] as const) : (['post.unpublish', null] as const);
  return change(db, origin, viewer, id, { precondition, action }, async (trx, before) => {
    if ((before.published_at === null) === (published_at === null)) return false;
    await store.updatePost(trx, id, { published_at, updated_at: now });
    return true;
  });
}

/** Puts the post into the trash. @throws as `changePost` */
export function deletePost(
  db: Database,
  origin: Origin,
  viewer: Viewer,
  id: number,
  precondition: Precondition,
): Promise<void> {
  return inTransaction(db, async (trx) => {
    const { title, slug } = await lockForChange(trx, viewer, id, precondition);
    await store.updatePost(trx, id, {
      deleted_at: origin.now.toISOString(),
      deleted_by: viewer.id,
    });
    await record(trx, origin, { action: 'post.delete', id, before: { title, slug } });
  });
}

function change(
  db: Database,
  origin: Origin,
  viewer: Viewer,
  id: number,
  { precondition, action }: { precondition: Precondition; action: AuditAction },
  write: (trx: Database, before: store.LockedPost) => Promise<boolean>,
): Promise<FullPost> {
  return inTransaction(db, async (trx) => {
    const locked = await lockForChange(trx, viewer, id, precondition);
    const before = await readBack(trx, id);
    if (!(await write(trx, locked))) return before;
    const after = await readBack(trx, id);
    const states = { before: auditable(before), after: auditable(after) };
    await recordDifference(trx, origin, { action, id }, states);
    return after;
  });
}

/** Locks the post, and makes sure that the viewer may change it and has seen it as it is. */
async function lockForChange(
  trx: Database,
  viewer: Viewer,
  id: number,
  precondition: Precondition,
): Promise<store.LockedPost> {
  const post = await store.lockPost(trx, id, readerOf(viewer));
  if (post === null) throw new ApiError('not_found');
  assertMayEdit(viewer, post);
  await assertUnchanged(precondition, post, async () => postTag(await readBack(trx, id)));
  return post;
}

async function insert(
  trx: Database,
  values: store.NewPost,
  slug: string | undefined,
): Promise<number> {
  if (slug === undefined) {
    const made = slugOf(values.title, MAX_SLUG - SLUG_SUFFIX_LENGTH) || NAMELESS;
    return store.insertPostWithUniqueSlug(trx, values, made);
  }
  const id = await store.insertPost(trx, values, slug);
  if (id === null) throw slugTaken(slug);
  return id;
}

function slugTaken(slug: string): ApiError {
  return duplicate([{ loc: ['body', 'slug'], input: slug }]);
}

async function assertCategory(trx: Database, id: number | null | undefined): Promise<void> {
  if (id === null || id === undefined || (await store.holdCategory(trx, id))) return;
  throw new InvalidRequest([valueError('dangling_reference', ['body', 'category_id'], id)]);
}

async function readBack(trx: Database, id: number): Promise<FullPost> {
  const post = await findPost(trx, id, { kind: 'editor' });
  if (post === null) throw new ApiError('not_found');
  return post;
}

/** What is made of the content of a post, by the columns that keep it. */
export type RenderedText = Pick<
  store.PostValues,
  'content_html' | 'content_text' | 'excerpt' | 'reading_minutes'
>;

/** @throws ApiError too_busy */
export async function renderedText(content: string): Promise<RenderedText> {
  const { html, text, excerpt, readingMinutes } = await render(content);
  return {
    content_html: html,
    content_text: text,
    excerpt,
    reading_minutes: readingMinutes,
  };
}

/** What a post is found by, by the columns that keep it. */
export function searchablePost(post: {
  title: string;
  summary: string;
  content_text: string;
  tags: string[];
}) {
  const { title, summary, content_text, tags } = post;
  return {
    search: postVector({ title, summary, content: content_text, tags }),
    title_search: titleVector(title),
  };
}

/** What the audit log keeps of a post: of its text only by what it can be recognised. */
export function auditable({ title, slug, summary, status, content, category_id, tags }: FullPost) {
  return {
    title,
    slug,
    summary,
    status,
    category_id,
    tags: tags.map(({ name }) => name),
    content_sha256: hashOfText(content),
  };
}

function isSameSet(one: string[], other: string[]): boolean {
  const keys = (names: string[]) =>
    [...new Set(names.map((name) => name.trim().toLowerCase()))].sort().join('\n');
  return keys(one) === keys(other);
}
