import { createCache } from 'async-cache-dedupe';
import type { Context } from '#src/access/context.js';
import type { Anonymous } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';
import { bodyTag } from '#src/lib/entity-tag.js';
import type { CurrentState } from './current-state.js';
import type { RedisConnection } from './redis-client.js';

/** Seconds for which something is kept, give or take the one that the library counts in. */
export const LIFETIMES = { list: 60, item: 300 } as const;
export type Kind = keyof typeof LIFETIMES;

/** How many of each a process keeps. The largest have about 300 KB and 1 MB, most a hundredth. */
const SIZES: Record<Kind, number> = { list: 500, item: 250 };

/** Names what is read, by its first word, and with everything that it depends on. */
export type Key = readonly [name: string, ...what: (string | number | object)[]];

/**
 * Reads what everyone may see: as an anonymous reader, and from the pool, which sees nothing of an
 * uncommitted transaction.
 */
export type Load<T> = (db: Database, reader: Anonymous) => Promise<T>;

/** What was read. */
export interface Read<T> {
  readonly value: T;
  /** A strong entity tag (RFC 9110, section 8.8.3). */
  readonly tag: string;
  /** Whether it was kept, or another request was just reading it. */
  readonly isHit: boolean;
  /** Whether it is the same for everyone. It belongs to many then, and cannot be changed. */
  readonly isShared: boolean;
}

/** What was read for one viewer alone, and is not kept. */
export function ownRead<T>(value: T, tagOf: (value: T) => string = bodyTag): Read<T> {
  return { value, tag: tagOf(value), isHit: false, isShared: false };
}

/** The context of a request that may be answered from the cache. */
export interface CachedContext extends Context {
  readonly sharedReads: SharedReads;
}

export interface SharedReadsOptions {
  db: Database;
  state: Pick<CurrentState, 'get' | 'start' | 'changedHere'>;
  redis: RedisConnection | null;
  /** Seconds. */
  lifetimes?: Record<Kind, number>;
}

interface Entry {
  readonly value: unknown;
  readonly tag: string;
  /** When reading began, in milliseconds since 1970. */
  readonly at: number;
}

/** A strong one (RFC 9110, section 8.8.3), of what a header can hold. */
const ENTITY_TAG = /^"[\x21\x23-\x7e]*"$/;

/** One call of `read`. State and key are what its entry is found by. */
interface Request {
  readonly state: string;
  readonly key: Key;
  readonly load: () => Promise<Entry>;
  isLoaded: boolean;
}

type Find = (request: Request) => Promise<Entry>;

/**
 * Reads through memory, and through Redis behind it, if there is one: what was read is shown to
 * everyone until something that it may depend on changes, or until its lifetime ends. The process
 * that made a change shows it from then on, the others as soon as they hear of it: milliseconds
 * later. However many ask this process for the same at once, it is read once.
 *
 * While changes may be missed nothing is kept or shown again. What fails is not kept, and fails all
 * who wait for it. Redis may be gone or frozen: then each process keeps on its own what it reads. What
 * is in Redis and does not look like what was put there counts as missing.
 *
 * @see https://github.com/mcollina/async-cache-dedupe
 */
export class SharedReads {
  readonly #options: SharedReadsOptions;
  readonly #lifetimes: Record<Kind, number>;
  readonly #kept: Record<Kind, Find>;
  /** Joins requests for the same, and keeps nothing. */
  readonly #unkept: Find;

  constructor(options: SharedReadsOptions) {
    this.#options = options;
    this.#lifetimes = options.lifetimes ?? LIFETIMES;
    this.#kept = { list: this.#keeping('list'), item: this.#keeping('item') };
    this.#unkept = createCache().define('unkept', { serialize, ttl: 0 }, load).unkept;
  }

  /** Whether what is read now is kept. */
  get isKeeping(): boolean {
    return this.#options.state.get().isCertain;
  }

  /** To be called when this process may have changed something, before anyone is told of it. */
  changedHere(): void {
    this.#options.state.changedHere();
  }

  /** @throws whatever `load` throws */
  async read<T>(
    kind: Kind,
    key: Key,
    load: Load<T>,
    tagOf: (value: T) => string = bodyTag,
  ): Promise<Read<T>> {
    const { db, state } = this.#options;
    state.start();
    const { name, isCertain } = state.get();
    const request: Request = {
      state: name,
      key,
      isLoaded: false,
      async load() {
        const at = Date.now();
        const value = await load(db, { kind: 'public' });
        return { value, tag: tagOf(value), at };
      },
    };
    const find = isCertain ? this.#kept[kind] : this.#unkept;
    const { value, tag } = await find(request);
    // A key stands for one thing, so what is under it is what `load` would have found.
    return { value: value as T, tag, isHit: !request.isLoaded, isShared: true };
  }

  /** Through memory, and what is behind it. */
  #keeping(kind: Kind): Find {
    const lifetime = this.#lifetimes[kind];
    const behind = this.#behind(kind);
    const find: Find = async (request) => deepFreeze(await behind(request));
    const options = {
      serialize,
      ttl: ({ at }: Entry) => secondsLeft(at, lifetime),
      storage: { type: 'memory', options: { size: SIZES[kind] } },
    } as const;
    return createCache().define(kind, options, find)[kind];
  }

  #behind(kind: Kind): Find {
    const { redis } = this.#options;
    if (redis === null) return load;
    const { client, report } = redis;
    const log = {
      debug: ignore,
      warn: ignore,
      error: ({ err }: Record<string, unknown>) => report(err),
    };
    const cache = createCache({ storage: { type: 'redis', options: { client, log } } });
    const find = cache.define(kind, { serialize, ttl: this.#lifetimes[kind] }, load)[kind];
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

/** Whether it was put there by `load`, as far as can be seen: others may write to Redis too. */
function isEntry(found: unknown): found is Entry {
  if (typeof found !== 'object' || found === null || !('value' in found)) return false;
  const { tag, at } = found as Partial<Entry>;
  return typeof tag === 'string' && ENTITY_TAG.test(tag) && Number.isFinite(at);
}

function serialize({ state, key }: Request): object {
  return { state, key };
}

/** Whole seconds. What came from Redis has already lived, by the clock of whoever put it there. */
function secondsLeft(at: number, lifetime: number): number {
  const seconds = Math.round(lifetime - (Date.now() - at) / 1000);
  return Math.min(Math.max(seconds, 0), lifetime);
}

function ignore(): void {}

/** What belongs to many must not be changed by one. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
