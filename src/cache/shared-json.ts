import { LRUCache } from 'lru-cache';

const MIB = 1024 * 1024;

/** What a process keeps at most, and the largest JSON that it keeps. */
const MAX_BYTES = 16 * MIB;
const MAX_EACH = 2 * MIB;

/** Returns the JSON of a value. */
export type Serialize = (value: Record<string, unknown>) => string;

/** Keeps the JSON of values that many requests share, so that each is serialized once. */
export class SharedJson {
  readonly #kept = new LRUCache<object, { by: Serialize; json: Buffer }>({
    maxSize: MAX_BYTES,
    maxEntrySize: MAX_EACH,
    sizeCalculation: ({ json }) => json.length,
  });

  /** @param value is never changed */
  of(value: Record<string, unknown>, serialize: Serialize): Buffer {
    const kept = this.#kept.get(value);
    // Versions of the API may serialize a value differently.
    if (kept?.by === serialize) return kept.json;
    const json = Buffer.from(serialize(value));
    this.#kept.set(value, { by: serialize, json });
    return json;
  }
}
