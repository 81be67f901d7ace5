import { type RawBuilder, sql } from 'kysely';
import type { Author } from '../../schemas/posts.js';
import type { Database } from '../db/database.js';
import { inTransaction } from '../db/transaction.js';
import { COMMENT_AUTHOR } from './comments.js';
import type { Reader } from './readers.js';
import { cut, type Slice } from './slices.js';

/** A comment in the trash. */
export interface DeletedComment {
  id: number;
  post_id: number;
  author: Author | null;
  content: string;
  created_at: string;
  deleted_at: string;
}

/** A slice of the deleted comments that the reader may restore. */
export async function listDeletedComments(
  db: Database,
  reader: Reader,
  slice: Slice<'deleted_at'>,
): Promise<DeletedComment[]> {
  const found = db
    .selectFrom('comments')
    .select(['id', 'post_id', 'author_id', 'content', 'created_at', 'deleted_at'])
    .where(isInTrash(reader));
  const direction = slice.descending ? 'desc' : 'asc';
  return db
    .selectFrom(cut(found, slice).as('comments'))
    .select(['id', 'post_id', 'content', 'created_at', sql<string>`deleted_at`.as('deleted_at')])
    .select(COMMENT_AUTHOR.as('author'))
    .orderBy('deleted_at', direction)
    .orderBy('id', direction)
    .execute();
}

/** How many deleted comments the reader may restore. */
export async function countDeletedComments(db: Database, reader: Reader): Promise<number> {
  const { count } = await db
    .selectFrom('comments')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(isInTrash(reader))
    .executeTakeFirstOrThrow();
  return count;
}

/** Locks a deleted comment until the transaction ends. False if the reader may restore none. */
export async function lockDeletedComment(
  db: Database,
  id: number,
  reader: Reader,
): Promise<boolean> {
  const row = await db
    .selectFrom('comments')
    .select('id')
    .where('id', '=', id)
    .where(isInTrash(reader))
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Removes for good what was deleted before this moment.
 *
 * @param limit how many at most
 * @returns how many that were
 */
export function purgeDeletedComments(db: Database, before: Date, limit: number): Promise<number> {
  return inTransaction(db, async (trx) => {
    const rows = await trx
      .selectFrom('comments')
      .select('id')
      .where('deleted_at', '<', before.toISOString())
      .where('purged_at', 'is', null)
      .orderBy('deleted_at')
      .orderBy('id')
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute();
    const ids = rows.map(({ id }) => id);
    await purge(trx, ids);
    return ids.length;
  });
}

/**
 * Removes deleted comments for good. Of one to which there are replies an empty row remains, until
 * the last of them is removed too. To be called in a transaction, with the comments locked.
 */
export async function purge(trx: Database, ids: number[]): Promise<void> {
  await trx
    .updateTable('comments')
    .set({
      content: '',
      content_html: '',
      search: sql<string>`''::tsvector`,
      author_id: null,
      deleted_by: null,
      purged_at: sql<string>`now()`,
    })
    .where(sql<boolean>`id = any(${ids}::integer[])`)
    .execute();
  for (let left = ids; left.length > 0; ) left = await removeDead(trx, left);
}

/**
 * Removes those of the purged comments to which there are no replies, and what stands above them for
 * their sake alone.
 *
 * @returns the comments above the removed ones, which may be next
 */
async function removeDead(trx: Database, ids: number[]): Promise<number[]> {
  const { rows } = await sql<{ parent_id: number | null }>`
    with recursive dead as (
      select id, parent_id from comments leaf
      where id = any(${ids}::integer[]) and purged_at is not null
        and not exists (select from comments reply where reply.parent_id = leaf.id)
      union all
      select above.id, above.parent_id
      from dead join comments above on above.id = dead.parent_id
      where above.purged_at is not null
        and not exists (
          select from comments reply where reply.parent_id = above.id and reply.id <> dead.id))
    delete from comments using dead where comments.id = dead.id
    returning comments.parent_id`.execute(trx);
  return [...new Set(rows.map(({ parent_id }) => parent_id).filter((id) => id !== null))];
}

/** Authors restore what they deleted themselves, editors everything. */
function isInTrash(reader: Reader): RawBuilder<boolean> {
  const isThere = sql<boolean>`(deleted_at is not null and purged_at is null)`;
  if (reader.kind === 'editor') return isThere;
  if (reader.kind === 'public') return sql<boolean>`false`;
  return sql<boolean>`(${isThere} and author_id = ${reader.id} and deleted_by = ${reader.id})`;
}
