import { randomUUID } from 'node:crypto';
import { Feed } from 'feed';
import type { Author, Topic } from '#schemas/posts.js';
import { html } from '#src/lib/html.js';
import { nameUuid } from '#src/lib/name-uuid.js';

/** The fields of a post that a feed contains. */
export interface FeedPost {
  id: number;
  title: string;
  slug: string;
  summary: string;
  excerpt: string;
  /** Sanitized HTML; null to leave out the content. */
  content_html: string | null;
  author: Author | null;
  category: Topic | null;
  tags: Topic[];
  created_at: string;
  updated_at: string;
  published_at: string | null;
}

export interface FeedPlace {
  /** The base URL of the web client, with a trailing slash; null if there is none. */
  client: string | null;
  /** A name of this installation, different from that of any other. */
  installation: string;
}

/** Characters that XML 1.0 forbids even when escaped: https://www.w3.org/TR/xml/#charsets */
const FORBIDDEN = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const NAME = 'Althing';

/**
 * Returns an Atom feed (RFC 4287). Nothing in it depends on the host that it was requested from.
 *
 * With a web client, links to posts lead to it, and the ids of entries are tag URIs (RFC 4151) made
 * of its host, the post's creation date and its id. Without one, links are relative to the feed, and
 * ids are UUIDs made of the installation and the post's id. Both survive changes of title and slug.
 *
 * @param posts newest first
 */
export function atomFeed(posts: readonly FeedPost[], { client, installation }: FeedPlace): string {
  // The library accepts only absolute URLs, so relative ones get a base that nothing else contains.
  const base = `http://${randomUUID()}.invalid/`;
  const feed = new Feed({
    title: NAME,
    id: client ?? `urn:uuid:${nameUuid(`${installation} feed`)}`,
    link: client ?? base,
    feed: `${base}feed.xml`,
    // Fallback for entries without an author, because Atom requires one.
    author: { name: NAME },
    generator: NAME,
    updated: new Date(Math.max(0, ...posts.map(changedAt))),
  });
  const prefix = client === null ? `${base}api/v1/posts/slug/` : `${client}posts/`;
  const idOf = ({ id, created_at }: FeedPost) =>
    client === null
      ? `urn:uuid:${nameUuid(`${installation} posts/${id}`)}`
      : `tag:${new URL(client).hostname},${created_at.slice(0, 10)}:posts/${id}`;
  for (const post of posts) {
    feed.addItem({
      title: html`${storable(post.title)}`.text,
      id: idOf(post),
      link: `${prefix}${post.slug}`,
      date: new Date(changedAt(post)),
      description: html`${storable(post.summary || post.excerpt)}`.text,
      category: [post.category ?? [], post.tags].flat().map(({ slug }) => ({ term: slug })),
      // The library escapes only the first `]]>` of a CDATA section.
      ...(post.content_html === null
        ? {}
        : { content: storable(post.content_html).replaceAll(']]>', ']]&gt;') }),
      ...(post.author === null ? {} : { author: [{ name: nameOf(post.author) }] }),
      ...(post.published_at === null ? {} : { published: new Date(post.published_at) }),
    });
  }
  return feed.atom1().replaceAll(base, './');
}

function changedAt({ updated_at, published_at }: FeedPost): number {
  return Math.max(Date.parse(updated_at), Date.parse(published_at ?? updated_at));
}

/** The library does not escape `&` in author names. */
function nameOf({ nickname, username }: Author): string {
  return storable(nickname || username).replaceAll('&', '&amp;');
}

function storable(text: string): string {
  return text.replace(FORBIDDEN, '');
}
