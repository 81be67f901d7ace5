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

const DAY_MS = 24 * 60 * 60 * 1000;

/** A job restores and removes whatever there is. */
const EVERYBODY = { kind: 'editor' } as const;

/** How many are looked up at once. */
const BATCH = 100;

const STORES: Record<TrashKind, TrashStore> = { post: deletedPosts, comment: deletedComments };

/**
 * One page of what was deleted: what the viewer deleted of their own, for editors everything.
 *
 * @throws InvalidRequest if the cursor is not one of ours
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

/** @throws ApiError not_found if there is no such thing in the trash that the viewer may restore */
export const restore = trashAction('restore');

/**
 * Removes it for good.
 *
 * @throws ApiError not_found if there is no such thing in the trash that the viewer may remove
 */
export const purge = trashAction('purge');

/** Whoever deleted something of their own may do it; to what editors deleted, only editors. */
function trashAction(verb: 'restore' | 'purge') {
  return (context: ActingContext, kind: TrashKind, id: number): Promise<void> =>
    inTransaction(context, async (trx) => {
      const store = STORES[kind];
      if (!(await store.lock(trx.db, id, readerOf(trx.viewer)))) throw new ApiError('not_found');
      await store[verb](trx.db, id);
      await record(trx, { action: `${kind}.${verb}`, id });
    });
}

/**
 * Removes for good what was deleted too long ago, each by itself.
 *
 * @returns how many of each kind
 * @throws AggregateError of what could not be removed, when the rest was
 */
export async function emptyTrash(context: Context): Promise<Record<TrashKind, number>> {
  // Posts first: with a post its comments go.
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
          // Somebody may have restored it in the meantime.
          if (!(await store.lock(trx.db, id, EVERYBODY))) return;
          await store.purge(trx.db, id);
          await record(trx, { action: `${kind}.purge`, id });
        });
        removed += 1;
      } catch (error) {
        // One that is too large keeps none of the others.
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
