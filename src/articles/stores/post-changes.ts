import type { RawBuilder, Selectable } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { isPostVisible, type Reader } from './visibility.js';

/** Columns needed to change a post. */
const LOCKED_COLUMNS = [
  'id',
  'version',
  'author_id',
  'title',
  'slug',
  'slug_base',
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
  | 'slug'
  | 'slug_base'
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

/** Inserts a post and returns its id. */
export async function insertPost(trx: Database, post: NewPost): Promise<number> {
  const { id } = await trx
    .insertInto('posts')
    .values(post)
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
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
  changes: Partial<PostValues>,
): Promise<void> {
  await trx.updateTable('posts').set(changes).where('id', '=', id).execute();
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
