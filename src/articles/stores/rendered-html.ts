import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import type { Source } from '#src/markdown/re-renderer.js';
import { findTagNames } from './post-tags.js';

/** The searchable fields of a post other than its content. */
export type SearchedPost = Pick<Selectable<Schema['posts']>, 'title' | 'summary'> & {
  tags: string[];
};

/** Values derived from a source, by column. */
export type Rendered = Record<string, string | number | null | RawBuilder<string>>;

/** Counts all posts, including the trash. */
export async function countPostSources(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('posts')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** Counts the comments that have a source, including the trash. */
export async function countCommentSources(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('comments')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('purged_at', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

/** Returns posts with an id greater than `after`, ordered by id, including the trash. */
export function listPostSources(db: Database, after: number, limit: number): Promise<Source[]> {
  return db
    .selectFrom('posts')
    .select(['id', 'content'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Returns comments with an id greater than `after`, ordered by id, including the trash. */
export function listCommentSources(db: Database, after: number, limit: number): Promise<Source[]> {
  return db
    .selectFrom('comments')
    .select(['id', 'content'])
    .where('purged_at', 'is', null)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/**
 * Locks the post until the transaction ends. Returns null if its content has changed or it is gone.
 */
export async function lockPostOf(
  trx: Database,
  { id, content }: Source,
): Promise<SearchedPost | null> {
  const post = await trx
    .selectFrom('posts')
    .select(['title', 'summary'])
    .where('id', '=', id)
    .where('content', '=', content)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (post === undefined) return null;
  // A separate statement sees the tags committed by the previous holder of the lock.
  return { ...post, tags: await findTagNames(trx, id) };
}

/**
 * Stores the rendered values, unless the source has changed or the values are the same.
 *
 * @returns whether the row was updated
 */
export async function replaceRendered(
  db: Database,
  table: 'posts' | 'comments',
  { id, content }: Source,
  made: Rendered,
): Promise<boolean> {
  const columns = Object.keys(made).map((name) => sql.ref(name));
  const values = Object.values(made).map((value) => sql`${value}`);
  const { numAffectedRows } = await sql`
    update ${sql.table(table)} set (${sql.join(columns)}) = row (${sql.join(values)})
    where id = ${id} and content = ${content}
      and (${sql.join(columns)}) is distinct from (${sql.join(values)})
  `.execute(db);
  return (numAffectedRows ?? 0n) > 0n;
}
