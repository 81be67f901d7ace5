import { Feed } from 'feed';
import type { Author, Topic } from '#schemas/posts.js';
import { html } from '#src/lib/html.js';

/** What a feed shows of a post. */
export interface FeedPost {
  id: number;
  title: string;
  slug: string;
  summary: string;
  excerpt: string;
  /** Safe to show; null if the feed is to go without it. */
  content_html: string | null;
  author: Author | null;
  category: Topic | null;
  tags: Topic[];
  created_at: string;
  updated_at: string;
  published_at: string | null;
}

export interface FeedPlace {
  /** Where the feed itself is. */
  self: string;
  /** The address of what a person reads, with a slash at its end. */
  site: string;
  /** In front of the slug of a post. */
  posts: string;
}

/** What XML cannot hold (https://www.w3.org/TR/xml/#charsets), escaped or not. */
const FORBIDDEN = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const NAME = 'Althing';

/**
 * An Atom feed (RFC 4287). The ids of entries are tags (RFC 4151) by the host of the site, the day on
 * which a post was created, and its number: they stay when its title or slug changes.
 *
 * @param posts the newest first
 */
export function atomFeed(
  posts: readonly FeedPost[],
  { self, site, posts: prefix }: FeedPlace,
): string {
  const feed = new Feed({
    title: NAME,
    id: self,
    link: site,
    feed: self,
    // For entries whose author is gone, since each must have one.
    author: { name: NAME },
    generator: NAME,
    updated: new Date(Math.max(0, ...posts.map(changedAt))),
  });
  const { hostname } = new URL(site);
  for (const post of posts) {
    feed.addItem({
      title: html`${storable(post.title)}`.text,
      id: `tag:${hostname},${post.created_at.slice(0, 10)}:posts/${post.id}`,
      link: `${prefix}${post.slug}`,
      date: new Date(changedAt(post)),
      description: html`${storable(post.summary || post.excerpt)}`.text,
      category: [post.category ?? [], post.tags].flat().map(({ slug }) => ({ term: slug })),
      // The library ends a section of raw text at the first of these only.
      ...(post.content_html === null
        ? {}
        : { content: storable(post.content_html).replaceAll(']]>', ']]&gt;') }),
      ...(post.author === null ? {} : { author: [{ name: nameOf(post.author) }] }),
      ...(post.published_at === null ? {} : { published: new Date(post.published_at) }),
    });
  }
  return feed.atom1();
}

function changedAt({ updated_at, published_at }: FeedPost): number {
  return Math.max(Date.parse(updated_at), Date.parse(published_at ?? updated_at));
}

/** The library writes `&amp;` as `&`. */
function nameOf({ nickname, username }: Author): string {
  return storable(nickname || username).replaceAll('&', '&amp;');
}

function storable(text: string): string {
  return text.replace(FORBIDDEN, '');
}
