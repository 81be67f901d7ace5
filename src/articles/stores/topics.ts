import { type RawBuilder, sql } from 'kysely';
import type { Topic } from '#schemas/posts.js';
import { indexedWords } from '#src/articles/lib/search-words.js';
import { slugOf } from '#src/articles/lib/slugs.js';
import type { Database } from '#src/db/database.js';
import { withFolded } from '#src/db/folded-columns.js';
import { fold } from '#src/lib/fold.js';
import { claimUniqueSlug, nextSlug, SLUG_SUFFIX_LENGTH } from './unique-slugs.js';

/** Maximum length of the slug of a category or tag. */
const MAX_TOPIC_SLUG = 50;

/** SQL for a category or tag as posts contain it; `row` is a table or alias. */
export function topicOf(row: string): RawBuilder<Topic> {
  const [id, name, slug] = ['id', 'name', 'slug'].map((column) => sql.ref(`${row}.${column}`));
  return sql`jsonb_build_object('id', ${id}, 'name', ${name}, 'slug', ${slug})`;
}

/**
 * Returns a free slug for the name of a category or tag, with a number appended if needed.
 *
 * @param fallback slug for names that cannot be transliterated
 */
export function nextTopicSlug(
  db: Database,
  table: 'categories' | 'tags',
  name: string,
  fallback: string,
): Promise<string> {
  const slug = slugOf(name, MAX_TOPIC_SLUG - SLUG_SUFFIX_LENGTH) || fallback;
  return nextSlug(db, table, slug);
}

/**
 * Returns the ids of the tags with these names, and creates missing ones. Must
 * be called in a transaction, until the end of which the tags cannot be deleted.
 */
export async function ensureTags(trx: Database, names: string[]): Promise<number[]> {
  const wanted = new Map(names.map((name) => [fold(name.trim()), name.trim()]));
  // Sorted, so that transactions creating the same tags wait for each other and never deadlock.
  const keys = [...wanted.keys()].sort();
  const found = await findTags(trx, keys);
  for (const key of keys.filter((key) => !found.has(key))) {
    found.set(key, await ensureTag(trx, key, wanted.get(key) ?? key));
  }
  return [...new Set(found.values())];
}

/** Returns the ids of existing tags by the folded form of their names. */
async function findTags(trx: Database, keys: string[]): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map();
  const { rows } = await sql<{ key: string; id: number }>`
    select wanted.key, tags.id
    from unnest(${keys}::text[]) as wanted (key)
    join tags on tags.name_folded = wanted.key
    order by wanted.key
    for key share of tags
  `.execute(trx);
  return new Map(rows.map(({ key, id }) => [key, id]));
}

function ensureTag(trx: Database, key: string, name: string): Promise<number> {
  return claimUniqueSlug(async () => {
    const created = await trx
      .insertInto('tags')
      .values({
        ...withFolded({ name }),
        slug: await nextTopicSlug(trx, 'tags', name, 'tag'),
        search_words: indexedWords(name),
        is_automatic: true,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    if (created !== undefined) return created.id;
    // A concurrent transaction has taken the name, or only the slug.
    return (await findTags(trx, [key])).get(key) ?? null;
  });
}

/**
 * Deletes those of these tags that are automatic and that no post has, not even one in the trash. A
 * tag that another transaction is about to assign stays. Must be called in a transaction.
 *
 * @returns the number of deleted tags
 */
export async function deleteUnusedTags(trx: Database, ids: number[]): Promise<number> {
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
