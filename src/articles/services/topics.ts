import { MAX_COUNTED, type Page } from '#schemas/paging.js';
import type { TopicListQuery, TopicPostsQuery, TopicSort } from '#schemas/topics.js';
import type { PostRow } from '#src/articles/stores/posts.js';
import * as store from '#src/articles/stores/topic-tables.js';
import type { Reader } from '#src/articles/stores/visibility.js';
import { type CachedContext, ownRead, type Read } from '#src/cache/shared-reads.js';
import type { Database } from '#src/db/database.js';
import { ApiError } from '#src/errors.js';
import { entityTag } from '#src/lib/entity-tag.js';
import { readPage } from '#src/lists/paging.js';
import { readSearch, type SearchContext } from '#src/lists/searches.js';
import { isEditor, readerOf } from './policy.js';
import { readPosts } from './posts.js';

/** Categories or tags. */
export interface TopicKind<Row extends store.TopicRow = store.TopicRow> {
  /** Resource type in the audit log, and the slug of a name that yields none. */
  noun: 'category' | 'tag';
  table: store.TopicTable<Row>;
  /** Called before the name is changed or deleted, in the same transaction. */
  beforeRename?(trx: Database, id: number): Promise<void>;
}

/** Returns the entity tag, which also changes with the number of posts. */
export function topicTag({ version, post_count }: store.TopicRow): string {
  return entityTag(version, String(post_count));
}

/**
 * Returns a page of the topics that match the query.
 *
 * @throws InvalidRequest if the cursor is invalid; ApiError too_busy if too many are searching
 */
export async function listTopics<Row extends store.TopicRow>(
  context: CachedContext & SearchContext,
  { noun, table }: TopicKind<Row>,
  query: TopicListQuery,
): Promise<Read<Page<Row>>> {
  const { db, viewer, sharedReads, runSearch } = context;
  const { q, slug, ...request } = query;
  const isSearch = store.isTopicSearch(query);
  const key = [`list of ${noun}`, query] as const;
  const load = (db: Database, reader: Reader): Promise<Page<Row>> =>
    readPage<store.ListedTopic<Row>, TopicSort>(request, {
      list: (slice) => store.listTopics(db, table, { reader, q, slug }, slice),
      count: () => store.countTopics(db, table, { reader, q, slug }),
      sortKey: ({ sort_key }) => sort_key,
      isSortKey: store.isTopicSortKey,
      ...(isSearch && { most: MAX_COUNTED }),
    });
  if (isEditor(viewer)) {
    const read = (connection: Database) => load(connection, readerOf(viewer));
    return ownRead(await (isSearch ? runSearch(db, read) : read(db)));
  }
  return isSearch ? readSearch(context, key, load) : sharedReads.read('list', key, load);
}

/** @throws ApiError not_found if it is not visible to the viewer */
export async function readTopic<Row extends store.TopicRow>(
  { db, viewer, sharedReads }: CachedContext,
  { noun, table }: TopicKind<Row>,
  id: number,
): Promise<Read<Row>> {
  const load = async (db: Database, reader: Reader) => {
    const topic = await store.findTopic(db, table, id, reader);
    if (topic === null) throw new ApiError('not_found');
    return topic;
  };
  if (isEditor(viewer)) return ownRead(await load(db, readerOf(viewer)), topicTag);
  return sharedReads.read('item', [noun, id], load, topicTag);
}

/**
 * Returns a page of the published posts of a category or tag.
 *
 * @throws ApiError not_found if the slug is unknown; InvalidRequest if the cursor is invalid
 */
export function listPostsOf<Row extends store.TopicRow>(
  { sharedReads }: CachedContext,
  { noun, table }: TopicKind<Row>,
  slug: string,
  query: TopicPostsQuery,
): Promise<Read<Page<PostRow>>> {
  return sharedReads.read('list', [`posts of ${noun}`, slug, query], async (db, reader) => {
    const page = await readPosts(db, reader, { ...query, status: 'published', [noun]: slug });
    // If there are posts, the slug exists.
    if (page.items.length === 0 && !(await store.hasSlug(db, table, slug, reader))) {
      throw new ApiError('not_found');
    }
    return page;
  });
}
