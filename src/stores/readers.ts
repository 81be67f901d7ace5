import { type RawBuilder, sql } from 'kysely';

/** Through whose eyes articles and comments are read. */
export type Reader =
  /** Whoever has not signed in sees what is published and approved. */
  | { kind: 'public' }
  /** Authors see what is their own too. */
  | { kind: 'author'; id: number }
  /** Editors see everything. */
  | { kind: 'editor' };

/** That this reader may see the post, which is not in the trash. `posts` is the name of the table. */
export function isPostVisible(reader: Reader, posts = 'posts'): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${posts}.${name}`);
  const alive = sql<boolean>`${column('deleted_at')} is null`;
  if (reader.kind === 'editor') return alive;
  const published = sql<boolean>`${column('published_at')} is not null`;
  if (reader.kind === 'public') return sql<boolean>`(${published} and ${alive})`;
  return sql<boolean>`((${published} or ${column('author_id')} = ${reader.id}) and ${alive})`;
}
