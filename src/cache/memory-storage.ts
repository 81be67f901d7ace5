import type { StorageInterface } from 'async-cache-dedupe';
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
 *
 * @see https://github.com/mcollina/async-cache-dedupe for the interface
 */
export class MemoryStorage implements StorageInterface {
  readonly #entries: LRUCache<string, object>;

  constructor({ entries, bytes }: MemoryLimits) {
    this.#entries = new LRUCache({
      max: entries,
      maxSize: bytes,
      maxEntrySize: Math.floor(bytes * LARGEST_PART),
      sizeCalculation: (value, key) => weigh(key) + weigh(value),
    });
  }

  async get(key: string): Promise<object | undefined> {
    return this.#entries.get(key);
  }

  /** @param ttl in seconds */
  async set(key: string, value: object, ttl: number): Promise<void> {
    this.#entries.set(key, value, { ttl: ttl * 1000 });
  }

  async remove(key: string): Promise<void> {
    this.#entries.delete(key);
  }

  async clear(): Promise<void> {
    this.#entries.clear();
  }

  async exists(key: string): Promise<boolean> {
    return this.#entries.has(key);
  }

  /** Nothing asks for the time left, nor invalidates entries: their keys change instead. */
  async getTTL(): Promise<void> {}
  async invalidate(): Promise<void> {}
  async refresh(): Promise<void> {}
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
