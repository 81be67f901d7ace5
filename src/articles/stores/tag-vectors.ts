import { randomUUID } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import { ARTICLE_CHANGES, notify } from '#src/db/channels.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import type { Source } from '#src/markdown/re-renderer.js';

/** Maximum number of posts that one transaction locks and updates. */
const BATCH = 500;

/** A renamed or deleted tag. */
export interface StaleTag {
  tagId: number;
  /** Former `tags.search_words`. */
  words: string;
}

/**
 * Updates the tag words in `posts.search` for one batch of posts: those with the tag, and those
 * that still match its former words. Versions stay unchanged. Idempotent.
 *
 * @param after id of the last post already done; 0 to start
 * @returns the id to continue after, or null when done
 */
export async function reindexTag(
  db: Database,
  { tagId, words }: StaleTag,
  after: number,
): Promise<number | null> {
  return inTransaction({ db }, async ({ db: trx }) => {
    // Locked first, so that the next statement sees tags committed by concurrent changes.
    const { rows } = await sql<{ id: number }>`
      select id from posts
      where id > ${after} and (
        id in (select post_id from post_tags where tag_id = ${tagId})
        or (search @@ plainto_tsquery('english', ${words})
          and ts_filter(search, '{d}') @@ plainto_tsquery('english', ${words})))
      order by id limit ${sql.lit(BATCH)}
      for no key update
    `.execute(trx);
    const ids = rows.map(({ id }) => id);
    await sql`
      update posts
      set search = ts_filter(search, '{a,b,c}') || setweight(to_tsvector('english', (
        select coalesce(string_agg(tags.search_words, ' , ' order by tags.id), '')
        from post_tags join tags on tags.id = post_tags.tag_id
        where post_tags.post_id = posts.id)), 'D')
      where id = any(${ids}::integer[])
    `.execute(trx);
    // Posts themselves do not change, so no trigger announces it, but searches find others.
    if (ids.length > 0) await notify(trx, ARTICLE_CHANGES, randomUUID());
    return ids.length < BATCH ? null : (ids.at(-1) ?? null);
  });
}

/** Returns names of tags with an id greater than `after`, ordered by id. */
export function listTagNames(db: Database, after: number, limit: number): Promise<Source[]> {
  return db
    .selectFrom('tags')
    .select(['id', 'name as content'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Stores the words of a tag, unless its name has changed. Returns whether they were others. */
export async function replaceSearchWords(
  db: Database,
  { id, content: name }: Source,
  words: string,
): Promise<boolean> {
  const isOther: RawBuilder<boolean> = sql`search_words is distinct from ${words}`;
  const { numUpdatedRows } = await db
    .updateTable('tags')
    .set({ search_words: words })
    .where('id', '=', id)
    .where('name', '=', name)
    .where(isOther)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
