import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import { withFolded } from '#src/db/folded-columns.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import { fold } from '#src/lib/fold.js';
import { indexedWords } from '#src/search/search-words.js';
import { lockNamesOf } from './post-slugs.js';
import { deleteUnusedTags, isSettled, makePrivate, settledSlugs } from './tags.js';
import { topicSlugOf } from './topics.js';
import { claimUniqueSlug, nextSlug } from './unique-slugs.js';
import { isTagPublic } from './visibility.js';

/** Slug of a tag whose name cannot be transliterated. */
const FALLBACK_SLUG = 'tag';

/** A post that is locked, or was inserted in the same transaction. */
interface TaggedPost {
  id: number;
  author_id: number | null;
  published_at: string | null;
}

interface NamedTag {
  id: number;
  name: string;
  name_folded: string;
}

/**
 * Sets the post's tags to exactly these names, and creates missing tags: private ones, unless the
 * post is published. Deletes automatic tags that no post has any more. Must be called in a
 * transaction.
 */
export async function replaceTags(
  trx: Database,
  post: TaggedPost,
  names: string[],
  now: Date,
): Promise<void> {
  const ids = await ensureTags(trx, post.author_id, names);
  const { rows } = await sql<{ tag_id: number }>`
    delete from post_tags where post_id = ${post.id} and tag_id <> all (${ids}::integer[])
    returning tag_id
  `.execute(trx);
  if (ids.length > 0) {
    await sql`
      insert into post_tags (post_id, tag_id)
      select ${post.id}, unnest(${ids}::integer[]) on conflict do nothing
    `.execute(trx);
  }
  if (post.published_at !== null) await shareTags(trx, post, now);
  // Last, because others wait for the locks on deleted tags: this transaction must wait for none.
  await deleteUnusedTags(
    trx,
    rows.map(({ tag_id }) => tag_id),
  );
}

/**
 * Makes the private tags of a post tags of all, under the name that its author gave them, unless
 * there are such tags already: then the author's posts get those. Must be called in the transaction
 * that publishes the post.
 */
