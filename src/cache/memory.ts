import { LRUCache } from 'lru-cache';

export interface MemoryLimits {
  /** Maximum number of entries. */
  entries: number;
  /** Maximum size of all entries in bytes of memory. */
  bytes: number;
}

/** A larger entry than this part of the whole is not kept: it would displace many others. */
const LARGEST_PART = 1 / 8;

/** Estimated bytes of a string, an object and a property, beside their contents. */
const STRING = 24;
const OBJECT = 64;
const PROPERTY = 16;

/**
 * Keeps cached values in memory, up to a number of entries and of bytes; the least recently used
 * ones are dropped. Values that are too large are not kept.
 */
export class Memory<Value extends object> {
  readonly #entries: LRUCache<string, Value>;

  constructor({ entries, bytes }: MemoryLimits) {
    this.#entries = new LRUCache({
      max: entries,
      maxSize: bytes,
      maxEntrySize: Math.floor(bytes * LARGEST_PART),
      sizeCalculation: (value, key) => weigh(key) + weigh(value),
    });
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** @param lifetime in seconds; a value without one is not kept */
  set(key: string, value: Value, lifetime: number): void {
    if (lifetime > 0) this.#entries.set(key, value, { ttl: lifetime * 1000 });
  }
}

/**
 * Estimates the memory that a JSON value takes, in bytes. Each character counts as two bytes, which
 * is twice as much as texts in Latin letters take.
 */
export function weigh(value: unknown): number {
  if (typeof value === 'string') return STRING + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let bytes = OBJECT;
  for (const part of Object.values(value)) bytes += PROPERTY + weigh(part);
  return bytes;
}
