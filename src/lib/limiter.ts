/** Lets so many in at once and turns the others away. */
export class Limiter {
  readonly #limit: number;
  readonly #inside = new Set<string | symbol>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The function that leaves again, to be called once at least; null if there is no room, or if
   * `who`, where it is given, is inside already.
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
