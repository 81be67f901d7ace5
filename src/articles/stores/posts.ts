import { type RawBuilder, type Selectable, sql } from 'kysely';
import { MAX_COUNTED } from '#schemas/paging.js';
import type { PostStatus, PostSummary, Topic } from '#schemas/posts.js';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { fold } from '#src/lib/fold.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { countRows, cut, type Slice, widened } from '#src/lists/slices.js';
import { postMatches } from './post-vectors.js';
import { topicOf } from './topics.js';
import { isPostVisible, isVisibleDraft, type Reader } from './visibility.js';

type PostColumns = Selectable<Schema['posts']>;

/** Columns of a post in lists. */
const SUMMARY_COLUMNS = [
  'posts.id',
  'posts.title',
  'posts.slug',
  'posts.summary',
  'posts.excerpt',
  'posts.status',
  'posts.author_id',
  'posts.category_id',
  'posts.reading_minutes',
  'posts.published_at',
  'posts.created_at',
  'posts.updated_at',
  'posts.version',
] as const;

/** A post in a list, with its sort key. */
export type PostRow = PostSummary & {
  version: number;
  author_id: number | null;
  sort_key: string | number;
};

/** A post with its content. */
export type FullPost = Omit<PostRow, 'sort_key'> &
  Pick<PostColumns, 'content' | 'content_html' | 'category_id'>;

export interface PostFilter {
  reader: Reader;
  status: PostStatus;
  /** Search query. */
  q?: string | undefined;
  /** Slug of a tag; `category` is the slug of a category. */
  tag?: string | undefined;
  category?: string | undefined;
  /** Username of the author. */
  author?: string | undefined;
  /** Publication period: start (inclusive) and end (exclusive). */
  period?: readonly [Date, Date] | undefined;
}

/** Sort keys: publication time (creation time for drafts), number of views, title. */
export type PostSort = 'listed_at' | 'view_count' | 'title';

const SORT_COLUMNS: Record<PostSort, RawBuilder<string | number>> = {
  listed_at: sql`posts.listed_at`,
  view_count: sql`post_views.view_count`,
  title: sql`lower(posts.title) collate "C"`,
};

/** Whether the key is valid for this sort order, to check cursors. */
export function isPostSortKey(key: string | number, sort: PostSort): boolean {
  if (sort === 'view_count') return typeof key === 'number';
  return typeof key === 'string' && (sort === 'title' || isTimestamp(key));
}

/** Returns a slice of the posts that match the filter, sorted, with a single statement. */
export async function listPosts(
  db: Database,
  filter: PostFilter,
  slice: Slice<PostSort>,
): Promise<PostRow[]> {
  const column = SORT_COLUMNS[slice.sort];
  const found = db
    .selectFrom('posts')
    .$if(slice.sort === 'view_count', (query) =>
      query.innerJoin('post_views', 'post_views.post_id', 'posts.id'),
    )
    .select(SUMMARY_COLUMNS)
    .select(column.as('sort_key'))
    .where(matches(filter));
  const direction = slice.descending ? 'desc' : 'asc';
  const [inner, skipped] = isPostSearch(filter) ? [widened(slice), slice.offset ?? 0] : [slice, 0];
  // Joined fields are read for the slice only, not for skipped rows.
  const posts = db
    .with(
      (cte) => cte('found').materialized(),
      () => cut(found, inner, column),
    )
    .selectFrom('found')
    .selectAll()
    .orderBy('found.sort_key', direction)
    .orderBy('found.id', direction)
    .limit(sql.lit(slice.limit))
    .offset(skipped)
    .as('posts');
  const rows = await db
    .selectFrom(posts)
    .select([...SUMMARY_COLUMNS, 'posts.sort_key'])
    .select(relations)
    .orderBy('posts.sort_key', direction)
    .orderBy('posts.id', direction)
    .execute();
  return rows;
}

/** Counts the posts that match the filter, like `countRows`; a search at most `MAX_COUNTED`. */
export function countPosts(db: Database, filter: PostFilter): Promise<number> {
  const found = db.selectFrom('posts').select('posts.id').where(matches(filter));
  // This order has an index, so the scan ends once enough posts are found.
  const inOrder = found.orderBy('posts.listed_at', 'desc');
  if (isPostSearch(filter)) return countRows(db, inOrder, MAX_COUNTED);
  // Those with a tag are found by its own index, in another order.
  return countRows(db, filter.tag === undefined ? inOrder : found);
}

/** A post with its HTML; null if it is too long. */
export type NewestPost = Omit<FullPost, 'content' | 'content_html'> & {
  content_html: string | null;
};

/**
 * Returns the newest published posts with their HTML.
 *
 * @param maxHtml maximum size of the HTML of one post in bytes; longer HTML is not read
 */
