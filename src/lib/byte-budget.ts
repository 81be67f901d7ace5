/** Whoever holds bytes, with the maximum that it may hold at once. */
export interface Holder {
  name: string;
  most: number;
}

/** The bound that further bytes would exceed: that of a holder, or the total. */
export type Exceeded = 'each' | 'total';

/** Bytes of a {@link ByteBudget} that are held for one purpose. */
export interface Hold {
  /** Returns the bound that this many further bytes would exceed now. Reserves nothing. */
  exceeds(bytes: number): Exceeded | null;
  /** Reserves further bytes. Returns the bound that they would exceed, and then reserves nothing. */
  add(bytes: number): Exceeded | null;
  /** Releases all bytes, for good. Must be called; idempotent. */
  release(): void;
}

/** Bounds the bytes that are held at once, in total and for each holder. */
export class ByteBudget {
  readonly #total: number;
  readonly #held = new Map<string, number>();
  #sum = 0;

  /** @param total maximum bytes of all holders */
  constructor(total: number) {
    this.#total = total;
  }

  /** Begins to hold bytes, which count for each of the holders. */
  hold(holders: readonly Holder[]): Hold {
    let mine = 0;
    let isReleased = false;
    const exceeds = (bytes: number): Exceeded | null => {
      const isOver = ({ name, most }: Holder) => (this.#held.get(name) ?? 0) + bytes > most;
      if (holders.some(isOver)) return 'each';
      return this.#sum + bytes > this.#total ? 'total' : null;
    };
    return {
      exceeds,
      add: (bytes) => {
        const exceeded = exceeds(bytes);
        if (exceeded !== null || isReleased) return exceeded;
        mine += bytes;
        this.#add(holders, bytes);
        return null;
      },
      release: () => {
        isReleased = true;
        this.#add(holders, -mine);
        mine = 0;
      },
    };
  }

  #add(holders: readonly Holder[], bytes: number): void {
    this.#sum += bytes;
    for (const { name } of holders) {
      const held = (this.#held.get(name) ?? 0) + bytes;
      if (held === 0) this.#held.delete(name);
      else this.#held.set(name, held);
    }
  }
}
