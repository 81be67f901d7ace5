import { createHmac } from 'node:crypto';
import * as store from '#src/articles/stores/post-views.js';
import type { Database } from '#src/db/database.js';

/** A visitor counts once for a post in this time. */
export const VISIT_MS = 30 * 60 * 1000;

/** Visits that wait to be counted, at most, with some hundred bytes each. */
const MAX_WAITING = 10_000;

/** How many are counted in one statement, and from how many on none waits any longer. */
const SLICE = 1000;

/** What is known of whoever reads. None of it is kept. */
export interface Visitor {
  address: string;
  userAgent: string | null;
}

export interface PostViewsOptions {
  db: Database;
  clock: () => Date;
  /** Makes names of visitors that nobody else can make. */
  secret: string;
  log: { warn(object: object, text: string): void };
}

/**
 * Counts who reads which post, each visitor once in half an hour across all processes. Visits wait in
 * memory until `flush` counts many of them in one statement; those of a failed one wait on. While
 * there is no room for more, further visits are not counted, and the log tells how many.
 *
 * Visitors are told apart by a hash of address, browser and post under a key of the day, which all
 * processes derive from the secret. To whoever has the database alone the hash tells neither the
 * address nor who read another post or came on another day. Whoever has the secret too can try
 * addresses and browsers until one fits, for as long as a visit is kept: at most an hour longer than
 * it counts. Around midnight (UTC) a visitor may count twice.
 */
export class PostViews {
  readonly #options: PostViewsOptions;
  /** By post and visitor, the oldest first; also those that are just being counted. */
  readonly #waiting = new Map<string, store.Visit>();
  #flushing: Promise<void> | null = null;
  /** Visits for which there was no room. */
  #dropped = 0;
  #key = { day: '', value: Buffer.alloc(0) };

  constructor(options: PostViewsOptions) {
    this.#options = options;
  }

  /** Notes a visit. Neither waits nor fails. */
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

  /** Counts all visits that wait now. Those that cannot be counted now stay. Does not fail. */
  async flush(): Promise<void> {
    // The one under way may have begun before the last visit.
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

  #hashOf(postId: number, { address, userAgent }: Visitor, at: Date): Buffer {
    const day = at.toISOString().slice(0, 10);
    if (this.#key.day !== day) {
      const value = createHmac('sha256', this.#options.secret)
        .update(`visitors of ${day}`)
        .digest();
      this.#key = { day, value };
    }
    const visitor = JSON.stringify([postId, address, userAgent]);
    return createHmac('sha256', this.#key.value).update(visitor).digest();
  }
}
