export interface QueuedLimiterOptions {
  /** Maximum number of concurrent entries, of all clients and of one. */
  places: number;
  placesPerClient: number;
  /** Maximum number of waiting entries, of all clients and of one. */
  waiting: number;
  waitingPerClient: number;
  /** Maximum milliseconds to wait. */
  patience: number;
}

/** Called with a function to leave with; null without a place. */
type Decide = (leave: (() => void) | null) => void;

interface Waiting {
  readonly client: string;
  /** When the wait ends, in milliseconds of `performance.now()`. */
  readonly until: number;
  readonly decide: Decide;
}

/**
 * Bounds the number of concurrent entries, and queues a bounded number of further ones. Each client
 * has a share of both, so that one client cannot take the places of all others.
 */
export class QueuedLimiter {
  readonly #options: QueuedLimiterOptions;
  /** Number of entries by client. */
  readonly #inside = new Map<string, number>();
  #total = 0;
  /** In the order of arrival, which is that of `until`, too. */
  readonly #queue: Waiting[] = [];
  /** Number of waiting entries by client. */
  readonly #waiting = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: QueuedLimiterOptions) {
    this.#options = options;
  }

  /** The number of entries that wait for a place. */
  get waitingCount(): number {
    return this.#queue.length;
  }

  /** Whether entries of the client wait for a place. */
  hasWaiting(client: string): boolean {
    return this.#waiting.has(client);
  }

  /** Same as `enter`, but does not wait. */
  enterNow(client: string): (() => void) | null {
    return this.#hasPlace(client) ? this.#take(client) : null;
  }

  /**
   * Waits for a place. Returns a function to leave with, which must be called and is idempotent;
   * null if too many are waiting, if none was free in time, or if `signal` is aborted before.
   */
  async enter(client: string, signal?: AbortSignal): Promise<(() => void) | null> {
    if (signal?.aborted) return null;
    if (this.#hasPlace(client)) return this.#take(client);
    return new Promise((resolve) => {
      const giveUp = this.wait(client, (leave) => {
        signal?.removeEventListener('abort', giveUp);
        resolve(leave);
      });
      signal?.addEventListener('abort', giveUp);
    });
  }

  /**
   * Waits for a place, like `enter`, without a promise: `decide` is called once, never at once.
   *
   * @returns a function that ends the wait without a place; it does nothing after the decision
   */
  wait(client: string, decide: Decide): () => void {
    const { waiting, waitingPerClient, patience } = this.#options;
    const own = this.#waiting.get(client) ?? 0;
    if (this.#queue.length >= waiting || own >= waitingPerClient) {
      queueMicrotask(() => decide(null));
      return () => undefined;
    }
    const place: Waiting = { client, until: performance.now() + patience, decide };
    this.#queue.push(place);
    this.#waiting.set(client, own + 1);
    this.#timer ??= this.#expireLater(patience);
    return () => {
      const index = this.#queue.indexOf(place);
      if (index >= 0) this.#remove(index).decide(null);
    };
  }

  /** All wait equally long, so one timer is enough. */
  #expireLater(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      const now = performance.now();
      const over: Waiting[] = [];
      while (this.#queue[0] !== undefined && this.#queue[0].until <= now) {
        over.push(this.#remove(0));
      }
      const [next] = this.#queue;
      this.#timer = next === undefined ? undefined : this.#expireLater(Math.ceil(next.until - now));
      for (const { decide } of over) decide(null);
    }, milliseconds);
  }

  #remove(index: number): Waiting {
    const [place] = this.#queue.splice(index, 1) as [Waiting];
    const rest = (this.#waiting.get(place.client) ?? 0) - 1;
    if (rest > 0) this.#waiting.set(place.client, rest);
    else this.#waiting.delete(place.client);
    return place;
  }

  #hasPlace(client: string): boolean {
    const { places, placesPerClient } = this.#options;
    return this.#total < places && (this.#inside.get(client) ?? 0) < placesPerClient;
  }

  #take(client: string): () => void {
    this.#total += 1;
    this.#inside.set(client, (this.#inside.get(client) ?? 0) + 1);
    let left = false;
    return () => {
      if (!left) this.#free(client);
      left = true;
    };
  }

  #free(client: string): void {
    this.#total -= 1;
    const rest = (this.#inside.get(client) ?? 0) - 1;
    if (rest > 0) this.#inside.set(client, rest);
    else this.#inside.delete(client);
    const index = this.#queue.findIndex((each) => this.#hasPlace(each.client));
    if (index < 0) return;
    const next = this.#remove(index);
    const leave = this.#take(next.client);
    // Not at once: entries that leave at once, too, would fill the stack.
    queueMicrotask(() => next.decide(leave));
  }
}
