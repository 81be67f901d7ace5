import { type RawBuilder, sql } from 'kysely';
import type { Database } from '#src/db/database.js';
import type { Slice } from '#src/lists/slices.js';
import type { DeletedRow } from '#src/trash/trash-bin.js';
import type { Reader } from './visibility.js';

/** Queries on the trash for one kind of resource. */
export interface TrashStore {
  /** Returns a slice of what the reader may restore. */
  list(db: Database, reader: Reader, slice: Slice<'deleted_at'>): Promise<DeletedRow[]>;
  /** Counts what the reader may restore, like `countRows`. */
  count(db: Database, reader: Reader): Promise<number>;
  /** Locks the row until the transaction ends. Returns false unless the reader may restore it. */
  lock(trx: Database, id: number, reader: Reader): Promise<boolean>;
  restore(trx: Database, id: number): Promise<void>;
  /** Deletes permanently. */
  purge(trx: Database, id: number): Promise<void>;
  /** Returns the ids of rows deleted before `before`, oldest first. */
  findExpired(db: Database, before: Date, limit: number): Promise<number[]>;
}

/**
 * SQL condition: the row is in the trash and the reader may restore it. Authors may restore their
 * own posts and comments that they deleted themselves.
 */
export function isRestorable(reader: Reader, table: 'posts' | 'comments'): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${table}.${name}`);
  const isDeleted = sql<boolean>`${column('deleted_at')} is not null`;
  if (reader.kind === 'editor') return isDeleted;
  if (reader.kind === 'public') return sql<boolean>`false`;
  return sql<boolean>`(${isDeleted}
    and ${column('author_id')} = ${reader.id} and ${column('deleted_by')} = ${reader.id})`;
}
