/** Lets so many in at once and turns the others away. */
export class Gate {
  readonly #limit: number;
  #inside = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The function that leaves again, to be called once at least; null if there is no room. */
  enter(): (() => void) | null {
    if (this.#inside >= this.#limit) return null;
    this.#inside += 1;
    let left = false;
    return () => {
      if (!left) this.#inside -= 1;
      left = true;
    };
  }
}
