import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { deleteUnusedTags } from './topics.js';
import { claimUniqueSlug, nextSlug } from './unique-slugs.js';
import { isPostVisible, type Reader } from './visibility.js';

/** Columns needed to change a post. */
const LOCKED_COLUMNS = [
  'id',
  'version',
  'author_id',
  'title',
  'slug',
  'summary',
  'content',
  'category_id',
  'published_at',
  'deleted_at',
  'deleted_by',
] as const;

type Columns = Selectable<Schema['posts']>;
export type LockedPost = Pick<Columns, (typeof LOCKED_COLUMNS)[number]>;

/** The writable columns of a post. */
export type PostValues = Pick<
  Columns,
  | 'title'
  | 'summary'
  | 'content'
  | 'content_html'
  | 'content_text'
  | 'excerpt'
  | 'reading_minutes'
  | 'author_id'
  | 'category_id'
  | 'published_at'
  | 'source_path'
  | 'created_at'
  | 'updated_at'
  | 'deleted_at'
  | 'deleted_by'
> & {
  search: RawBuilder<string>;
  content_search: RawBuilder<string> | null;
  title_search: RawBuilder<string>;
};

export type NewPost = Omit<
  PostValues,
  'source_path' | 'content_search' | 'deleted_at' | 'deleted_by'
> & {
  source_path?: string | null;
};

/**
 * Inserts a post with this slug.
 *
 * @returns the id of the post, or null if the slug is taken; the transaction must then be rolled
 *   back
 */
export async function insertPost(
  trx: Database,
  post: NewPost,
  slug: string,
): Promise<number | null> {
  const { id } = await trx
    .insertInto('posts')
    .values({ ...post, slug })
    .returning('id')
    .executeTakeFirstOrThrow();
  return (await claimSlug(trx, id, slug)) ? id : null;
}

/**
 * Inserts a post with this slug or, if the slug is taken, with a number appended; returns the id.
 */
export async function insertPostWithUniqueSlug(
  trx: Database,
  post: NewPost,
  slug: string,
): Promise<number> {
  const first = await nextSlug(trx, 'post_slugs', slug);
  const { id } = await trx
    .insertInto('posts')
    .values({ ...post, slug: first })
    .returning('id')
    .executeTakeFirstOrThrow();
  if (await claimSlug(trx, id, first)) return id;
  return claimUniqueSlug(async () => {
    const next = await nextSlug(trx, 'post_slugs', slug);
    if (!(await claimSlug(trx, id, next))) return null;
    await trx.updateTable('posts').set({ slug: next }).where('id', '=', id).execute();
    return id;
  });
}

/** Number of former slugs that still lead to a post. */
export const MAX_FORMER_SLUGS = 50;

/**
 * Assigns the slug to the post, unless another post has or had it. Of its former slugs, only the
 * newest `MAX_FORMER_SLUGS` are kept.
 *
 * @returns whether the slug now belongs to the post
 */
export async function claimSlug(trx: Database, postId: number, slug: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('post_slugs')
    .values({ slug, post_id: postId })
    .onConflict((conflict) =>
      conflict
        .column('slug')
        .doUpdateSet({ created_at: sql<string>`now()` })
        .where('post_slugs.post_id', '=', postId),
    )
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows !== 1n) return false;
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

/**
 * Returns the post, locked until the transaction ends, or null if it is not visible to the reader.
 */
export async function lockPost(
  trx: Database,
  id: number,
  reader: Reader,
): Promise<LockedPost | null> {
  const row = await trx
    .selectFrom('posts')
    .select(LOCKED_COLUMNS)
    .where('id', '=', id)
    .where(isPostVisible(reader))
    .forUpdate()
    .executeTakeFirst();
  return row ?? null;
}

export async function updatePost(
  trx: Database,
  id: number,
  changes: Partial<PostValues> & { slug?: string },
): Promise<void> {
  await trx.updateTable('posts').set(changes).where('id', '=', id).execute();
}

/** Sets the post's tags to exactly these, and deletes automatic tags that no post has any more. */
export async function replaceTags(trx: Database, postId: number, tagIds: number[]): Promise<void> {
  const { rows } = await sql<{ tag_id: number }>`
    delete from post_tags where post_id = ${postId} and tag_id <> all (${tagIds}::integer[])
    returning tag_id
  `.execute(trx);
  if (tagIds.length > 0) {
    await sql`
      insert into post_tags (post_id, tag_id)
      select ${postId}, unnest(${tagIds}::integer[]) on conflict do nothing
    `.execute(trx);
  }
  const removed = rows.map(({ tag_id }) => tag_id);
  if (removed.length > 0) await deleteUnusedTags(trx, removed);
}

/** Returns the names of the post's tags. */
export async function findTagNames(trx: Database, postId: number): Promise<string[]> {
  const rows = await trx
    .selectFrom('post_tags')
    .innerJoin('tags', 'tags.id', 'post_tags.tag_id')
    .select('tags.name')
    .where('post_tags.post_id', '=', postId)
    .orderBy('tags.id')
    .execute();
  return rows.map(({ name }) => name);
}

/** Whether the category exists; if so, it cannot be deleted until the transaction ends. */
export async function holdCategory(trx: Database, id: number): Promise<boolean> {
  const row = await trx
    .selectFrom('categories')
    .select('id')
    .where('id', '=', id)
    .forKeyShare()
    .executeTakeFirst();
  return row !== undefined;
}
