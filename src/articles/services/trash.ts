import type { Page } from '#schemas/paging.js';
import { TRASH_DAYS, type TrashItem, type TrashKind, type TrashListQuery } from '#schemas/trash.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { deletedComments } from '#src/articles/stores/deleted-comments.js';
import { deletedPosts } from '#src/articles/stores/deleted-posts.js';
import type { TrashStore } from '#src/articles/stores/trash.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { readPage } from '#src/lists/paging.js';
import { readerOf } from './policy.js';
import { republishRestored } from './post-publication.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The job may purge everything. */
const EVERYTHING = { kind: 'editor' } as const;

/** Number of items read at once. */
const BATCH = 100;

const STORES: Record<TrashKind, TrashStore> = { post: deletedPosts, comment: deletedComments };

/**
 * Returns a page of the trash: for editors everything, for others their own items that they deleted
 * themselves.
 *
 * @throws InvalidRequest if the cursor is invalid
 */
export async function listTrash(
  { db, viewer }: ActingContext,
  { kind, ...request }: TrashListQuery,
): Promise<Page<TrashItem>> {
  const store = STORES[kind];
  const reader = readerOf(viewer);
  const page = await readPage(request, {
    list: (slice) => store.list(db, reader, slice),
    count: () => store.count(db, reader),
    sortKey: ({ deleted_at }) => deleted_at,
  });
  const items = page.items.map((row) => ({ kind, ...row, expires_at: expiryOf(row.deleted_at) }));
  return { ...page, items };
}

/**
 * Restores a post or comment from the trash.
 *
 * @throws ApiError not_found unless the viewer may restore it
 */
export const restore = trashAction('restore');

/**
 * Deletes a post or comment in the trash permanently.
 *
 * @throws ApiError not_found unless the viewer may restore it
 */
export const purge = trashAction('purge');

/** Editors may act on everything in the trash, others on their own items that they deleted. */
function trashAction(verb: 'restore' | 'purge') {
  return (context: ActingContext, kind: TrashKind, id: number): Promise<void> =>
    inTransaction(context, async (trx) => {
      const store = STORES[kind];
      if (!(await store.lock(trx.db, id, readerOf(trx.viewer)))) throw new ApiError('not_found');
      await store[verb](trx.db, id);
      const isPublished = kind === 'post' && verb === 'restore';
      const change = isPublished ? await republishRestored(trx, id) : {};
      await record(trx, { action: `${kind}.${verb}`, id, ...change });
    });
}

/**
 * Purges everything that has been in the trash for more than `TRASH_DAYS` days, each item in its
 * own transaction.
 *
 * @returns the number of purged items by kind
 * @throws AggregateError with the errors of items that could not be purged, after purging the rest
 *   of their kind
 */
export async function emptyTrash(context: Context): Promise<Record<TrashKind, number>> {
  // Posts first, because purging a post also deletes its comments.
  return {
    post: await emptyTrashOf(context, 'post', deletedPosts),
    comment: await emptyTrashOf(context, 'comment', deletedComments),
  };
}

async function emptyTrashOf(context: Context, kind: TrashKind, store: TrashStore): Promise<number> {
  const before = new Date(context.now.getTime() - TRASH_DAYS * DAY_MS);
  const failed = new Map<number, unknown>();
  for (let removed = 0; ; ) {
    const expired = await store.findExpired(context.db, before, BATCH + failed.size);
    const ids = expired.filter((id) => !failed.has(id));
    for (const id of ids) {
      try {
        await inTransaction(context, async (trx) => {
          // It may have been restored meanwhile.
          if (!(await store.lock(trx.db, id, EVERYTHING))) return;
          await store.purge(trx.db, id);
          await record(trx, { action: `${kind}.purge`, id });
        });
        removed += 1;
      } catch (error) {
        // One item that fails, such as a huge one, must not block the others.
        failed.set(id, error);
      }
    }
    if (ids.length > 0) continue;
    if (failed.size === 0) return removed;
    throw new AggregateError(failed.values(), `${failed.size} of the trash could not be removed`);
  }
}

function expiryOf(deletedAt: string): string {
  return new Date(Date.parse(deletedAt) + TRASH_DAYS * DAY_MS).toISOString();
}
