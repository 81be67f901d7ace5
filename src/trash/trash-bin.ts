import type { Author } from '#schemas/posts.js';
import type { TrashKind } from '#schemas/trash.js';
import type { Context } from '#src/access/context.js';
import type { Viewer } from '#src/access/viewer.js';
import type { AuditRecord } from '#src/audit/audit.js';
import type { Database } from '#src/db/database.js';
import type { Slice } from '#src/lists/slices.js';

/** A deleted resource, as listed in the trash. */
export interface DeletedRow {
  id: number;
  title: string;
  author: Author | null;
  deleted_at: string;
  deleted_by: Author | null;
}

/** The trash of one kind of resource. Its wing implements it. */
export interface TrashBin {
  /** Returns a slice of what the viewer may restore. */
  list(db: Database, viewer: Viewer, slice: Slice<'deleted_at'>): Promise<DeletedRow[]>;
  /** Counts what the viewer may restore, like `countRows`. */
  count(db: Database, viewer: Viewer): Promise<number>;
  /**
   * Locks a deleted resource until the transaction ends. Returns false unless the viewer may restore
   * it.
   *
   * @param viewer null for the job, which purges everything
   * @throws ApiError forbidden if the viewer may restore nothing of this kind
   */
  lock(trx: Database, id: number, viewer: Viewer | null): Promise<boolean>;
  /** Restores a locked resource. Returns what else has changed, for the audit log. */
  restore(trx: Context, id: number): Promise<Pick<AuditRecord, 'before' | 'after'>>;
  /** Deletes a locked resource permanently. */
  purge(trx: Context, id: number): Promise<void>;
  /** Returns the ids of what was deleted before `before`, oldest first. */
  findExpired(db: Database, before: Date, limit: number): Promise<number[]>;
}

export type TrashBins = Readonly<Record<TrashKind, TrashBin>>;
