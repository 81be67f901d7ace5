import type { Page } from '../../schemas/pages.js';
import type { PostListQuery, PostOrder } from '../../schemas/posts.js';
import type { Database } from '../db/database.js';
import { ApiError } from '../errors.js';
import { contentTag } from '../lib/entity-tag.js';
import * as store from '../stores/posts.js';
import { readerOf } from './editorship.js';
import { readPage } from './pages.js';
import type { Viewer } from './viewer.js';

const ORDERS: Record<PostOrder, store.PostSort | `-${store.PostSort}`> = {
  newest: '-listed_at',
  oldest: 'listed_at',
  popular: '-view_count',
  title: 'title',
};

/** The entity tag of a post: its version, and what is shown of others beside it. */
export function postTag(post: store.FullPost): string {
  return contentTag(post.version, post);
}

/**
 * One page of the posts that the query asks for, as far as the viewer may see them.
 *
 * @throws InvalidRequest if the cursor is not one of ours
 */
export function listPosts(
  db: Database,
  viewer: Viewer | null,
  { page, size, cursor, sort, month, ...exact }: PostListQuery,
): Promise<Page<store.PostRow>> {
  const filter = {
    ...exact,
    reader: readerOf(viewer),
    period: month === undefined ? undefined : periodOf(month),
  };
  return readPage(
    { page, size, cursor, sort: ORDERS[sort] },
    {
      list: (slice) => store.listPosts(db, filter, slice),
      count: () => store.countPosts(db, filter),
      sortKey: (post) => post.sort_key,
      isSortKey: store.isPostSortKey,
    },
  );
}

/** @throws ApiError not_found if there is no post with this number that the viewer may see */
export async function readPost(
  db: Database,
  viewer: Viewer | null,
  id: number,
): Promise<store.FullPost> {
  return found(await store.findPost(db, id, readerOf(viewer)));
}

/**
 * The post with this slug, be it the present one or one that it had: they can be told apart by the
 * slug of the answer.
 *
 * @throws ApiError not_found if there is none that the viewer may see
 */
export async function readPostBySlug(
  db: Database,
  viewer: Viewer | null,
  slug: string,
): Promise<store.FullPost> {
  return found(await store.findPostBySlug(db, slug, readerOf(viewer)));
}

function found(post: store.FullPost | null): store.FullPost {
  if (post === null) throw new ApiError('not_found');
  return post;
}

/** From the first moment of the month to the first of the next, in UTC. */
function periodOf(month: string): [Date, Date] {
  const begin = new Date(`${month}-01T00:00:00.000Z`);
  const end = new Date(begin);
  end.setUTCMonth(end.getUTCMonth() + 1);
  return [begin, end];
}
