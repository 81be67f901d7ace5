import { sql } from 'kysely';
import type { Author } from '../../schemas/posts.js';
import type { Database } from '../db/database.js';
import type { Slice } from './slices.js';

/** Something that was deleted, as it is listed. */
export interface DeletedRow {
  id: number;
  title: string;
  author: Author | null;
  deleted_at: string;
  deleted_by: Author | null;
}

/** Something that was deleted, locked until the transaction ends. */
export interface LockedDeleted {
  title: string;
  author_id: number | null;
  deleted_by: number | null;
}

/** How one kind of thing is found in the trash, and leaves it. */
export interface Bin {
  /**
   * A slice of what was deleted.
   *
   * @param userId only what this user wrote and deleted; everything, if it is null
   */
  list(db: Database, userId: number | null, slice: Slice<'deleted_at'>): Promise<DeletedRow[]>;
  count(db: Database, userId: number | null): Promise<number>;
  /** Null if there is no such thing in the trash. */
  lock(trx: Database, id: number): Promise<LockedDeleted | null>;
  restore(trx: Database, id: number): Promise<void>;
  /** Removes it for good. */
  purge(trx: Database, id: number): Promise<void>;
  /** The numbers of what was deleted before this moment, the oldest first. */
  findExpired(db: Database, before: Date, limit: number): Promise<number[]>;
}

/** The user in a column, as the author of something. */
export function authorIn(column: string) {
  return sql<Author | null>`(
    select jsonb_build_object(
      'id', users.id, 'username', users.username,
      'nickname', users.nickname, 'avatar_url', users.avatar_url)
    from users where users.id = ${sql.ref(column)})`;
}
