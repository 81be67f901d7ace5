/** Returns the JSON of a value. */
export type Serialize = (value: Record<string, unknown>) => string;

/**
 * Keeps the JSON of values that many requests share, as long as the values themselves are kept, so
 * that each is serialized once.
 */
export class SharedJson {
  /** Versions of the API may serialize a value differently. */
  readonly #kept = new WeakMap<Serialize, WeakMap<object, Buffer>>();

  /** @param value is never changed */
  of(value: Record<string, unknown>, serialize: Serialize): Buffer {
    let kept = this.#kept.get(serialize);
    if (kept === undefined) {
      kept = new WeakMap();
      this.#kept.set(serialize, kept);
    }
    const known = kept.get(value);
    if (known !== undefined) return known;
    const json = Buffer.from(serialize(value));
    kept.set(value, json);
    return json;
  }
}
