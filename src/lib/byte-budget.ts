/** Bounds the bytes that are held at once, in total and for each holder. */
export class ByteBudget {
  readonly #total: number;
  readonly #each: number;
  readonly #held = new Map<string, number>();
  #sum = 0;

  /**
   * @param total maximum bytes of all holders
   * @param each maximum bytes of one holder
   */
  constructor({ total, each }: { total: number; each: number }) {
    this.#total = total;
    this.#each = each;
  }

  /**
   * Reserves bytes for a holder.
   *
   * @returns a function that releases them, which must be called and is idempotent; or the bound
   *   that would be exceeded
   */
  reserve(holder: string, bytes: number): (() => void) | 'total' | 'each' {
    const held = this.#held.get(holder) ?? 0;
    if (held + bytes > this.#each) return 'each';
    if (this.#sum + bytes > this.#total) return 'total';
    this.#add(holder, bytes);
    let released = false;
    return () => {
      if (!released) this.#add(holder, -bytes);
      released = true;
    };
  }

  #add(holder: string, bytes: number): void {
    this.#sum += bytes;
    const held = (this.#held.get(holder) ?? 0) + bytes;
    if (held === 0) this.#held.delete(holder);
    else this.#held.set(holder, held);
  }
}
