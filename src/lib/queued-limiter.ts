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

interface Waiting {
  readonly client: string;
  /** Ends the wait, with a function to leave with or without a place. */
  readonly end: (leave: (() => void) | null) => void;
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
  readonly #queue: Waiting[] = [];

  constructor(options: QueuedLimiterOptions) {
    this.#options = options;
  }

  /** The number of entries that wait for a place. */
  get waitingCount(): number {
    return this.#queue.length;
  }

  /** Whether entries of the client wait for a place. */
  hasWaiting(client: string): boolean {
    return this.#queue.some((each) => each.client === client);
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
    const { waiting, waitingPerClient, patience } = this.#options;
    const own = this.#queue.filter((each) => each.client === client).length;
    if (this.#queue.length >= waiting || own >= waitingPerClient) return null;
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#queue.splice(this.#queue.indexOf(place), 1);
        place.end(null);
      };
      const timer = setTimeout(giveUp, patience);
      const place: Waiting = {
        client,
        end(leave) {
          clearTimeout(timer);
          signal?.removeEventListener('abort', giveUp);
          resolve(leave);
        },
      };
      signal?.addEventListener('abort', giveUp);
      this.#queue.push(place);
    });
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
    const [next] = index < 0 ? [] : this.#queue.splice(index, 1);
    next?.end(this.#take(next.client));
  }
}
