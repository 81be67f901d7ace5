import { atomFeed, type FeedPlace, type FeedPost } from '#src/articles/lib/atom-feed.js';
import { listNewestPosts } from '#src/articles/stores/posts.js';
import type { Read, SharedReads } from '#src/cache/shared-reads.js';
import { bodyTag } from '#src/lib/entity-tag.js';

/** Number of posts in the feed. */
export const FEED_LENGTH = 20;

/**
 * Maximum characters of HTML in the feed, so that long posts do not make it huge for every reader.
 */
export const MAX_FEED_HTML = 100_000;

/** A character takes at most three bytes of UTF-8 for each unit of its length. */
const LIMITS = { limit: FEED_LENGTH, maxHtml: 3 * MAX_FEED_HTML };

/** Maximum number of serialized feeds to cache; clients can request any host. */
const MAX_PLACES = 4;

type Document = Pick<Read<string>, 'value' | 'tag'>;

/** The newest published posts as an Atom feed. */
export class PostFeed {
  readonly #sharedReads: SharedReads;
  /** Serialized feeds of `#posts` by place, oldest first. */
  readonly #documents = new Map<string, Document>();
  #posts: readonly FeedPost[] = [];

  constructor(sharedReads: SharedReads) {
    this.#sharedReads = sharedReads;
  }

  /**
   * Returns the feed. Posts beyond `MAX_FEED_HTML` have no content; readers find it at their link.
   */
  async read(place: FeedPlace): Promise<Read<string>> {
    const { value, ...read } = await this.#sharedReads.read('list', ['feed'], async (db, reader) =>
      withinLimit(await listNewestPosts(db, reader, LIMITS)),
    );
    return { ...read, ...this.#documentOf(value, place) };
  }

  #documentOf(posts: readonly FeedPost[], place: FeedPlace): Document {
    // A cached list of posts is the same object on every read.
    if (posts !== this.#posts) this.#documents.clear();
    this.#posts = posts;
    const name = JSON.stringify(place);
    const known = this.#documents.get(name);
    if (known !== undefined) return known;
    const xml = atomFeed(posts, place);
    const document = { value: xml, tag: bodyTag(xml) };
    const [oldest] = this.#documents.keys();
    if (oldest !== undefined && this.#documents.size >= MAX_PLACES) this.#documents.delete(oldest);
    this.#documents.set(name, document);
    return document;
  }
}

function withinLimit(posts: readonly FeedPost[]): FeedPost[] {
  let left = MAX_FEED_HTML;
  return posts.map((post) => {
    const { length } = post.content_html ?? '';
    if (length > left) return { ...post, content_html: null };
    left -= length;
    return post;
  });
}
