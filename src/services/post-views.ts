import { createHmac } from 'node:crypto';
import type { Database } from '../db/database.js';
import * as store from '../stores/post-views.js';

/** A visitor counts once for a post in this time. */
export const VISIT_MS = 30 * 60 * 1000;

/** Visits that wait to be counted, at most; with a hundred bytes each. */
const MAX_WAITING = 10_000;

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
 * memory until `flush` counts many of them in one statement; those of a failed one wait on.
 *
 * Visitors are told apart by a hash of address, browser and post under a secret key of the day. It
 * does not lead back to an address, nor from one post or day to another. Around midnight (UTC) a
 * visitor may count twice.
 */
export class PostViews {
  readonly #options: PostViewsOptions;
  /** By post and visitor. */
  #waiting = new Map<string, store.Visit>();
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
    if (this.#waiting.size >= MAX_WAITING) void this.flush();
  }

  /** Counts all visits that wait. Those that cannot be counted now stay. Does not fail. */
  async flush(): Promise<void> {
    // The one under way may have begun before the last visit.
    await this.#flushing;
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const visits = this.#waiting;
    if (visits.size === 0) return;
    this.#waiting = new Map();
    try {
      await store.countVisits(this.#options.db, [...visits.values()], VISIT_MS);
      if (this.#dropped > 0) {
        this.#options.log.warn({ visits: this.#dropped }, 'there was no room to count visits');
      }
      this.#dropped = 0;
    } catch (error) {
      this.#options.log.warn({ err: error, visits: visits.size }, 'could not count visits yet');
      // The earlier visit of the same visitor is the one that counts.
      this.#waiting = new Map([...this.#waiting, ...visits]);
    }
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
