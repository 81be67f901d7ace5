// The posts of all peers on Node: JSON as the service's, over the same statements.
import { rowsOf } from './database.mjs';
import { pagesOf, totalOf } from './totals.mjs';

const SIZE = 10;

/** Returns a page of the published posts, newest first, with the total, if it is known. */
export async function pageOfPosts(page) {
  const offset = (page - 1) * SIZE;
  const [rows, [{ count }]] = await Promise.all([
    rowsOf('posts-page', [offset, 0]),
    rowsOf('posts-count', []),
  ]);
  const total = totalOf(count);
  return {
    items: rows.slice(0, SIZE).map(summaryOf),
    total,
    page,
    size: SIZE,
    pages: pagesOf(total, SIZE),
    has_next: rows.length > SIZE,
    has_prev: page > 1,
    next_cursor: cursorAfter(rows),
  };
}

/** Returns the published post with this slug, or undefined. */
export async function findPost(slug) {
  const [row] = await rowsOf('post-by-slug', [slug]);
  if (row === undefined) return undefined;
  const { content, content_html } = row;
  return { ...summaryOf(row), content, content_html };
}

function cursorAfter(rows) {
  if (rows.length <= SIZE) return null;
  const { sort_key, id } = rows[SIZE - 1];
  return Buffer.from(JSON.stringify(['-listed_at', sort_key, id])).toString('base64url');
}

function summaryOf(post) {
  return {
    id: post.id,
    title: post.title,
    slug: post.slug,
    summary: post.summary,
    excerpt: post.excerpt,
    status: post.status,
    author: post.author,
    category: post.category,
    tags: post.tags,
    reading_minutes: post.reading_minutes,
    view_count: post.view_count,
    comment_count: post.comment_count,
    published_at: post.published_at,
    created_at: post.created_at,
    updated_at: post.updated_at,
  };
}
