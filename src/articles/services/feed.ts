import { atomFeed, type FeedPost } from '#src/articles/lib/atom-feed.js';
import { listNewestPosts } from '#src/articles/stores/posts.js';
import type { Read, SharedReads } from '#src/cache/shared-reads.js';
import { installationTime } from '#src/db/installation.js';
import { bodyTag } from '#src/lib/entity-tag.js';

/** Number of posts in the feed. */
export const FEED_LENGTH = 20;

/**
 * Maximum characters of HTML in the feed, so that long posts do not make it huge for every reader.
 */
export const MAX_FEED_HTML = 100_000;

/** A character takes at most three bytes of UTF-8 for each unit of its length. */
const LIMITS = { limit: FEED_LENGTH, maxHtml: 3 * MAX_FEED_HTML };

type Document = Pick<Read<string>, 'value' | 'tag'>;

interface Content {
  posts: readonly FeedPost[];
  installation: string;
}

/** The newest published posts as an Atom feed. */
export class PostFeed {
  readonly #sharedReads: SharedReads;
  readonly #client: string | null;
  /** The serialized feed, and its content. */
  #last: { content: Content; document: Document } | null = null;

  /** @param clientUrl base URL of the web client that links lead to, if there is one */
  constructor(sharedReads: SharedReads, clientUrl: string | undefined) {
    this.#sharedReads = sharedReads;
    this.#client = clientUrl?.replace(/\/?$/, '/') ?? null;
  }

  /**
   * Returns the feed. Posts beyond `MAX_FEED_HTML` have no content; readers find it at their link.
   */
  async read(): Promise<Read<string>> {
    const { value, ...read } = await this.#sharedReads.read(
      'list',
      ['feed'],
      async (db, reader) => ({
        posts: withinLimit(await listNewestPosts(db, reader, LIMITS)),
        installation: await installationTime(db),
      }),
    );
    return { ...read, ...this.#documentOf(value) };
  }

  #documentOf(content: Content): Document {
    // Cached content is the same object on every read.
    if (this.#last?.content === content) return this.#last.document;
    const { posts, installation } = content;
    const xml = atomFeed(posts, { client: this.#client, installation });
    const document = { value: xml, tag: bodyTag(xml) };
    this.#last = { content, document };
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
