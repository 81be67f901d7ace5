import type { Page } from '../../schemas/pages.js';
import type { TopicListQuery, TopicPostsQuery, TopicSort } from '../../schemas/topics.js';
import type { Read, SharedReads } from '../cache/shared-reads.js';
import type { Database } from '../db/database.js';
import { ApiError } from '../errors.js';
import { entityTag } from '../lib/entity-tag.js';
import type { PostRow } from '../stores/posts.js';
import * as store from '../stores/topic-tables.js';
import { readPage } from './pages.js';
import { readPosts } from './posts.js';

/** Categories or tags. */
export interface TopicKind<Row extends store.TopicRow = store.TopicRow> {
  /** What the audit log calls one, and the slug of one with a name of which none can be made. */
  noun: 'category' | 'tag';
  table: store.TopicTable<Row>;
  /** What follows when its name is lost: in the transaction of the change, before it is. */
  beforeNameGoes?(trx: Database, id: number): Promise<void>;
}

/** The entity tag: of the version, and of the number of posts, which changes without one. */
export function topicTag({ version, post_count }: store.TopicRow): string {
  return entityTag(version, String(post_count));
}

/** @throws InvalidRequest if the cursor is not one of ours */
export function listTopics<Row extends store.TopicRow>(
  sharedReads: SharedReads,
  { noun, table }: TopicKind<Row>,
  query: TopicListQuery,
): Promise<Read<Page<Row>>> {
  const { q, slug, ...request } = query;
  const filter = { q, slug };
  return sharedReads.read<Page<Row>>('list', [`list of ${noun}`, query], (db) =>
    readPage<store.ListedTopic<Row>, TopicSort>(request, {
      list: (slice) => store.listTopics(db, table, filter, slice),
      count: () => store.countTopics(db, table, filter),
      sortKey: ({ sort_key }) => sort_key,
      isSortKey: store.isTopicSortKey,
    }),
  );
}

/** @throws ApiError not_found */
export function readTopic<Row extends store.TopicRow>(
  sharedReads: SharedReads,
  { noun, table }: TopicKind<Row>,
  id: number,
): Promise<Read<Row>> {
  const load = async (db: Database) => {
    const topic = await store.findTopic(db, table, id);
    if (topic === null) throw new ApiError('not_found');
    return topic;
  };
  return sharedReads.read('item', [noun, id], load, topicTag);
}

/**
 * One page of the published posts of a category or tag.
 *
 * @throws ApiError not_found if nothing has this slug; InvalidRequest if the cursor is not one of ours
 */
export function listPostsOf(
  sharedReads: SharedReads,
  { noun, table }: Pick<TopicKind, 'noun'> & { table: store.NamedTable },
  slug: string,
  query: TopicPostsQuery,
): Promise<Read<Page<PostRow>>> {
  return sharedReads.read('list', [`posts of ${noun}`, slug, query], async (db, reader) => {
    const page = await readPosts(db, reader, { ...query, status: 'published', [noun]: slug });
    // Where there are posts, there is what they belong to.
    if (page.items.length === 0 && !(await store.hasSlug(db, table, slug))) {
      throw new ApiError('not_found');
    }
    return page;
  });
}
