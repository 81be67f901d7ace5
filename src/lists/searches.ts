import type { Page } from '#schemas/paging.js';
import type { Context } from '#src/access/context.js';
import type { CachedContext, Key, Load, Read } from '#src/cache/shared-reads.js';
import type { Database } from '#src/db/database.js';
import { withStatementTimeout } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { networkOf } from '#src/lib/network.js';
import { QueuedLimiter } from '#src/lib/queued-limiter.js';

/** Maximum milliseconds that a search waits for others, and that a statement of it takes. */
const TIMEOUT_MS = 5000;

const MAX_PLACES = 4;
const WAITING = 32;
const WAITING_PER_CLIENT = 8;

/** Maximum number of attempts of a request that shares the search of another one. */
const MAX_ATTEMPTS = 3;

export interface SearchesOptions {
  /** Maximum number of connections of the pool that searches use. */
  poolSize: number;
  /** Timeout of other statements in milliseconds; that of searches is at most half of it. */
  statementTimeout: number;
  /**
   * Maximum milliseconds that a search waits for others, and that a statement of it takes. Default:
   * five seconds.
   */
  timeout?: number | undefined;
}

/** Who searches. */
export interface Searcher {
  /** IP address; all within one subscriber's network share places. */
  address: string;
  /** Aborted when the client disconnects. */
  signal: AbortSignal;
}

/** The context of a request that searches. */
export interface SearchContext extends Context {
  /**
   * Runs a search on a connection of `db`, the pool, when there is a place for the client. Each
   * statement has a timeout of a few seconds.
   *
   * @throws ApiError too_busy if there is no place, or none in time
   */
  readonly runSearch: <T>(db: Database, work: (db: Database) => Promise<T>) => Promise<T>;
}

/**
 * The searches of a process. A search costs more than other reads, so only a few run at once, on a
 * quarter of the pool's connections, and a few more wait. A subscriber's network gets half of the
 * places.
 *
 * A search keeps its place until its last statement ends, even if the client is gone: otherwise a
 * client that disconnects at once could start any number. One that still waits is forgotten.
 */
export class Searches {
  readonly #limiter: QueuedLimiter;
  readonly #timeout: number;

  constructor({ poolSize, statementTimeout, timeout = TIMEOUT_MS }: SearchesOptions) {
    this.#timeout = Math.min(timeout, statementTimeout / 2);
    const places = Math.min(MAX_PLACES, Math.max(1, Math.floor(poolSize / 4)));
    this.#limiter = new QueuedLimiter({
      places,
      placesPerClient: Math.ceil(places / 2),
      waiting: WAITING,
      waitingPerClient: WAITING_PER_CLIENT,
      patience: this.#timeout,
    });
  }

  /** The number of searches that wait for a place. */
  get waitingCount(): number {
    return this.#limiter.waitingCount;
  }

  /**
   * @param db the pool
   * @throws ApiError too_busy if there is no place, or none in time
   */
  async run<T>(
    { address, signal }: Searcher,
    db: Database,
    work: (db: Database) => Promise<T>,
  ): Promise<T> {
    const leave = await this.#limiter.enter(networkOf(address), signal);
    if (leave === null) throw new ApiError('too_busy');
    try {
      return await withStatementTimeout(db, this.#timeout, work);
    } finally {
      leave();
    }
  }
}

/**
 * Runs a public search through the cache, in a place of the client that asks first. A request that
 * shares the search of another one, which is refused or disconnects, tries again in its own place.
 *
 * @param key must be bounded in length
 * @throws ApiError too_busy if there is no place, or none in time
 */
export async function readSearch<T>(
  { sharedReads, runSearch }: CachedContext & SearchContext,
  key: Key,
  load: Load<T>,
): Promise<Read<T>> {
  for (let attempt = 1; ; attempt += 1) {
    let isOwn = false;
    try {
      return await sharedReads.read('search', key, (db, reader) => {
        isOwn = true;
        return runSearch(db, (connection) => load(connection, reader));
      });
    } catch (error) {
      if (isOwn || attempt === MAX_ATTEMPTS || !isRefusal(error)) throw error;
    }
  }
}

/**
 * Returns the number of the page to read: all pages after the last possible one are the same, and
 * empty.
 *
 * @param most maximum number of results
 */
export function nearestPage(page: number, size: number, most: number): number {
  return Math.min(page, Math.ceil(most / size) + 1);
}

/** Returns a page of the results of a search, which have no cursor. */
export function resultPage<T>(
  items: T[],
  total: number,
  { page, size }: { page: number; size: number },
): Page<T> {
  return {
    items,
    total,
    page,
    size,
    pages: Math.ceil(total / size),
    has_next: page * size < total,
    has_prev: page > 1,
    next_cursor: null,
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'too_busy';
}
