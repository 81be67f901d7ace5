import type { Context } from '#src/access/context.js';
import { slugOf } from '#src/articles/lib/slugs.js';
import * as store from '#src/articles/stores/post-changes.js';
import * as slugs from '#src/articles/stores/post-slugs.js';
import { shareTags } from '#src/articles/stores/post-tags.js';
import { claimUniqueSlug, SLUG_SUFFIX_LENGTH } from '#src/articles/stores/unique-slugs.js';
import { type ApiError, duplicate } from '#src/errors.js';

const MAX_SLUG = 200;

/** Slug of a title without usable characters, such as one of emoji. */
const FALLBACK_SLUG = 'post';

/** The columns of a post that decide about its slug. */
type SluggedPost = Pick<store.LockedPost, 'id' | 'author_id' | 'slug' | 'slug_base'>;

/** The slug that a new post asks for. */
export interface AskedSlug {
  slug: string;
  /** Whether it was made from something, such as a file name, so that it may get a number. */
  isDerived: boolean;
}

/**
 * Inserts a post. Without `asked`, its slug is made from the title. A published post gets a slug
 * that leads to no other published post. A draft gets one that no other draft of the author, and no
 * post that they deleted, has either. What others have written or deleted does not count.
 *
 * A slug that was made from a file name gets a number if it is taken, also by the author's own posts.
 *
 * @returns the id of the post
 * @throws ApiError duplicate if any other slug that was asked for is taken
 */
export async function insertPost(
  trx: Context,
  values: Omit<store.NewPost, 'slug' | 'slug_base'>,
  asked: AskedSlug | null,
): Promise<number> {
  const base = asked?.slug ?? (shortened(values.title) || FALLBACK_SLUG);
  const isFixed = asked?.isDerived === false;
  const slug_base = isFixed ? null : shortened(base);
  const { author_id, published_at } = values;
  await slugs.lockNamesOf(trx.db, author_id);
  if (isFixed) await assertUnusedByAuthor(trx, { id: 0, author_id }, base);
  const slug = isFixed ? base : await firstFreeSlug(trx, values, { base, isAsked: asked !== null });
  const id = await store.insertPost(trx.db, { ...values, slug, slug_base });
  if (published_at === null || (await slugs.claimSlug(trx.db, id, slug))) return id;
  if (isFixed) throw slugTaken(slug);
  await store.updatePost(trx.db, id, { slug: await claimNextSlug(trx, id, base) });
  return id;
}

/** Names of files differ from those of the author's drafts, titles of published posts need not. */
async function firstFreeSlug(
  trx: Context,
  { author_id, published_at }: Pick<store.NewPost, 'author_id' | 'published_at'>,
  { base, isAsked }: { base: string; isAsked: boolean },
): Promise<string> {
  if (published_at !== null && !isAsked) return slugs.nextPublicSlug(trx.db, 0, base);
  const isTaken = await slugs.isSlugOfAnother(trx.db, { id: 0, author_id }, base);
  return isTaken ? slugs.nextDraftSlug(trx.db, author_id, shortened(base)) : base;
}

/**
 * Checks that a locked post may have the slug that was asked for, and reserves it.
 *
 * @throws ApiError duplicate if it is taken, also by a draft or trash of the author
 */
export async function claimAskedSlug(
  trx: Context,
  post: store.LockedPost,
  slug: string,
): Promise<void> {
  await assertUnusedByAuthor(trx, post, slug);
  if (post.published_at === null) return;
  if (!(await slugs.claimSlug(trx.db, post.id, slug))) throw slugTaken(slug);
}

async function assertUnusedByAuthor(
  trx: Context,
  post: Pick<store.LockedPost, 'id' | 'author_id'>,
  slug: string,
): Promise<void> {
  await slugs.lockNamesOf(trx.db, post.author_id);
  if (await slugs.isSlugOfAnother(trx.db, post, slug)) throw slugTaken(slug);
}

/**
 * Publishes a locked draft: its slug leads to it from now on, and its tags are shared. A slug that
 * was made from the title and is taken by now gets a number.
 *
 * @param values further values to write
 * @throws ApiError duplicate if the slug was asked for and is taken by now
 */
export async function publishPost(
  trx: Context,
  post: SluggedPost,
  values: Partial<store.PostValues>,
): Promise<void> {
  const slug = await claimPublicSlug(trx, post);
  if (slug === null) throw slugTaken(post.slug);
  await store.updatePost(trx.db, post.id, {
    ...values,
    ...(slug === post.slug ? {} : { slug }),
  });
  await shareTags(trx.db, post, trx.now);
}

/**
 * Gives a post that was restored from the trash its slug and tags back, if it is published. A slug
 * that is taken by now gets a number, because a post in the trash cannot be changed.
 *
 * @returns the former and the new slug, if it has changed
 */
export async function republishRestored(
  trx: Context,
  id: number,
): Promise<{ before?: { slug: string }; after?: { slug: string } }> {
  const post = await store.lockPost(trx.db, id, { kind: 'editor' });
  if (post === null || post.published_at === null) return {};
  const slug = (await claimPublicSlug(trx, post)) ?? (await claimNextSlug(trx, id, post.slug));
  if (slug !== post.slug) {
    await store.updatePost(trx.db, id, { slug, updated_at: trx.now.toISOString() });
  }
  await shareTags(trx.db, post, trx.now);
  return slug === post.slug ? {} : { before: { slug: post.slug }, after: { slug } };
}

/** Returns the slug that leads to the post now, or null if it was asked for and is taken. */
async function claimPublicSlug(
  trx: Context,
  { id, author_id, slug, slug_base }: SluggedPost,
): Promise<string | null> {
  await slugs.lockNamesOf(trx.db, author_id);
  // A number that a draft got because of another draft must not show when it is published.
  const isFixed = slug_base === null || (await slugs.hasPublishedSlug(trx.db, id, slug));
  if (isFixed && (await slugs.claimSlug(trx.db, id, slug))) return slug;
  return slug_base === null ? null : claimNextSlug(trx, id, slug_base);
}

function claimNextSlug(trx: Context, id: number, base: string): Promise<string> {
  return claimUniqueSlug(async () => {
    const next = await slugs.nextPublicSlug(trx.db, id, shortened(base));
    return (await slugs.claimSlug(trx.db, id, next)) ? next : null;
  });
}

/** Returns the slug of a text, short enough for a number to be appended. */
function shortened(text: string): string {
  return slugOf(text, MAX_SLUG - SLUG_SUFFIX_LENGTH);
}

function slugTaken(slug: string): ApiError {
  return duplicate([{ loc: ['body', 'slug'], input: slug }]);
}
