import { sql } from 'kysely';
import { authorIn } from '#src/db/authors.js';
import { countRows, cut } from '#src/lists/slices.js';
import { deleteUnusedTags } from './tags.js';
import { isRestorable, type TrashStore } from './trash.js';

/** Posts in the trash. */
export const deletedPosts: TrashStore = {
  async list(db, reader, slice) {
    const found = db
      .selectFrom('posts')
      .select(['posts.id', 'posts.title'])
      // Typed without null, because every row in the trash has the column.
      .select(sql<string>`posts.deleted_at`.as('deleted_at'))
      .select([
        authorIn('posts.author_id').as('author'),
        authorIn('posts.deleted_by').as('deleted_by'),
      ])
      .where(isRestorable(reader, 'posts'));
    return cut(found, slice, sql.ref('posts.deleted_at')).execute();
  },

  count(db, reader) {
    const found = db
      .selectFrom('posts')
      .select('posts.id')
      .where(isRestorable(reader, 'posts'))
      .orderBy('posts.deleted_at');
    return countRows(db, found);
  },

  async lock(trx, id, reader) {
    const row = await trx
      .selectFrom('posts')
      .select('id')
      .where('id', '=', id)
      .where(isRestorable(reader, 'posts'))
      .forUpdate()
      .executeTakeFirst();
    return row !== undefined;
  },

  async restore(trx, id) {
    const restored = { deleted_at: null, deleted_by: null };
    await trx.updateTable('posts').set(restored).where('id', '=', id).execute();
  },

  async purge(trx, id) {
    const tags = await trx
      .selectFrom('post_tags')
      .select('tag_id')
      .where('post_id', '=', id)
      .execute();
    await trx.deleteFrom('posts').where('id', '=', id).execute();
    await deleteUnusedTags(
      trx,
      tags.map(({ tag_id }) => tag_id),
    );
  },

  async findExpired(db, before, limit) {
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