export function listNewestPosts(
  db: Database,
  reader: Reader,
  { limit, maxHtml }: { limit: number; maxHtml: number },
): Promise<NewestPost[]> {
  const isShort = sql<boolean>`octet_length(posts.content_html) <= ${maxHtml}`;
  return db
    .selectFrom('posts')
    .select(SUMMARY_COLUMNS)
    .select(sql<string | null>`case when ${isShort} then posts.content_html end`.as('content_html'))
    .select(relations)
    .where(isPostVisible(reader))
    .where('posts.published_at', 'is not', null)
    .orderBy('posts.listed_at', 'desc')
    .orderBy('posts.id', 'desc')
    .limit(limit)
    .execute();
}

/** Whether the filter searches for words. */
export function isPostSearch({ q }: Pick<PostFilter, 'q'>): boolean {
  return q !== undefined && q.trim() !== '';
}

/** Returns the post, or null if it is not visible to the reader. */
export async function findPost(db: Database, id: number, reader: Reader): Promise<FullPost | null> {
  const row = await selectFull(db)
    .where('posts.id', '=', id)
    .where(isPostVisible(reader))
    .executeTakeFirst();
  return row ?? null;
}

/** Columns that decide which of several posts a slug leads to. */
const DECIDING = sql`id, slug, author_id, published_at, deleted_at`;

/**
 * Returns the published post with this current or former slug. If there is none, returns a draft
 * that is visible to the reader, one of their own first; null if there is none either.
 */
export async function findPostBySlug(
  db: Database,
  slug: string,
  reader: Reader,
): Promise<FullPost | null> {
  const led = sql`(select post_id from post_slugs where slug = ${slug})`;
  const id =
    reader.kind === 'public'
      ? led
      : sql`(
          select found.id from (
            select ${DECIDING} from posts where id = ${led}
            union
            select ${DECIDING} from posts
            where slug collate "C" = ${slug} and published_at is null and deleted_at is null
          ) as found
          where ${isPostVisible(reader, 'found')}
          order by found.published_at is null, found.slug <> ${slug},
            found.author_id is distinct from ${reader.id ?? null}, found.id
          limit 1)`;
  const row = await selectFull(db)
    .where(sql<boolean>`posts.id = ${id}`)
    .where(isPostVisible(reader))
    .executeTakeFirst();
  return row ?? null;
}

function selectFull(db: Database) {
  return db
    .selectFrom('posts')
    .select(SUMMARY_COLUMNS)
    .select(['posts.content', 'posts.content_html'])
    .select(relations);
}

/** SQL for the number of views of a row of `posts`. */
export const viewCountOfPost = sql<number>`(
  select post_views.view_count from post_views where post_views.post_id = posts.id)`;

/**
 * SQL for the number of comments of a row of `posts` that everyone sees: approved ones, without
 * placeholders.
 */
export const commentCountOfPost = sql<number>`(
  select count(*) from comments
  where comments.post_id = posts.id and comments.is_approved and comments.deleted_at is null)`;

/** Columns of a post that come from other tables: author, category, tags and counts. */
export function relations() {
  const category = sql<Topic | null>`(
    select ${topicOf('categories')} from categories where categories.id = posts.category_id)`;
  const tags = sql<Topic[]>`(
    select coalesce(
      jsonb_agg(${topicOf('tags')} order by tags.name_folded), '[]')
    from post_tags join tags on tags.id = post_tags.tag_id where post_tags.post_id = posts.id)`;
  return [
    authorIn('posts.author_id').as('author'),
    category.as('category'),
    tags.as('tags'),
    viewCountOfPost.as('view_count'),
    commentCountOfPost.as('comment_count'),
  ] as const;
}

/** SQL condition: the post, with this status, has a tag with this slug. */
function hasTag(slug: string, status: PostStatus): RawBuilder<boolean> {
  // Several private tags may have the slug.
  const ids =
    status === 'draft'
      ? sql`any (array(select id from tags where slug collate "C" = ${slug}))`
      : sql`(select id from tags where slug collate "C" = ${slug} and not is_private)`;
  return sql<boolean>`posts.id in (select post_id from post_tags where tag_id = ${ids})`;
}

function matches({ reader, status, q, tag, category, author, period }: PostFilter) {
  const conditions = [
    status === 'draft' ? isVisibleDraft(reader) : isPostVisible({ kind: 'public' }),
    ...(q === undefined || q.trim() === '' ? [] : [postMatches(q)]),
    ...(tag === undefined ? [] : [hasTag(fold(tag), status)]),
    ...(category === undefined
      ? []
      : [
          sql<boolean>`posts.category_id =
            (select id from categories where slug collate "C" = ${fold(category)})`,
        ]),
    ...(author === undefined
      ? []
      : [
          sql<boolean>`posts.author_id =
            (select id from users where username_folded = ${fold(author)})`,
        ]),
    ...(period === undefined
      ? []
      : [
          sql<boolean>`posts.listed_at >= ${period[0].toISOString()}
            and posts.listed_at < ${period[1].toISOString()}`,
        ]),
  ];
  return sql<boolean>`${sql.join(conditions, sql` and `)}`;
}
