import { type RawBuilder, sql } from 'kysely';
import type { Author } from '#schemas/posts.js';
import type { Database } from '#src/db/database.js';
import type { Slice } from '#src/lists/slices.js';
import type { Reader } from './visibility.js';

/** Something that was deleted, as it is listed. */
export interface DeletedRow {
  id: number;
  title: string;
  author: Author | null;
  deleted_at: string;
  deleted_by: Author | null;
}

/** How one kind of thing is found in the trash, and leaves it. */
export interface TrashStore {
  /** A slice of what this reader may restore. */
  list(db: Database, reader: Reader, slice: Slice<'deleted_at'>): Promise<DeletedRow[]>;
  count(db: Database, reader: Reader): Promise<number>;
  /** Locks it until the transaction ends. False if there is none that this reader may restore. */
  lock(trx: Database, id: number, reader: Reader): Promise<boolean>;
  restore(trx: Database, id: number): Promise<void>;
  /** Removes it for good. */
  purge(trx: Database, id: number): Promise<void>;
  /** The numbers of what was deleted before this moment, the oldest first. */
  findExpired(db: Database, before: Date, limit: number): Promise<number[]>;
}

/** That a row is in the trash, for this reader: authors restore what they deleted of their own. */
export function isRestorable(reader: Reader, table: 'posts' | 'comments'): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${table}.${name}`);
  const isDeleted = sql<boolean>`${column('deleted_at')} is not null`;
  if (reader.kind === 'editor') return isDeleted;
  if (reader.kind === 'public') return sql<boolean>`false`;
  return sql<boolean>`(${isDeleted}
    and ${column('author_id')} = ${reader.id} and ${column('deleted_by')} = ${reader.id})`;
}
