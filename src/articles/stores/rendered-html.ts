import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { findTagNames } from './post-changes.js';

/** A text, from which the rest is made. */
export interface Source {
  id: number;
  content: string;
}

/** What a post is searched by beside its content. */
export type SearchedPost = Pick<Selectable<Schema['posts']>, 'title' | 'summary'> & {
  tags: string[];
};

/** What is made of a text, by the columns that keep it. */
export type Rendered = Record<string, string | number | RawBuilder<string>>;

/** How many posts and comments there are with a text. */
export async function countSources(db: Database): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select (select count(*) from posts)
      + (select count(*) from comments where purged_at is null) as count
  `.execute(db);
  return rows[0]?.count ?? 0;
}

/** The posts behind this one, by number, those in the trash too. */
export function listPostSources(db: Database, after: number, limit: number): Promise<Source[]> {
  return db
    .selectFrom('posts')
    .select(['id', 'content'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** The comments behind this one, by number, those in the trash too. */
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

/** The post, locked until the transaction ends, or null if it has another content now, or is gone. */
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
  // In a statement of its own, the tags are those of whoever held the lock before.
  return { ...post, tags: await findTagNames(trx, id) };
}

/**
 * Writes what is made of a content, if it still is the content, and if it is otherwise than what is
 * there.
 *
 * @returns whether it was written
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
