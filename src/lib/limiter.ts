/** Bounds the number of concurrent entries; rejects further ones instead of queueing them. */
export class Limiter {
  readonly #limit: number;
  readonly #inside = new Set<string | symbol>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Returns a function to leave with, which must be called and is idempotent; null if the limiter
   * is full, or if `who` has already entered.
   */
  enter(who: string | symbol = Symbol()): (() => void) | null {
    if (this.#inside.size >= this.#limit || this.#inside.has(who)) return null;
    this.#inside.add(who);
    let left = false;
    return () => {
      if (!left) this.#inside.delete(who);
      left = true;
    };
  }
}
