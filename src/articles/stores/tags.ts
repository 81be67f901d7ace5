import { type RawBuilder, sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import { indexedWords } from '#src/search/search-words.js';
import type { TopicRow, TopicTable } from './topic-tables.js';
import type { TakenSlugs } from './unique-slugs.js';
import { isPostVisible, isTagPublic } from './visibility.js';

/**
 * SQL condition: the shared tag is an editor's or on a published post. All others lose their name
 * and slug to whoever publishes a post first.
 */
export const isSettled: RawBuilder<boolean> = sql`(not tags.is_automatic or ${isTagPublic()})`;

/** Subquery that returns the slugs of settled tags; `public` leaves out those on no post. */
export function settledSlugs(which: 'settled' | 'public' = 'settled'): TakenSlugs {
  return sql`
    select tags.slug from tags
    where not tags.is_private and ${which === 'public' ? isTagPublic() : isSettled}`;
}

export const tags: TopicTable<TopicRow> = {
  name: 'tags',
  columns: [],
  published: sql`
    select post_tags.tag_id as topic_id
    from post_tags join posts on posts.id = post_tags.post_id
    where ${isPostVisible({ kind: 'public' })}`,
  // The tags of a draft would reveal its topic.
  deliberate: sql`not is_automatic`,
  visible: isTagPublic(),
  unique: sql`not is_private`,
  taken: settledSlugs(),
  async freeSlug(trx, slug) {
    const { rows } = await sql<{ id: number }>`
      select id from tags where slug collate "C" = ${slug} and not is_private
    `.execute(trx);
    for (const { id } of rows) await makePrivate(trx, id);
  },
  // A tag that an editor has created or changed is everyone's, and stays, even without posts.
  derived: ({ name }) => ({
    is_automatic: false,
    is_private: false,
    owner_id: null,
    ...(name === undefined ? {} : { search_words: indexedWords(name) }),
  }),
};

/**
 * Replaces a shared tag that is not settled by a private one of each author who uses it. Does
 * nothing if it is settled. Must be called in a transaction.
 */
export async function makePrivate(trx: Database, id: number): Promise<void> {
  await sql`select id from tags where id = ${id} for update`.execute(trx);
  // A new statement sees whether it has been settled while this transaction waited for the lock.
  const { rows } = await sql`
    select id from tags where id = ${id} and not is_private and not ${isSettled}
  `.execute(trx);
  if (rows.length === 0) return;
  // With this lock, no other transaction deletes a private tag before it is assigned below.
  await sql`
    select own.id from tags own
    where own.is_private and own.name_folded = (select name_folded from tags where id = ${id})
    order by own.id for key share
  `.execute(trx);
  await sql`
    insert into tags
      (name, name_folded, slug, search_words, is_automatic, is_private, owner_id)
    select distinct
      tags.name, tags.name_folded, tags.slug, tags.search_words, true, true, posts.author_id
    from tags join post_tags on post_tags.tag_id = tags.id join posts on posts.id = post_tags.post_id
    where tags.id = ${id} and not exists (
      select from tags own where own.is_private and own.name_folded = tags.name_folded
        and own.owner_id is not distinct from posts.author_id)
  `.execute(trx);
  await sql`
    insert into post_tags (post_id, tag_id)
    select post_tags.post_id, min(own.id)
    from post_tags
    join posts on posts.id = post_tags.post_id
    join tags on tags.id = post_tags.tag_id
    join tags own on own.is_private and own.name_folded = tags.name_folded
      and own.owner_id is not distinct from posts.author_id
    where post_tags.tag_id = ${id}
    group by post_tags.post_id
    on conflict do nothing
  `.execute(trx);
  await trx.deleteFrom('tags').where('id', '=', id).execute();
}

/** Returns the words under which posts with this tag are indexed. */
export async function findSearchWords(db: Database, id: number): Promise<string> {
  const { search_words } = await db
    .selectFrom('tags')
    .select('search_words')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return search_words;
}

/**
 * Deletes those of these tags, shared or private, that are automatic and that no post has, not even
 * one in the trash. A tag that another transaction is about to assign stays. Must be called in a
 * transaction.
 *
 * @returns the number of deleted tags
 */
export async function deleteUnusedTags(trx: Database, ids: number[]): Promise<number> {
  if (ids.length === 0) return 0;
  // Locked first: the second statement then sees every assignment, and none can be added.
  const locked = await trx
    .selectFrom('tags')
    .select('id')
    .where('id', 'in', ids)
    .where('is_automatic', '=', true)
    .orderBy('id')
    .forUpdate()
    .skipLocked()
    .execute();
  if (locked.length === 0) return 0;
  const { numDeletedRows } = await trx
    .deleteFrom('tags')
    .where(
      'id',
      'in',
      locked.map(({ id }) => id),
    )
    .where(isUnused)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Returns the ids of automatic tags that no post has, in order, beginning after `after`. */
export async function findUnusedTags(
  db: Database,
  after: number,
  limit: number,
): Promise<number[]> {
  const rows = await db
    .selectFrom('tags')
    .select('id')
    .where('is_automatic', '=', true)
    .where('id', '>', after)
    .where(isUnused)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

const isUnused = sql<boolean>`not exists (select from post_tags where tag_id = tags.id)`;