export async function shareTags(
  trx: Database,
  { id: postId, author_id }: Pick<TaggedPost, 'id' | 'author_id'>,
  now: Date,
): Promise<void> {
  await lockNamesOf(trx, author_id);
  // With this lock, no other transaction makes the post's tags private before it is published.
  await sql`
    select tags.id from post_tags join tags on tags.id = post_tags.tag_id
    where post_tags.post_id = ${postId} order by tags.id for share of tags
  `.execute(trx);
  const { rows } = await sql<NamedTag>`
    select tags.id, tags.name, tags.name_folded
    from post_tags join tags on tags.id = post_tags.tag_id
    where post_tags.post_id = ${postId} and tags.is_private
    order by tags.name_folded
  `.execute(trx);
  for (const tag of rows) await shareTag(trx, tag, now);
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

async function shareTag(trx: Database, tag: NamedTag, now: Date): Promise<void> {
  // Retried while others share a tag with the same name or slug.
  await claimUniqueSlug(async () => {
    const shared = await findShared(trx, tag.name_folded);
    if (shared?.is_settled) return mergeTag(trx, tag.id, shared.id);
    if (shared !== null) await makePrivate(trx, shared.id);
    const slug = await nextSlug(trx, settledSlugs(), topicSlugOf(tag.name, FALLBACK_SLUG));
    return (await takeSlug(trx, tag.id, slug, now)) ? tag.id : null;
  });
}

async function findShared(
  trx: Database,
  folded: string,
): Promise<{ id: number; is_settled: boolean } | null> {
  const { rows } = await sql<{ id: number; is_settled: boolean }>`
    select tags.id, ${isSettled} as is_settled from tags
    where not tags.is_private and tags.name_folded = ${folded}
  `.execute(trx);
  return rows[0] ?? null;
}

/** Replaces a private tag by a shared one. Returns null if that was deleted meanwhile. */
async function mergeTag(trx: Database, id: number, into: number): Promise<number | null> {
  const { rows } = await sql`select id from tags where id = ${into} for key share`.execute(trx);
  if (rows.length === 0) return null;
  // The next statement then sees every post with the private tag, and none can get it.
  await sql`select id from tags where id = ${id} for update`.execute(trx);
  await sql`
    insert into post_tags (post_id, tag_id)
    select post_id, ${into} from post_tags where tag_id = ${id} on conflict do nothing
  `.execute(trx);
  await trx.deleteFrom('tags').where('id', '=', id).execute();
  return into;
}

/** Shares a private tag under this slug. Returns false if another transaction was first. */
async function takeSlug(trx: Database, id: number, slug: string, now: Date): Promise<boolean> {
  const holder = await trx
    .selectFrom('tags')
    .select('id')
    .where(sql<boolean>`slug collate "C" = ${slug}`)
    .where('is_private', '=', false)
    .executeTakeFirst();
  if (holder !== undefined) await makePrivate(trx, holder.id);
  const at = now.toISOString();
  const values = { is_private: false, owner_id: null, slug, created_at: at, updated_at: at };
  try {
    await inTransaction({ db: trx }, ({ db }) =>
      db.updateTable('tags').set(values).where('id', '=', id).execute(),
    );
    return true;
  } catch (error) {
    if (toPostgresFailure(error)?.kind !== 'duplicate') throw error;
    return false;
  }
}

/**
 * Returns the ids of the tags that the author knows by these names, and creates missing ones, which
 * are private. Must be called in a transaction, until the end of which the tags cannot be deleted.
 */
export async function ensureTags(
  trx: Database,
  authorId: number | null,
  names: string[],
): Promise<number[]> {
  const wanted = new Map(names.map((name) => [fold(name.trim()), name.trim()]));
  // Before any tag is locked, so that all transactions take these locks in the same order.
  await lockNamesOf(trx, authorId);
  const found = await findTags(trx, authorId, [...wanted.keys()]);
  const missing = () => [...wanted.keys()].filter((key) => !found.has(key));
  // If the first statement waited for a tag to be made private, only another one sees the copy.
  for (const [key, id] of await findTags(trx, authorId, missing())) found.set(key, id);
  for (const key of missing()) {
    found.set(key, await insertPrivateTag(trx, authorId, wanted.get(key) ?? key));
  }
  return [...new Set(found.values())];
}

/**
 * Returns the ids of the tags that the author knows, by the folded form of their names: tags of
 * published posts, and of their own posts.
 */
async function findTags(
  trx: Database,
  authorId: number | null,
  keys: string[],
): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map();
  const isOfAuthor = sql`exists (
    select from post_tags join posts on posts.id = post_tags.post_id
    where post_tags.tag_id = tags.id and posts.author_id = ${authorId})`;
  const { rows } = await sql<{ key: string; id: number }>`
    select wanted.key, tags.id
    from unnest(${keys}::text[]) as wanted (key)
    join tags on tags.name_folded = wanted.key
    where case when tags.is_private then tags.owner_id is not distinct from ${authorId}
      else ${isTagPublic()} or ${isOfAuthor} end
    order by wanted.key, not tags.is_private, tags.id desc
    for key share of tags
  `.execute(trx);
  // Of several, the last one: a shared tag before a private one.
  return new Map(rows.map(({ key, id }) => [key, id]));
}

async function insertPrivateTag(
  trx: Database,
  authorId: number | null,
  name: string,
): Promise<number> {
  const known = sql`
    ${settledSlugs('public')}
    union all
    select tags.slug from tags
    where tags.is_private and tags.owner_id is not distinct from ${authorId}`;
  const { id } = await trx
    .insertInto('tags')
    .values({
      ...withFolded({ name }),
      slug: await nextSlug(trx, known, topicSlugOf(name, FALLBACK_SLUG)),
      search_words: indexedWords(name),
      is_automatic: true,
      is_private: true,
      owner_id: authorId,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
