import type { Page } from '#schemas/paging.js';
import {
  TRASH_DAYS,
  TRASH_KINDS,
  type TrashItem,
  type TrashKind,
  type TrashListQuery,
} from '#schemas/trash.js';
import type { ActingContext, Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { readPage } from '#src/lists/paging.js';
import type { TrashBin, TrashBins } from './trash-bin.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Number of items read at once. */
const BATCH = 100;

/**
 * Returns a page of what the viewer may restore of one kind.
 *
 * @throws InvalidRequest if the cursor is invalid
 */
export async function listTrash(
  { db, viewer }: ActingContext,
  bins: TrashBins,
  { kind, ...request }: TrashListQuery,
): Promise<Page<TrashItem>> {
  const bin = bins[kind];
  const page = await readPage(request, {
    list: (slice) => bin.list(db, viewer, slice),
    count: () => bin.count(db, viewer),
    sortKey: ({ deleted_at }) => deleted_at,
  });
  const items = page.items.map((row) => ({ kind, ...row, expires_at: expiryOf(row.deleted_at) }));
  return { ...page, items };
}

/**
 * Restores a deleted resource.
 *
 * @throws ApiError not_found unless the viewer may restore it; forbidden if they may restore
 *   nothing of this kind
 */
export function restore(
  context: ActingContext,
  bins: TrashBins,
  kind: TrashKind,
  id: number,
): Promise<void> {
  return onDeleted(context, bins[kind], id, async (trx, bin) => {
    const changed = await bin.restore(trx, id);
    await record(trx, { action: `${kind}.restore`, id, ...changed });
  });
}

/**
 * Deletes a resource in the trash permanently.
 *
 * @throws ApiError like `restore`
 */
export function purge(
  context: ActingContext,
  bins: TrashBins,
  kind: TrashKind,
  id: number,
): Promise<void> {
  return onDeleted(context, bins[kind], id, async (trx, bin) => {
    await bin.purge(trx, id);
    await record(trx, { action: `${kind}.purge`, id });
  });
}

/** Runs `work` with a resource that the viewer may restore, locked. @throws ApiError not_found */
function onDeleted(
  context: ActingContext,
  bin: TrashBin,
  id: number,
  work: (trx: ActingContext, bin: TrashBin) => Promise<void>,
): Promise<void> {
  return inTransaction(context, async (trx) => {
    if (!(await bin.lock(trx.db, id, context.viewer))) throw new ApiError('not_found');
    await work(trx, bin);
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
export async function emptyTrash(
  context: Context,
  bins: TrashBins,
): Promise<Partial<Record<TrashKind, number>>> {
  const removed: Partial<Record<TrashKind, number>> = {};
  for (const kind of TRASH_KINDS) removed[kind] = await emptyBin(context, kind, bins[kind]);
  return removed;
}

async function emptyBin(context: Context, kind: TrashKind, bin: TrashBin): Promise<number> {
  const before = new Date(context.now.getTime() - TRASH_DAYS * DAY_MS);
  const failed = new Map<number, unknown>();
  for (let removed = 0; ; ) {
    const expired = await bin.findExpired(context.db, before, BATCH + failed.size);
    const ids = expired.filter((id) => !failed.has(id));
    for (const id of ids) {
      try {
        await inTransaction(context, async (trx) => {
          // It may have been restored meanwhile.
          if (!(await bin.lock(trx.db, id, null))) return;
          await bin.purge(trx, id);
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
