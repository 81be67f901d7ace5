import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import { isRestorable } from './trash.js';
import { isSlugTaken, nextSlug, type TakenSlugs } from './unique-slugs.js';
import { isPostVisible } from './visibility.js';

const isPublic = isPostVisible({ kind: 'public' });

/** Number of former slugs that still lead to a post. */
export const MAX_FORMER_SLUGS = 50;

/**
 * Makes the slug lead to the post, unless it leads to another published post. Must be called in the
 * transaction that publishes the post, or while the post is published and locked.
 *
 * A slug of a post that is not published any more is taken over from it. Of the post's former slugs,
 * only the newest `MAX_FORMER_SLUGS` are kept.
 *
 * @returns whether the slug now leads to the post
 */
export async function claimSlug(trx: Database, postId: number, slug: string): Promise<boolean> {
  if (!(await takeSlug(trx, postId, slug))) return false;
  await trx
    .deleteFrom('post_slugs')
    .where('slug', 'in', ({ selectFrom }) =>
      selectFrom('post_slugs')
        .select('slug')
        .where('post_id', '=', postId)
        .orderBy(sql`slug = ${slug}`, 'desc')
        .orderBy('created_at', 'desc')
        .orderBy('slug')
        .offset(MAX_FORMER_SLUGS + 1),
    )
    .execute();
  return true;
}

async function takeSlug(trx: Database, postId: number, slug: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('post_slugs')
    .values({ slug, post_id: postId })
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows === 1n) return true;
  // Whoever publishes a post holds this lock, so that the next statement sees it published.
  const holder = await trx
    .selectFrom('post_slugs')
    .select('post_id')
    .where('slug', '=', slug)
    .forUpdate()
    .executeTakeFirst();
  if (holder === undefined) return takeSlug(trx, postId, slug);
  if (holder.post_id !== postId && (await isPublished(trx, holder.post_id))) return false;
  await trx
    .updateTable('post_slugs')
    .set({ post_id: postId, created_at: sql<string>`now()` })
    .where('slug', '=', slug)
    .execute();
  return true;
}

async function isPublished(db: Database, postId: number): Promise<boolean> {
  const { rows } = await sql`select 1 from posts where id = ${postId} and ${isPublic}`.execute(db);
  return rows.length > 0;
}

/**
 * Makes further slugs lead to the post, as long as no other published post has them and the post has
 * at most `MAX_FORMER_SLUGS`. Those of a draft lead to it once it is published.
 */
export async function addFormerSlugs(
  trx: Database,
  postId: number,
  slugs: readonly string[],
): Promise<void> {
  const rows = await trx
    .selectFrom('post_slugs')
    .select('slug')
    .where('post_id', '=', postId)
    .union((query) => query.selectFrom('posts').select('slug').where('id', '=', postId))
    .execute();
  const known = new Set(rows.map(({ slug }) => slug));
  const added = slugs.filter((slug) => !known.has(slug));
  const places = Math.max(0, MAX_FORMER_SLUGS + 1 - known.size);
  for (const slug of added.slice(0, places)) await takeSlug(trx, postId, slug);
}

/** Whether the slug leads to the post now, or did so while it was published. */
export async function hasPublishedSlug(
  db: Database,
  postId: number,
  slug: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('post_slugs')
    .select('slug')
    .where('slug', '=', slug)
    .where('post_id', '=', postId)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Returns the first free form of the slug for a published post. What others may not see does not
 * count.
 */
export function nextPublicSlug(db: Database, postId: number, slug: string): Promise<string> {
  return nextSlug(db, publicSlugs(postId), slug);
}

/**
 * Returns the first free form of the slug for a draft of this author, different from those of their
 * other drafts and of the posts that they deleted themselves.
 */
export function nextDraftSlug(
  db: Database,
  authorId: number | null,
  slug: string,
): Promise<string> {
  return nextSlug(db, slugsKnownTo(authorId, 0), slug);
}

/**
 * Whether a published post, or another post of the author (see {@link nextDraftSlug}), has the slug.
 */
export function isSlugOfAnother(
  db: Database,
  { id, author_id }: { id: number; author_id: number | null },
  slug: string,
): Promise<boolean> {
  return isSlugTaken(db, slugsKnownTo(author_id, id), slug);
}

/**
 * Prevents others from naming drafts and private tags of this author, and from sharing the tags,
 * until the transaction ends. Without it, concurrent requests could give two drafts the same slug,
 * or create a tag twice. Must be called before other slugs and tags are locked, so that transactions
 * never wait for each other.
 */
export async function lockNamesOf(trx: Database, authorId: number | null): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('drafts of'), ${authorId ?? 0})`.execute(trx);
}

/** The current and former slugs of all published posts but this one. */
function publicSlugs(except: number): TakenSlugs {
  return sql`
    select post_slugs.slug from post_slugs join posts on posts.id = post_slugs.post_id
    where posts.id <> ${except} and ${isPublic}`;
}

/** Same as the above, with the slugs of the author's own drafts and trash. */
function slugsKnownTo(authorId: number | null, except: number): TakenSlugs {
  const reader = { kind: 'author', id: authorId ?? 0 } as const;
  const isOwnDraft = sql`(posts.author_id is not distinct from ${authorId}
    and posts.published_at is null and posts.deleted_at is null)`;
  return sql`
    ${publicSlugs(except)}
    union all
    select posts.slug from posts
    where posts.id <> ${except} and (${isOwnDraft} or ${isRestorable(reader, 'posts')})`;
}
