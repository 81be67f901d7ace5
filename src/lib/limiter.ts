/** A place in a limiter. */
interface Place {
  who: string | symbol;
  isHeld: () => boolean;
}

/** Bounds the number of concurrent entries; rejects further ones instead of queueing them. */
export class Limiter {
  readonly #limit: number;
  readonly #each: number;
  readonly #inside = new Set<Place>();

  /** @param each the maximum number of entries of one holder */
  constructor(limit: number, each = 1) {
    this.#limit = limit;
    this.#each = each;
  }

  /**
   * Returns a function to leave with, which must be called and is idempotent; or the bound that
   * another entry would exceed: `each` if `who` has entered as often as one holder may, `total` if
   * the limiter is full.
   *
   * @param isHeld whether the entry still counts as one of `who`; it counts in total until left
   */
  enter(who: string | symbol = Symbol(), isHeld = () => true): (() => void) | 'each' | 'total' {
    if (this.#countOf(who) >= this.#each) return 'each';
    if (this.#inside.size >= this.#limit) return 'total';
    const place = { who, isHeld };
    this.#inside.add(place);
    return () => {
      this.#inside.delete(place);
    };
  }

  #countOf(who: string | symbol): number {
    return [...this.#inside].filter((place) => place.who === who && place.isHeld()).length;
  }
}
