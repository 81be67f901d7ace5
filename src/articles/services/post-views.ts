import { createHmac } from 'node:crypto';
import * as store from '#src/articles/stores/post-views.js';
import type { Database } from '#src/db/database.js';
import { networkOf } from '#src/lib/network.js';

/** Milliseconds during which a visitor counts once per post. */
export const VISIT_MS = 30 * 60 * 1000;

/** Maximum number of buffered visits, at some hundred bytes each. */
const MAX_WAITING = 10_000;

/** Number of visits per statement; whenever that many are added, they are flushed. */
const SLICE = 1000;

/** What distinguishes visitors. It is never stored. */
export interface Visitor {
  /** IP address. Everyone in the same network (see `networkOf`) is one visitor. */
  address: string;
}

export interface PostViewsOptions {
  db: Database;
  clock: () => Date;
  /** Secret from which the keys for hashing visitors are derived. */
  secret: string;
  log: { warn(object: object, text: string): void };
}

/**
 * Counts views of posts, each network once per post in half an hour across all processes: what a
 * client can choose freely, such as its browser or an address within its network, does not make
 * another visitor. In half an hour, at most 10,000 visitors of a post and 100,000 of all posts are
 * counted; further ones are ignored until earlier ones are forgotten.
 *
 * Visits are buffered in memory until `flush` counts them in batches; if that fails, they stay
 * buffered. While the buffer is full, further visits are dropped, and the log says how many.
 *
 * Visitors are distinguished by an HMAC of network and post, with a daily key that all processes
 * derive from the secret. The database alone reveals neither the network nor whether the same
 * visitor read another post or came on another day. Anyone who also has the secret can try networks
 * until one matches, as long as a visit is stored: at most an hour longer than it counts. Around
 * midnight (UTC) a visitor may count twice.
 */
export class PostViews {
  readonly #options: PostViewsOptions;
  /** Buffered visits by hash of post and visitor, oldest first, including those being counted. */
  readonly #waiting = new Map<string, store.Visit>();
  #flushing: Promise<void> | null = null;
  /** Number of visits dropped because the buffer was full. */
  #dropped = 0;
  #key = { day: '', value: Buffer.alloc(0) };

  constructor(options: PostViewsOptions) {
    this.#options = options;
  }

  /** Buffers a visit. Returns immediately, and never throws. */
  count(postId: number, visitor: Visitor): void {
    const seenAt = this.#options.clock();
    const visitorHash = this.#hashOf(postId, visitor, seenAt);
    const name = visitorHash.toString('base64');
    if (this.#waiting.has(name)) return;
    if (this.#waiting.size >= MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.set(name, { postId, visitorHash, seenAt });
    if (this.#waiting.size % SLICE === 0) void this.flush();
  }

  /** Counts all buffered visits. Those that cannot be counted stay buffered. Never throws. */
  async flush(): Promise<void> {
    // A running flush may have started before the last visit.
    await this.#flushing;
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const { db, log } = this.#options;
    const visits = [...this.#waiting];
    try {
      for (let begin = 0; begin < visits.length; begin += SLICE) {
        const slice = visits.slice(begin, begin + SLICE);
        await store.countVisits(
          db,
          slice.map(([, visit]) => visit),
          VISIT_MS,
        );
        for (const [name] of slice) this.#waiting.delete(name);
      }
    } catch (error) {
      log.warn({ err: error, visits: this.#waiting.size }, 'could not save visits, retrying later');
      return;
    }
    if (this.#dropped > 0)
      log.warn({ visits: this.#dropped }, 'dropped visits: the buffer was full');
    this.#dropped = 0;
  }

  #hashOf(postId: number, { address }: Visitor, at: Date): Buffer {
    const day = at.toISOString().slice(0, 10);
    if (this.#key.day !== day) {
      const value = createHmac('sha256', this.#options.secret)
        .update(`visitors of ${day}`)
        .digest();
      this.#key = { day, value };
    }
    const visitor = JSON.stringify([postId, networkOf(address)]);
    return createHmac('sha256', this.#key.value).update(visitor).digest();
  }
}
