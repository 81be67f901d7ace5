import { type Selectable, sql } from 'kysely';
import type { PostCreate } from '#schemas/posts.js';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { fold } from '#src/lib/fold.js';

const IMPORTED_COLUMNS = [
  'id',
  'version',
  'source_path',
  'source_hash',
  'source_version',
  'author_id',
  'deleted_at',
] as const;

/** A post that an import may update. */
export type ImportedPost = Pick<Selectable<Schema['posts']>, (typeof IMPORTED_COLUMNS)[number]>;

/** A post as it is exported to a file. */
export interface ExportedPost extends Omit<PostCreate, 'slug' | 'category_id' | 'status'> {
  id: number;
  slug: string;
  published_at: string | null;
  created_at: string;
  source_path: string | null;
  /** Username of the author; null if there is none, or the user was deleted. */
  author: string | null;
  /** Authors named in the imported file; null if the file named none but the author. */
  source_authors: string[] | null;
  /** Other slugs that lead to the post, or will once it is published, in alphabetical order. */
  former_slugs: string[];
  /** Name of the category. The names in `tags` are in alphabetical order. */
  category: string | null;
}

/** Returns the post imported from this path, or null; it may be in the trash. */
export async function findImportedPost(
  db: Database,
  sourcePath: string,
): Promise<ImportedPost | null> {
  const row = await db
    .selectFrom('posts')
    .select(IMPORTED_COLUMNS)
    .where(sql<boolean>`source_path collate "C" = ${sourcePath}`)
    .executeTakeFirst();
  return row ?? null;
}

/** Whether this is the content of the post. */
export async function hasContent(db: Database, id: number, content: string): Promise<boolean> {
  const row = await db
    .selectFrom('posts')
    .select('id')
    .where('id', '=', id)
    .where('content', '=', content)
    .executeTakeFirst();
  return row !== undefined;
}

/** Same as {@link findImportedPost}, but locks the post until the transaction ends. */
export async function lockImportedPost(
  trx: Database,
  sourcePath: string,
): Promise<ImportedPost | null> {
  const row = await trx
    .selectFrom('posts')
    .select(IMPORTED_COLUMNS)
    .where(sql<boolean>`source_path collate "C" = ${sourcePath}`)
    .forUpdate()
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Returns the post whose current slug this is, or null; locks it until the transaction ends. A
 * published post comes before a draft, and a draft before posts in the trash.
 */
export async function lockPostWithSlug(trx: Database, slug: string): Promise<ImportedPost | null> {
  const row = await trx
    .selectFrom('posts')
    .select(IMPORTED_COLUMNS)
    .where(sql<boolean>`slug collate "C" = ${slug}`)
    .orderBy(sql`deleted_at is not null`)
    .orderBy(sql`published_at is null`)
    .orderBy('id')
    .limit(1)
    .forUpdate()
    .executeTakeFirst();
  return row ?? null;
}

/** What is recorded of the file of a post. */
interface SourceMark {
  sourcePath: string;
  hash: string;
  /** See {@link ExportedPost.source_authors}. */
  sourceAuthors: string[] | null;
}

/**
 * Records that the post matches the file. Must be called after all other changes, as it stores the
 * version.
 */
export async function markImported(
  trx: Database,
  id: number,
  { sourcePath, hash, sourceAuthors }: SourceMark,
): Promise<void> {
  await trx
    .updateTable('posts')
    .set(({ ref }) => ({
      source_path: sourcePath,
      source_hash: hash,
      source_authors: sourceAuthors,
      source_version: ref('version'),
    }))
    .where('id', '=', id)
    .execute();
}

/** Returns posts with an id greater than `after`, ordered by id, without those in the trash. */
export function listExportedPosts(
  db: Database,
  after: number,
  limit: number,
): Promise<ExportedPost[]> {
  return db
    .selectFrom('posts')
    .select(['id', 'title', 'slug', 'summary', 'content', 'published_at', 'created_at'])
    .select(['source_path', 'source_authors'])
    .select([
      sql<string[]>`array(
        select post_slugs.slug from post_slugs
        where post_slugs.post_id = posts.id and post_slugs.slug <> posts.slug
        order by post_slugs.slug)`.as('former_slugs'),
      sql<string | null>`(select username from users where users.id = posts.author_id)`.as(
        'author',
      ),
      sql<string | null>`(select name from categories where categories.id = posts.category_id)`.as(
        'category',
      ),
      sql<string[]>`array(
        select tags.name from post_tags join tags on tags.id = post_tags.tag_id
        where post_tags.post_id = posts.id order by tags.name_folded)`.as('tags'),
    ])
    .where('deleted_at', 'is', null)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Counts the posts outside the trash. */
export async function countExportedPosts(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('posts')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

/** Returns the import paths of posts outside the trash. */
export async function listSourcePaths(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('posts')
    .select('source_path')
    .where('deleted_at', 'is', null)
    .where('source_path', 'is not', null)
    .execute();
  return rows.flatMap(({ source_path }) => source_path ?? []);
}

/** Returns the id of the user with this username, or null. */
export async function findUserId(db: Database, username: string): Promise<number | null> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('username_folded', '=', fold(username))
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Returns the id of the category with this name, or null. */
export async function findCategoryId(db: Database, name: string): Promise<number | null> {
  const row = await db
    .selectFrom('categories')
    .select('id')
    .where('name_folded', '=', fold(name))
    .executeTakeFirst();
  return row?.id ?? null;
}
