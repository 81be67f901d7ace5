import { createCache } from 'async-cache-dedupe';
import type { Context } from '#src/access/context.js';
import type { Anonymous } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';
import { bodyTag } from '#src/lib/entity-tag.js';
import type { CurrentState } from './current-state.js';
import { Memory, type MemoryLimits, weigh } from './memory.js';
import type { RedisConnection } from './redis-client.js';

/** Lifetimes of cached values in seconds, accurate to about a second. */
export const LIFETIMES = { list: 60, item: 300, search: 60 } as const;
export type Kind = keyof typeof LIFETIMES;

const MIB = 1024 * 1024;

/**
 * What a process caches at most: 42 MiB in all, of which an eighth of a kind's share is the largest
 * value, and about as much for the JSON of the values (see `SharedJson`). The largest post takes 3
 * MiB, most values take a hundredth of that. Searches have a share
 * of their own, because anyone can think of any number of them, and are cached in memory only.
 */
const LIMITS: Record<Kind, MemoryLimits> = {
  list: { entries: 500, bytes: 10 * MIB },
  item: { entries: 250, bytes: 26 * MIB },
  search: { entries: 200, bytes: 6 * MIB },
};

/** The largest value to store in Redis, in bytes of memory. */
const MAX_STORED = 4 * MIB;

/** Cache key: the name of the read, and everything that its result depends on. */
export type Key = readonly [name: string, ...what: (string | number | object)[]];

/**
 * Reads public data: as an anonymous reader, and from the pool, which does not see uncommitted
 * changes.
 */
export type Load<T> = (db: Database, reader: Anonymous) => Promise<T>;

/** The result of a read. */
export interface Read<T> {
  readonly value: T;
  /** Strong entity tag (RFC 9110, section 8.8.3). */
  readonly tag: string;
  /** Whether the value came from the cache, or from a concurrent request for the same key. */
  readonly isHit: boolean;
  /** Whether the value is public. It is then shared by many requests, and frozen. */
  readonly isShared: boolean;
}

/** Wraps a value read for a single viewer, which is never cached. */
export function ownRead<T>(value: T, tagOf: (value: T) => string = bodyTag): Read<T> {
  return { value, tag: tagOf(value), isHit: false, isShared: false };
}

/** The context of a request that may be answered from the cache. */
export interface CachedContext extends Context {
  readonly sharedReads: SharedReads;
}

export interface SharedReadsOptions {
  db: Database;
  state: Pick<CurrentState, 'get' | 'start' | 'invalidate'>;
  redis: RedisConnection | null;
  /** In seconds; default {@link LIFETIMES}. */
  lifetimes?: Partial<Record<Kind, number>>;
  /** Default: {@link LIMITS}. */
  limits?: Partial<Record<Kind, MemoryLimits>>;
}

interface Entry {
  readonly value: unknown;
  readonly tag: string;
  /** When the read began, in milliseconds since 1970. */
  readonly at: number;
}

/** A strong entity tag (RFC 9110, section 8.8.3) in ASCII. */
const ENTITY_TAG = /^"[\x21\x23-\x7e]*"$/;

/** One call of `read`. */
interface Request {
  /** Identifies the entry: the state of the database and the key of the read. */
  readonly name: string;
  readonly load: () => Promise<Entry>;
  isLoaded: boolean;
}

type Find = (request: Request) => Promise<Entry>;

/**
 * A cache for public reads, in memory and, if configured, in Redis behind it. A cached value is
 * served until anything that it may depend on changes, or until its lifetime ends. The process that
 * made a change serves the new value immediately, others milliseconds later. Concurrent requests
 * for the same key share one read. Memory is limited by bytes; a value that is too large is not
 * cached, neither there nor in Redis.
 *
 * Nothing is cached or served from the cache while changes may be missed. Errors are not cached,
 * but reject every request that shares the read. If Redis is unavailable, each process uses its
 * memory alone. Malformed entries in Redis count as missing.
 *
 * @see https://github.com/mcollina/async-cache-dedupe
 */
export class SharedReads {
  readonly #options: SharedReadsOptions;
  readonly #lifetimes: Record<Kind, number>;
  readonly #kept: Record<Kind, Find>;
  /** Joins concurrent requests, without caching. */
  readonly #unkept: Find;

