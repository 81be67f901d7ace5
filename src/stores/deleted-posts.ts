import { sql } from 'kysely';
import type { Database } from '../db/database.js';
import { cut } from './slices.js';
import { authorIn, type Bin } from './trash.js';

/** The posts in the trash. */
export const deletedPosts: Bin = {
  async list(db, userId, slice) {
    const found = db
      .selectFrom('posts')
      .select(['posts.id', 'posts.title'])
      // The index is of what is deleted, and its order is that of the column without null.
      .select(sql<string>`posts.deleted_at`.as('deleted_at'))
      .select([
        authorIn('posts.author_id').as('author'),
        authorIn('posts.deleted_by').as('deleted_by'),
      ])
      .where(isDeleted(userId));
    return cut(found, slice).execute();
  },

  async count(db, userId) {
    const { count } = await db
      .selectFrom('posts')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where(isDeleted(userId))
      .executeTakeFirstOrThrow();
    return count;
  },

  async lock(trx, id) {
    const row = await trx
      .selectFrom('posts')
      .select(['title', 'author_id', 'deleted_by'])
      .where('id', '=', id)
      .where('deleted_at', 'is not', null)
      .forUpdate()
      .executeTakeFirst();
    return row ?? null;
  },

  async restore(trx, id) {
    const restored = { deleted_at: null, deleted_by: null };
    await trx.updateTable('posts').set(restored).where('id', '=', id).execute();
  },

  async purge(trx, id) {
    await trx.deleteFrom('posts').where('id', '=', id).execute();
  },

  async findExpired(db: Database, before: Date, limit: number) {
    const rows = await db
      .selectFrom('posts')
      .select('id')
      .where('deleted_at', '<', before.toISOString())
      .orderBy('deleted_at')
      .limit(limit)
      .execute();
    return rows.map(({ id }) => id);
  },
};

function isDeleted(userId: number | null) {
  return userId === null
    ? sql<boolean>`posts.deleted_at is not null`
    : sql<boolean>`posts.deleted_at is not null
        and posts.author_id = ${userId} and posts.deleted_by = ${userId}`;
}
