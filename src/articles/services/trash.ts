import { mayDo, type Viewer } from '#src/access/viewer.js';
import { findComment } from '#src/articles/stores/comments.js';
import { deletedComments } from '#src/articles/stores/deleted-comments.js';
import { deletedPosts } from '#src/articles/stores/deleted-posts.js';
import { findPost } from '#src/articles/stores/posts.js';
import type { TrashStore } from '#src/articles/stores/trash.js';
import type { Reader } from '#src/articles/stores/visibility.js';
import { ApiError } from '#src/errors.js';
import type { TrashBin } from '#src/trash/trash-bin.js';
import { emitComments, emitPostHead, emitWhole } from './events.js';
import { readerOf } from './policy.js';
import { republishRestored } from './post-publication.js';

/** The job may purge everything. */
const EVERYTHING = { kind: 'editor' } as const satisfies Reader;

/** Deleted posts: editors may restore all of them, authors their own that they deleted. */
export const postTrash = binOf(deletedPosts, {
  async restored(trx, id) {
    const changes = await republishRestored(trx, id);
    const post = await findPost(trx.db, id, EVERYTHING);
    if (post !== null) await emitWhole(trx, 'post.restored', post);
    return changes;
  },
  purged: (trx, id) =>
    emitPostHead(trx, 'post.purged', { id, version: null, author_id: null, isPublic: false }),
});

/** Deleted comments: editors may restore all of them, authors their own that they deleted. */
export const commentTrash = binOf(deletedComments, {
  async restored(trx, id) {
    const comment = await findComment(trx.db, id, EVERYTHING);
    if (comment !== null) await emitComments(trx, 'comment.restored', [comment]);
    return {};
  },
  purged: async () => undefined,
});

/** What follows from restoring or purging. */
interface Consequences {
  restored: TrashBin['restore'];
  purged: TrashBin['purge'];
}

function binOf(store: TrashStore, { restored, purged }: Consequences): TrashBin {
  return {
    list: (db, viewer, slice) => store.list(db, readerOf(viewer), slice),
    count: (db, viewer) => store.count(db, readerOf(viewer)),
    lock: (trx, id, viewer) => store.lock(trx, id, restorerOf(viewer)),
    async restore(trx, id) {
      await store.restore(trx.db, id);
      return restored(trx, id);
    },
    async purge(trx, id) {
      await store.purge(trx.db, id);
      await purged(trx, id);
    },
    findExpired: store.findExpired,
  };
}

function restorerOf(viewer: Viewer | null): Reader {
  if (viewer === null) return EVERYTHING;
  if (!mayDo(viewer, 'update')) throw new ApiError('forbidden');
  return readerOf(viewer);
}