  constructor(options: SharedReadsOptions) {
    this.#options = options;
    this.#lifetimes = { ...LIFETIMES, ...options.lifetimes };
    this.#kept = {
      list: this.#keeping('list'),
      item: this.#keeping('item'),
      search: this.#keeping('search'),
    };
    this.#unkept = createCache().define('unkept', { serialize, ttl: 0 }, load).unkept;
  }

  /** Whether values are currently cached. */
  get isCaching(): boolean {
    return this.#options.state.get().isCertain;
  }

  /** Must be called after a possible local change, before the response is sent. */
  invalidate(): void {
    this.#options.state.invalidate();
  }

  /** @throws any error of `load` */
  async read<T>(
    kind: Kind,
    key: Key,
    load: Load<T>,
    tagOf: (value: T) => string = bodyTag,
  ): Promise<Read<T>> {
    const { db, state } = this.#options;
    state.start();
    const { name: current, isCertain } = state.get();
    const request: Request = {
      name: nameOf(current, key),
      isLoaded: false,
      async load() {
        const at = Date.now();
        const value = await load(db, { kind: 'public' });
        return { value, tag: tagOf(value), at };
      },
    };
    const find = isCertain ? this.#kept[kind] : this.#unkept;
    const { value, tag } = await find(request);
    // A key always belongs to the same `load`, so the entry has its type.
    return { value: value as T, tag, isHit: !request.isLoaded, isShared: true };
  }

  /** Reads through memory, then Redis or the database. */
  #keeping(kind: Kind): Find {
    const lifetime = this.#lifetimes[kind];
    const behind = this.#behind(kind);
    const memory = new Memory<Entry>({ ...LIMITS, ...this.#options.limits }[kind]);
    const joined = createCache().define(kind, { serialize, ttl: 0 }, async (request: Request) => {
      const entry = deepFreeze(await behind(request));
      memory.set(request.name, entry, secondsLeft(entry.at, lifetime));
      return entry;
    })[kind];
    return async (request) => memory.get(request.name) ?? joined(request);
  }

  #behind(kind: Kind): Find {
    const { redis } = this.#options;
    // Redis does not limit the number of keys, and anyone can think of any number of searches.
    if (redis === null || kind === 'search') return load;
    const { client, report } = redis;
    const log = {
      debug: ignore,
      warn: ignore,
      error: ({ err }: Record<string, unknown>) => report(err),
    };
    const cache = createCache({ storage: { type: 'redis', options: { client, log } } });
    const lifetime = this.#lifetimes[kind];
    const ttl = (entry: Entry) => (weigh(entry) > MAX_STORED ? 0 : lifetime);
    const find = cache.define(kind, { serialize, ttl }, load)[kind];
    return async (request) => {
      const found: unknown = await find(request);
      return isEntry(found) ? found : load(request);
    };
  }
}

const load: Find = (request) => {
  request.isLoaded = true;
  return request.load();
};

/** Whether the value looks like an entry; other programs may write to Redis too. */
function isEntry(found: unknown): found is Entry {
  if (typeof found !== 'object' || found === null || !('value' in found)) return false;
  const { tag, at } = found as Partial<Entry>;
  return typeof tag === 'string' && ENTITY_TAG.test(tag) && Number.isFinite(at);
}

/** Returns the same name for objects whose fields are in another order. */
function nameOf(state: string, key: Key): string {
  let name = state;
  for (const part of key) {
    name += typeof part === 'object' ? ` ${fieldsOf(part)}` : ` ${JSON.stringify(part)}`;
  }
  return name;
}

function fieldsOf(part: object): string {
  let fields = '';
  for (const name of Object.keys(part).sort()) {
    const value: unknown = part[name as keyof typeof part];
    if (value !== undefined) fields += `${JSON.stringify(name)}:${JSON.stringify(value)},`;
  }
  return `{${fields}}`;
}

function serialize({ name }: Request): string {
  return name;
}

/**
 * Returns the remaining lifetime in whole seconds. Entries from Redis carry the time at which
 * another process read them.
 */
function secondsLeft(at: number, lifetime: number): number {
  const seconds = Math.round(lifetime - (Date.now() - at) / 1000);
  return Math.min(Math.max(seconds, 0), lifetime);
}

function ignore(): void {}

/** Freezes a shared value, so that no request can modify it. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
