import { atomFeed, type FeedPlace, type FeedPost } from '#src/articles/lib/atom-feed.js';
import { listNewestPosts } from '#src/articles/stores/posts.js';
import type { Read, SharedReads } from '#src/cache/shared-reads.js';
import { bodyTag } from '#src/lib/entity-tag.js';

/** How many posts the feed has. */
export const FEED_LENGTH = 20;

/** How many characters of HTML the feed has at most, so that no post makes it huge for everyone. */
export const MAX_FEED_HTML = 100_000;

/** For how many places a feed is kept, written as it is answered: anyone may ask for any host. */
const MAX_PLACES = 4;

type Document = Pick<Read<string>, 'value' | 'tag'>;

/** The newest published posts as an Atom feed. */
export class PostFeed {
  readonly #sharedReads: SharedReads;
  /** What was written of `#posts`, by the place, the oldest first. */
  readonly #documents = new Map<string, Document>();
  #posts: readonly FeedPost[] = [];

  constructor(sharedReads: SharedReads) {
    this.#sharedReads = sharedReads;
  }

  /** The posts that no longer fit are there without their text, which readers find at their link. */
  async read(place: FeedPlace): Promise<Read<string>> {
    const { value, ...read } = await this.#sharedReads.read('list', ['feed'], async (db, reader) =>
      withinLimit(await listNewestPosts(db, reader, FEED_LENGTH)),
    );
    return { ...read, ...this.#documentOf(value, place) };
  }

  #documentOf(posts: readonly FeedPost[], place: FeedPlace): Document {
    // What is kept is the same object each time.
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
