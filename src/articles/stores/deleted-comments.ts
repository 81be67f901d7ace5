import { sql } from 'kysely';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import { countRows, cut } from '#src/lists/slices.js';
import { isRestorable, type TrashStore } from './trash.js';

/** Number of characters of a comment that serve as its title. */
const TITLE_LENGTH = 100;

/** SQL condition: the comment can still be restored. */
const isWhole = sql<boolean>`comments.purged_at is null`;

const title = sql<string>`left(comments.content, ${sql.lit(TITLE_LENGTH)})`;

/** Comments in the trash. */
export const deletedComments: TrashStore = {
  async list(db, reader, slice) {
    const found = db
      .selectFrom('comments')
      .select(['comments.id', title.as('title')])
      // Typed without null, because every row in the trash has the column.
      .select(sql<string>`comments.deleted_at`.as('deleted_at'))
      .select([
        authorIn('comments.author_id').as('author'),
        authorIn('comments.deleted_by').as('deleted_by'),
      ])
      .where(isRestorable(reader, 'comments'))
      .where(isWhole);
    return cut(found, slice, sql.ref('comments.deleted_at')).execute();
  },

  count(db, reader) {
    const found = db
      .selectFrom('comments')
      .select('comments.id')
      .where(isRestorable(reader, 'comments'))
      .where(isWhole)
      .orderBy('comments.deleted_at');
    return countRows(db, found);
  },

  async lock(trx, id, reader) {
    const row = await trx
      .selectFrom('comments')
      .select('id')
      .where('id', '=', id)
      .where(isRestorable(reader, 'comments'))
      .where(isWhole)
      .forUpdate()
      .executeTakeFirst();
    return row !== undefined;
  },

  async restore(trx, id) {
    const restored = { deleted_at: null, deleted_by: null };
    await trx.updateTable('comments').set(restored).where('id', '=', id).execute();
  },

  purge: (trx, id) => purge(trx, [id]),

  async findExpired(db, before, limit) {
    const rows = await db
      .selectFrom('comments')
      .select('id')
      .where('deleted_at', '<', before.toISOString())
      .where(isWhole)
      .orderBy('deleted_at')
      .limit(limit)
      .execute();
    return rows.map(({ id }) => id);
  },
};

/**
 * Purges deleted comments. A comment with replies becomes an empty row until its last reply is
 * removed. Must be called in a transaction, with the comments locked.
 */
async function purge(trx: Database, ids: number[]): Promise<void> {
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
 * Removes purged comments without replies, and purged ancestors that have no other reply.
 *
 * @returns the parents of removed comments, which may be removable next
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
