import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';

/** Posts that one transaction rewrites: it locks them until it is done. */
const BATCH = 500;

/** A tag whose name has changed, or which is gone. */
export interface StaleTag {
  tagId: number;
  /** `tags.search_words` by which it was found until then. */
  words: string;
}

/**
 * Writes the words of the tags anew into `posts.search` of a bounded number of posts: of those that
 * have the tag, and of those that are still found as tagged by its old words. Leaves their versions as
 * they are. Bears to run twice.
 *
 * @param after the post up to which that is done; 0 to begin
 * @returns the post with which to go on, or null at the end
 */
export async function reindexTag(
  db: Database,
  { tagId, words }: StaleTag,
  after: number,
): Promise<number | null> {
  return inTransaction({ db }, async ({ db: trx }) => {
    // Locked first: in the next statement the tags are those of whoever had changed the post.
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
    return ids.length < BATCH ? null : (ids.at(-1) ?? null);
  });
}
